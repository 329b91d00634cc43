"""Visitors of all tabs, for benchmarks/serving.py: each makes the calls of the page's scripts, in their order.

A visitor opens the page, then again and again chooses one of TABS, has it make its calls one after another, and thinks:
1 to 2 s for each call that was made, so that each visitor makes a call every second or two, in bursts as the page makes
them. After five such acts the page is left and another visitor comes; the first come within 15 s. All is drawn from
a seed, but for the names of sessions. What takes seconds of the server, a photograph denoised or held against other
codecs or a network trained, is asked for in one act of its tab in four.
"""

import asyncio
import contextlib
import io
import random
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
from common import Row
from PIL import Image

from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.ui.server.wire import data_uri

ACTS = 5  # of a visitor before the page is left
THINKS = (1.0, 2.0)  # seconds for each call that was made
PHOTOGRAPH = (480, 320)  # pixels of an upload
COME = 15.0  # seconds within which the first visitors come
SELDOM = 0.25  # of the acts of a tab ask for what takes long
STEPS = 400  # of a job, which ends long before
# A browser sends again what met a connection that the server was just closing; here none is kept as long as that.
KEPT_ALIVE = httpx.Limits(keepalive_expiry=3.0)
RUN, POLLS = 100, 0.5  # steps of a run, and seconds between two questions about it


class Refused(Exception):
    """An answer that is an error."""


class Site(NamedTuple):
    """The page as its configuration tells it: the component of each tab (its number, its first value), and the folder
    of its files."""

    components: dict[str, tuple[int, Row]]
    files: str


class Log(NamedTuple):
    """What was asked: (tab, ms) of each answer, and the sentences of what failed, by tab."""

    times: list[tuple[str, float]]
    errors: list[tuple[str, str]]


class Visitor:
    """One open page: its session, its uploads and what is in its browser's cache."""

    def __init__(self, client: httpx.AsyncClient, site: Site, rng: random.Random, log: Log) -> None:
        self.client, self.site, self.rng, self.log = client, site, rng, log
        self.session, self.name = secrets.token_hex(6), secrets.token_hex(16)
        self.tab, self.calls = "open", 0
        self.held: list[str] = []
        self.jobs: dict[str, str] = {}  # of each tab the latest
        self.cached: set[str] = set()

    @property
    def value(self) -> Row:
        """What the tab knows before it asks."""
        return self.site.components[self.tab][1]

    def domain(self) -> str:
        """One of the tab's domains of small pictures."""
        return self.rng.choice([name for name in self.value["table"] if name != "photos"])

    def example(self, domain: str) -> Row:
        """An example of the domain, as a source."""
        return {"example": self.rng.choice(self.value["table"][domain]["examples"]), "domain": domain}

    async def timed(self, made: Awaitable[httpx.Response]) -> httpx.Response:
        """The answer of a request, its time noted; an HTTP error raises."""
        start = time.perf_counter()
        answer = await made
        self.log.times.append((self.tab, 1000 * (time.perf_counter() - start)))
        self.calls += 1
        answer.raise_for_status()
        return answer

    async def ask(self, function: str, **data: Any) -> Row:
        """The answer of one of the tab's server functions; Refused if it is an error."""
        number, _ = self.site.components[self.tab]
        body = {"data": data, "component_id": number, "fn_name": function, "session_hash": self.session}
        answer = (await self.timed(self.client.post("gradio_api/component_server/", json=body))).json()
        if "error" in answer:
            raise Refused(f"{function}: {answer['error']}")
        return answer

    async def file(self, path: str) -> None:
        """A file of the page, from the cache if it was asked for before."""
        if path not in self.cached:
            self.cached.add(path)
            await self.timed(self.client.get(f"{self.site.files}/{path}"))

    async def upload(self) -> Row:
        """Send a photograph that nobody sent before; the source that it is from now on."""
        image = example("objects", self.rng.choice(EXAMPLES["objects"])).convert("RGB").resize(PHOTOGRAPH)
        image.putpixel((self.rng.randrange(PHOTOGRAPH[0]), self.rng.randrange(PHOTOGRAPH[1])), (255, 0, 0))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=self.rng.randint(85, 95), comment=self.rng.randbytes(8))
        sent = await self.timed(self.client.post("gradio_api/upload", files={"files": ("picture", buffer.getvalue())}))
        self.held.append(sent.json()[0])
        await self.tell()
        return {"upload": self.held[-1]}

    async def tell(self) -> None:
        """Say which uploads this page holds, and which jobs end because it is left."""
        ended = [] if self.held else list(self.jobs.values())
        await self.timed(self.client.post("visit", json={"visitor": self.name, "files": self.held, "ended": ended}))

    async def leave(self) -> None:
        """Close the page."""
        self.held = []
        await self.tell()

    async def work_off(self, **begun: Any) -> str:
        """Begin a job in place of the tab's latest, and ask for its steps until it is done; its name."""
        if self.tab in self.jobs:
            await self.ask("stop", job=self.jobs.pop(self.tab))
        job = await self.ask("begin", **begun)
        self.jobs[self.tab] = job["job"]
        return await self.steps(job)

    async def steps(self, job: Row) -> str:
        """Ask for a job's steps until it is done; its name."""
        for _ in range(STEPS):
            step = await self.ask("step", job=job["job"])
            if step["done"] == step["total"]:
                return job["job"]
        raise Refused(f"a job of {job['total']} steps did not end")


