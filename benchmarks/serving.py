"""The server under API calls, measured: python benchmarks/serving.py [--memory] [--clients] [--visitors]

memory    resident memory of the server over 10,000 calls, each in a session of its own, of every endpoint: codes,
          samples, walks and maps, uploads, photographs of many sizes, wrong requests, and answers that nobody fetches;
          its growth from a rest after the first 1,000 to a rest after all, and the most between
clients   64 clients for 60 s, each with a fresh session a call: sample, decode and models in turn; errors and latency,
          from the call to its answer
visitors  64 visitors for 300 s, who make the calls of all tabs as the page makes them, each a call every second or two
          (benchmarks/visitors.py): errors and latency, by tab too; the server's memory at rest after a minute of the
          same and at the end; the uploads left when all have gone

Calls go over plain HTTP, as curl makes them; the server is a process of its own on the same machine.
"""

import asyncio
import itertools
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import visitors
from common import RESULTS, Row, arguments, parse, report
from page import answered, files, server, spread
from PIL import Image

from benchmarks.tables.serving import serving
from vaedemo.ui.server.wire import data_uri

CALLS, FIRST, SECONDS, CLIENTS = 10_000, 1_000, 60, 64
VISIT, WARM = 300.0, 60.0  # seconds
REST = 20.0  # seconds until the freed memory of the last calls has gone back
LEFT = 97  # of so many calls one answer is never fetched
Call = tuple[str, Row, bytes | None]  # an endpoint, its arguments by name, the file to send as the picture


class Failed(Exception):
    """A call whose answer is an error."""


async def call(client: httpx.AsyncClient, name: str, arguments: Row, fetch: bool = True) -> Any:
    """The answer of one call of an endpoint, in a session of its own; Failed if it is an error."""
    joined = await client.post(f"gradio_api/call/v2/{name}", json=arguments)
    if joined.status_code != 200:
        raise Failed(f"{name}: {joined.status_code} {joined.text[:200]}")
    if not fetch:
        return None
    events = (await client.get(f"gradio_api/call/{name}/{joined.json()['event_id']}")).text
    event, _, data = events.strip().rsplit("event: ", 1)[-1].partition("\ndata: ")
    if event != "complete":
        raise Failed(f"{name}: {event} {data[:200]}")
    return json.loads(data)[0]


async def upload(client: httpx.AsyncClient, data: bytes) -> Row:
    """Send a file; what an endpoint takes in its place."""
    sent = await client.post("gradio_api/upload", files={"files": ("picture.bin", data)})
    sent.raise_for_status()
    return {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}


# ---- memory ------------------------------------------------------------------------------------------------------


def turns(rng: random.Random) -> Iterator[Call]:
    """Endless calls of every endpoint."""
    pictures, code = files()[:-1], [0.1] * 32  # each gets another end, so that no two are the same
    digit = data_uri(Image.new("L", (28, 28), 90))
    ink = [[0.0] * 28] * 10 + [[1.0] * 28] * 8 + [[0.0] * 28] * 10
    for n in itertools.count():
        domain = ("digits", "fashion", "objects", "shapes")[n % 4]
        d = {"objects": 32, "shapes": 10}.get(domain, 8)
        small = {"domain": domain, "kind": "vae"}
        yield "sample", {**small, "latent_dim": d, "n": rng.randint(1, 16), "seed": n}, None
        yield "decode", {**small, "z": [rng.gauss(0, 1) for _ in range(d)]}, None
        yield "reconstruct", {"kind": "pca", "latent_dim": 2}, pictures[n % len(pictures)] + n.to_bytes(4, "big")
        yield "encode", {"picture": ink, "domain": "digits", "latent_dim": 8}, None
        yield "models", {}, None
        moving = {"path": "spherical", "animation": "gif" if n % 9 == 0 else ""}
        yield "walk", {"start": code, "end": code[::-1], "domain": "digits", "steps": 5, **moving}, None
        method = ("vae", "nlm", "wavelet", "tv", "median")[n % 5]
        yield "denoise", {"picture": digit, "domain": "digits", "samples": 4, "method": method}, None
        yield "map", {"domain": "digits", "kind": "vae", "latent_dim": 2}, None
        method = ("vae", "biharmonic", "plain")[n % 3]
        yield "inpaint", {"picture": digit, "mask": ink, "domain": "digits", "samples": 4, "method": method}, None
        yield "reconstruct", {"picture": "not a picture" * 1000, "domain": "digits"}, None  # a wrong request
        if n % 10 == 0:
            yield "traverse", {"domain": "digits", "latent_dim": 32, "steps": 5, "rows": 3}, None
            yield "denoise", {"picture": photograph(rng), "domain": "photos", "sigma": 0.1}, None


def photograph(rng: random.Random) -> str:
    """Base64 of a JPEG of 64 to 384 pixels a side."""
    image = Image.effect_noise((rng.randint(64, 384), rng.randint(64, 384)), 60).convert("RGB")
    return data_uri(image)


async def work_off(
    address: str, plan: list[tuple[int, Call]], note: Callable[[], None], errors: dict[str, int], at_once: int = 8
) -> None:
    """Make the numbered calls of a plan, and call `note` after each."""

    async def one(client: httpx.AsyncClient, n: int, name: str, arguments: Row, file: bytes | None) -> None:
        wrong = name == "reconstruct" and "picture" in arguments
        problem = None
        try:
            if file is not None:
                arguments["picture"] = await upload(client, file)
            await call(client, name, arguments, fetch=n % LEFT != 0)
        except (Failed, httpx.HTTPError) as error:
            problem = str(error) or type(error).__name__
        if wrong and n % LEFT:  # it has to be refused, in the right sentence
            refused = problem and "is not a picture; choose" in problem
            problem = None if refused else problem or "a wrong request was answered"
        if problem:
            errors[problem] = errors.get(problem, 0) + 1
        note()

    numbered = iter(plan)
    async with httpx.AsyncClient(base_url=address, timeout=600) as client:

        async def worker() -> None:
            for n, (name, arguments, file) in numbered:
                await one(client, n, name, arguments, file)

        await asyncio.gather(*(worker() for _ in range(at_once)))