# ---- the tabs ----------------------------------------------------------------------------------------------------


async def reconstruct(v: Visitor) -> None:
    """A photograph of one's own through every model, then the slider."""
    domain = v.domain()
    models = [[kind, d, 1.0] for kind, dims in v.value["table"][domain]["kinds"].items() for d in dims]
    source = await v.upload()
    picture = await v.ask("prepare", source=source, domain=domain, models=models[:1])
    for kind in v.value["table"][domain]["kinds"]:
        await v.ask("look", x=picture["x"], domain=domain, models=[m for m in models if m[0] == kind])
    for model in v.rng.sample(models, 3):
        await v.ask("look", x=picture["x"], domain=domain, models=[model])


async def latent(v: Visitor) -> None:
    """The maps and their decoders, a picture on them, a walk and a traversal."""
    domain = v.rng.choice(v.value["maps"])
    both = [["ae", 2, 1.0], ["vae", 2, 1.0]]
    for path in (
        f"maps/{domain}.json",
        f"maps/{domain}.bin",
        *(f"decoders/{domain}/{k}-2.safetensors" for k in ("ae", "vae")),
    ):
        await v.file(path)
    ends = [await v.ask("prepare", source=v.example(domain), domain=domain, models=both) for _ in range(2)]
    rows = [[kind, path] for kind in ("ae", "vae") for path in ("straight", "spherical")]
    await v.ask("walk", domain=domain, d=2, ends=[{"x": end["x"]} for end in ends], rows=rows, n=9)
    z = ends[0]["results"][1]["z"]
    await v.ask("traverse", domain=domain, kind="vae", d=2, beta=1, z=z, dims=[0, 1], n=9)


async def generate(v: Visitor) -> None:
    """Samples of every source with three seeds; arithmetic and a path between examples."""
    domain = v.domain()
    d = v.rng.choice(v.value["table"][domain]["dims"])
    for _ in range(3):
        seed = v.rng.randrange(1000)
        await v.ask("samples", domain=domain, d=d, n=16, seed=seed, temperature=1, label=None, pca=False)
    xs = [one["x"] for one in (await v.ask("examples", domain=domain))["examples"]]
    await v.ask("combine", domain=domain, d=d, xs=v.rng.sample(xs, 3))
    a, b = v.rng.sample(xs, 2)
    await v.ask("between", domain=domain, d=d, a=a, b=b, n=25, path="straight")


def damage(v: Visitor, domain: str, **more: Any) -> Row:
    """What restore(), compare() and begin() are asked with, a Gaussian noise unless `more` says another damage."""
    levels = v.value["table"][domain]["noises"]["gaussian"]
    noise = {"noise": "gaussian", "level": levels["usual"], "mask": None, "sigma": None}
    return {"domain": domain, "given": False, "seed": v.rng.randrange(1000), "n": 8, **noise, **more}


async def restored(v: Visitor, domain: str, **more: Any) -> None:
    """An example damaged and restored, then by the other methods."""
    x = (await v.ask("source", source=v.example(domain), domain=domain, given=False))["x"]
    asked = damage(v, domain, x=x, **more)
    await v.ask("restore", **asked)
    for method in [m for m in v.value["methods"] if m != "vae"]:
        await v.ask("compare", **asked, methods=[method])


async def denoise(v: Visitor) -> None:
    """A small picture; seldom a photograph of one's own."""
    if v.rng.random() < SELDOM:
        source, methods = await v.upload(), [m for m in v.value["methods"] if m not in ("vae", "plain")]
        await v.work_off(source=source, methods=methods, **damage(v, "photos", n=0))
    else:
        await restored(v, v.domain())


async def inpaint(v: Visitor) -> None:
    """A small picture of which a part is missing."""
    domain = v.domain()
    size = v.value["table"][domain]["size"]
    kind, seed = v.rng.choice(v.value["masks"]), v.rng.randrange(1000)
    mask = await v.ask("mask", kind=kind, width=size, height=size, amount=None, seed=seed)
    given = {"width": size, "height": size, "data": mask["mask"], "file": None}
    await restored(v, domain, noise=None, mask=given)