def measure_memory(calls: int = CALLS, first: int = FIRST, rest: float = REST) -> Row:
    with server() as (address, process):
        answered(address, patience=600)
        watched, done = psutil.Process(process.pid), itertools.count(1)
        seen: list[tuple[int, float]] = []
        errors: dict[str, int] = {}

        def resident() -> float:
            return round(watched.memory_info().rss / 1e6, 1)

        def note() -> None:
            if (now := next(done)) % max(1, calls // 20) == 0:
                seen.append((now, resident()))
                print(*seen[-1], flush=True)

        start = time.perf_counter()
        plan, at_rest = list(enumerate(itertools.islice(turns(random.Random(0)), calls))), []
        for part in (plan[:first], plan[first:]):
            asyncio.run(work_off(address, part, note, errors))
            time.sleep(rest)
            at_rest.append(resident())
        took = time.perf_counter() - start
    for text, count in errors.items():
        print(f"error, {count} times: {text}")
    return {
        "calls": calls,
        "first": first,
        "seconds": round(took),
        "megabytes_by_calls": seen,
        "megabytes_at_rest": at_rest,
        "most_megabytes": max(size for _, size in seen),
        "growth_megabytes": round(at_rest[1] - at_rest[0], 1),
        "unexpected": sum(errors.values()),
    }


# ---- clients -----------------------------------------------------------------------------------------------------


async def client_of(address: str, number: int, end: float, times: list[float], errors: list[str]) -> None:
    rng = random.Random(number)
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for n in itertools.count(number):
            if time.perf_counter() > end:
                return
            calls: tuple[tuple[str, Row], ...] = (
                ("sample", {"n": 4, "seed": n}),
                ("decode", {"z": [rng.gauss(0, 1) for _ in range(8)], "kind": "vae"}),
                ("models", {}),
            )
            name, arguments = calls[n % 3]
            start = time.perf_counter()
            try:
                await call(client, name, arguments)
                times.append(1000 * (time.perf_counter() - start))
            except (Failed, httpx.HTTPError) as error:
                errors.append(str(error) or type(error).__name__)


async def crowd(address: str, clients: int, seconds: float) -> tuple[list[float], list[str]]:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:  # models are read when first asked for
        for name, arguments in (("sample", {}), ("decode", {"z": [0.0] * 8, "kind": "vae"}), ("models", {})):
            await call(client, name, arguments)
    times: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds
    await asyncio.gather(*(client_of(address, n, end, times, errors) for n in range(clients)))
    return times, errors


def measure_clients(clients: int = CLIENTS, seconds: float = SECONDS) -> Row:
    with server() as (address, process):
        answered(address, patience=600)
        watched = psutil.Process(process.pid)
        before = sum(watched.cpu_times()[:2])
        times, errors = asyncio.run(crowd(address, clients, seconds))
        used = sum(watched.cpu_times()[:2]) - before
    for text in sorted(set(errors))[:5]:
        print("error:", text)
    return {
        "clients": clients,
        "seconds": seconds,
        **spread(times),
        "errors": len(errors),
        "server_cpu_ms_a_call": round(1000 * used / len(times), 1),
    }


# ---- visitors ----------------------------------------------------------------------------------------------------


def measure_visitors(count: int = CLIENTS, seconds: float = VISIT, warm: float = WARM, rest: float = REST) -> Row:
    with tempfile.TemporaryDirectory() as folder, server(GRADIO_TEMP_DIR=folder) as (address, process):
        answered(address, patience=600)
        watched = psutil.Process(process.pid)
        asyncio.run(visitors.each_tab(address))
        asyncio.run(visitors.crowd(address, count, warm, "warm"))
        time.sleep(rest)
        before = watched.memory_info().rss / 1e6
        log = asyncio.run(visitors.crowd(address, count, seconds, "measured"))
        left = sum(path.is_file() for path in Path(folder).rglob("*"))
        time.sleep(rest)
        after = watched.memory_info().rss / 1e6
    for (tab, text), times in Counter(log.errors).most_common():
        print(f"error, {times} times: {tab}: {text}")
    wrong = Counter(tab for tab, _ in log.errors)
    by_tab = {tab: [ms for name, ms in log.times if name == tab] for tab in ("open", *visitors.TABS)}
    return {
        "visitors": count,
        "seconds": seconds,
        **spread([ms for _, ms in log.times]),
        "errors": len(log.errors),
        "tabs": {tab: {**spread(times), "errors": wrong[tab]} for tab, times in by_tab.items() if times},
        "megabytes": [round(before, 1), round(after, 1)],
        "growth_megabytes": round(after - before, 1),
        "left": left,
    }


def main() -> None:
    parser = arguments(__doc__)
    for part in ("memory", "clients", "visitors"):
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--calls", type=int, default=CALLS, help="of --memory")
    parser.add_argument("--rest", type=float, default=REST, help="seconds until freed memory is back")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of --clients")
    parser.add_argument("--count", type=int, default=CLIENTS, help="of --visitors: how many at once")
    parser.add_argument("--visit", type=float, default=VISIT, help="of --visitors: seconds")
    parser.add_argument("--warm", type=float, default=WARM, help="of --visitors: seconds of the same before")
    args = parse(parser, calls=60, rest=0.1, seconds=2.0, count=3, visit=3.0, warm=0.0)
    parts: dict[str, Callable[[], Row]] = {
        "memory": lambda: measure_memory(args.calls, min(FIRST, args.calls // 2), args.rest),
        "clients": lambda: measure_clients(seconds=args.seconds),
        "visitors": lambda: measure_visitors(args.count, args.visit, args.warm, args.rest),
    }
    wanted = [part for part in parts if getattr(args, part)]
    path = RESULTS / "serving.json"  # the parts that are not measured anew stay
    found: Row = json.loads(path.read_text()) if path.exists() else {}
    found["load"] = round(os.getloadavg()[0], 1)
    found.pop("machine", None)
    for part in wanted or parts:
        found[part] = parts[part]()
    report("serving", found, serving(found))


if __name__ == "__main__":
    main()