async def compress(v: Visitor) -> None:
    """A photograph of one's own compressed and kept; seldom held against other codecs too."""
    source = await v.upload()
    await v.ask("photo", source=source)
    job = await v.work_off(source=source, quality=v.rng.randint(20, 80), channels=None, refine=None, live=False)
    if v.rng.random() < SELDOM:
        beside = await v.ask("beside", job=job, measure="size")
        v.jobs["beside"] = beside["job"]
        await v.steps(beside)
    await v.ask("file", job=job, which="vae")


async def odd(v: Visitor) -> None:
    """An example and a drawing, judged."""
    domain = v.domain()
    d = v.value["table"][domain]["few"]
    await v.ask("reference", domain=domain, d=d)
    drawn = data_uri(Image.effect_noise((64, 64), v.rng.uniform(20, 90)).convert("RGB"))
    for source in (v.example(domain), {"data": drawn}):
        picture = await v.ask("picture", source=source, domain=domain)
        await v.ask("judge", domain=domain, d=d, x=picture["x"])


async def train(v: Visitor) -> None:
    """The network before its first step; seldom a short run too, asked about until it has ended."""
    asked = {"settings": v.value["usual"] | {"steps": RUN, "seed": v.rng.randrange(1000)}, "changes": []}
    asked |= {"data": "digits", "few": False}
    await v.ask("untrained", **asked)
    if v.rng.random() < SELDOM:
        run = (await v.ask("start", **asked, replay=0))["run"]
        for _ in range(STEPS):
            told = await v.ask("poll", run=run)
            if told["state"] == "failed":
                raise Refused(f"a run: {told['why']}")
            if told["state"] == "done" and not told["left"]:
                return
            await asyncio.sleep(POLLS)


async def lessons(v: Visitor) -> None:
    """A lesson's text, and the figures of its steps."""
    listed = v.rng.choice(v.value["lessons"]["en"])
    wanted = {"language": "en", "name": listed["name"]}
    await v.ask("lesson", **wanted)
    for step in range(listed["steps"]):
        await v.ask("figure", **wanted, step=step)


TABS: dict[str, Callable[[Visitor], Awaitable[None]]] = {
    "reconstruct": reconstruct,
    "latent": latent,
    "generate": generate,
    "denoise": denoise,
    "inpaint": inpaint,
    "compress": compress,
    "odd": odd,
    "train": train,
    "lessons": lessons,
    # a new tab: its row here, and above what its scripts ask for
}

# ---- all of them -------------------------------------------------------------------------------------------------


async def site_of(client: httpx.AsyncClient) -> Site:
    """What a page finds out when it is opened."""
    found = re.search("page-[0-9a-f]{12}", (await client.get("")).text)
    components = (await client.get("config")).json()["components"]
    props = {c["props"].get("elem_id"): (c["id"], c["props"].get("value")) for c in components}
    assert found is not None
    return Site({tab: props[f"vd-{tab}"] for tab in TABS}, found[0])


async def one_after_another(address: str, site: Site, seed: str, end: float, log: Log) -> None:
    """Visitors at one place, until `end`; the last of them leaves too."""
    rng = random.Random(seed)
    await asyncio.sleep(rng.uniform(0, min(COME, end - time.perf_counter())))
    while time.perf_counter() < end:
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=KEPT_ALIVE) as client:
            v = Visitor(client, site, rng, log)
            try:
                await v.timed(client.get(""))
                for _ in range(ACTS):
                    v.calls, v.tab = 0, rng.choice(list(TABS))
                    if time.perf_counter() < end:
                        await TABS[v.tab](v)
                        await asyncio.sleep(min(v.calls * rng.uniform(*THINKS), max(0, end - time.perf_counter())))
            except (Refused, httpx.HTTPError) as error:
                log.errors.append((v.tab, str(error) or type(error).__name__))
            finally:
                v.tab = "open"
                with contextlib.suppress(httpx.HTTPError):  # as a page, which hears no answer any more
                    await v.leave()


async def crowd(address: str, visitors: int, seconds: float, seed: str) -> Log:
    """So many visitors at once for so long."""
    log, end = Log([], []), time.perf_counter() + seconds
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        site = await site_of(client)
    await asyncio.gather(*(one_after_another(address, site, f"{seed}{n}", end, log) for n in range(visitors)))
    return log


async def each_tab(address: str) -> Log:
    """One visitor who makes every tab's calls: what is missing is read, and a trial tries all."""
    log = Log([], [])
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        v = Visitor(client, await site_of(client), random.Random("each tab"), log)
        for name, act in TABS.items():
            v.tab = name
            await act(v)
        await v.leave()
    return log
