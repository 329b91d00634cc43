"""The tab "Train": a run in a worker process, its moments as they come, and what is kept of it."""

import functools
import json
import tempfile
import threading
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS
from vaedemo.data.taught import FILE, FOLLOWED, SHEETS, Taught, drawn, read_sheet
from vaedemo.errors import CheckpointError
from vaedemo.pictures.draw import grid
from vaedemo.pictures.prepare import prepare
from vaedemo.reports.lend import lend
from vaedemo.store.checkpoints import MODEL, load_checkpoint, place, read_config, read_tensors, save_checkpoint
from vaedemo.store.maps import COLOURS
from vaedemo.training.moments import Watch
from vaedemo.training.plain import CHANGEABLE, SIZES, Change, Plain, PlainConfig
from vaedemo.training.pool import Pool
from vaedemo.training.script import packed
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import page_source
from vaedemo.ui.server.service import Service

__all__ = ["OWN", "Training", "build"]

OWN = "own"
LEAST, MOST = 20, 500  # pictures of one's own
FEW = 50  # of a sheet, where a model is to learn them by heart
MOST_CHECKPOINT = 20_000_000  # characters
NOT_KEPT = "this file was not kept in this tab, or its pictures were somebody's own; choose one that Keep downloaded"
Request = dict[str, Any]


def build(service: Service) -> Any:
    """The tab's component; a worker is made ready when it is first seen."""
    own = Training(service)
    return module_html("train", own.first_screen(), own.functions)


class Training:
    """The tab's server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service, pool: Pool | None = None) -> None:
        self.service, self.library, self.pool = service, service.library, pool or Pool()
        self.turn = threading.Semaphore(1)  # of what is looked at here, and not by a worker
        named = (self.warm, self.start, self.poll, self.tell, self.keep, self.lend, self.open, self.untrained, self.x)
        self.functions = [wire.answered(f) for f in named]

    def first_screen(self) -> Request:
        """What can be learned from, and the limits and usual values of the settings."""
        there = [name for name in SHEETS if self._sheet(name).is_file()]
        table = {
            name: {"channels": DOMAINS[name].channels, "size": DOMAINS[name].shape[1], "classes": DOMAINS[name].classes}
            for name in there
        }
        table["shapes"] = {"channels": 1, "size": 32, "classes": DOMAINS["shapes"].classes}
        table[OWN] = {"channels": 3, "size": 32, "classes": ()}
        usual = {k: v for k, v in asdict(PlainConfig()).items() if k != "changes"}
        limits = {"least": LEAST, "most": MOST, "few": FEW, "sizes": SIZES}
        return {"table": table, "usual": usual, "limits": limits, "colours": COLOURS}

    def _sheet(self, name: str) -> Path:
        return place(self.library.folder, name, FILE)

    def warm(self, request: Request) -> Request:
        """{} -> {}: have a worker ready."""
        self.pool.warm()
        return {}

    def start(self, request: Request) -> Request:
        """{"settings": fields of PlainConfig, "changes": [[step, name, value]], "data", "few": learn from FEW pictures
        alone, "xs", "size", "channels" of one's own pictures, "replay": a step before which nothing is to be seen} ->
        {"run": its name, "labels": base64 of uint8 (N,) or null, "originals": the pictures that moments give back}."""
        config = _config(request)
        taught = self._taught(request)
        replay = wire.whole(request, "replay", 0, config.steps) if "replay" in request else 0
        name = self.pool.submit(config, taught, replay)
        return {"run": name, "labels": _labels(taught), "originals": _originals(taught)}

    def _taught(self, request: Request) -> Taught:
        data = _data(request)
        if data == OWN:
            return _own(request)
        taught = _drawn() if data == "shapes" else _read(self._sheet(data), data)
        return Taught(taught.seen.rows(slice(FEW)), taught.unseen) if request.get("few") is True else taught

    def poll(self, request: Request) -> Request:
        """{"run"} -> {"state", "place": in the queue, "error", "key": why it failed, "messages": [{what it tells, and
        "codes", "map", "rows", "probe": base64}]}."""
        name = self._run(request)
        run = self.pool.look(name)
        state, said = run.state, run.said
        messages = [
            m.told | {part: wire.base64_text(data) for part, data in m.data.items()} for m in self.pool.take(name)
        ]
        left = bool(run.messages)
        told: Request = {"state": state, "place": self.pool.place(name), "messages": messages, "left": left}
        return told | ({"why": wire.sentence(said[0]), "whyKey": said[1]} if said else {})

    def tell(self, request: Request) -> Request:
        """{"run", "do": pause, go, step or stop} -> {}."""
        self.pool.tell(self._run(request), wire.choice(request, "do", ("pause", "go", "step", "stop"), None))
        return {}

    def keep(self, request: Request) -> Request:
        """{"run", "data", "few"} -> {"step", "checkpoint": base64 of a safetensors file, "script": of a ZIP file with a
        script that gives these weights and its pictures}."""
        name = self._run(request)
        learned = {"data": _data(request), "few": request.get("few") is True}
        model, step = self.pool.model(name)
        run = self.pool.look(name)
        config = PlainConfig(**{**vars(run.config), "steps": max(1, step)})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            record = {"steps": step, "classroom": asdict(config) | learned}
            save_checkpoint(path, model, "classroom", record, small=False)
            checkpoint = path.read_bytes()
        return {
            "step": step,
            "checkpoint": wire.base64_text(checkpoint),
            "script": wire.base64_text(packed(config, run.taught.seen)),
        }

    def lend(self, request: Request) -> Request:
        """{"run", "data", "step": of the weights meant, "before": what lend gave last, or null} -> {"step"} where the
        run's last weights are of another one, else besides {"domain": the name by which the other tabs know the run's
        model from now on, in place of the one before, "tabs": those that have a use for it}."""
        name, data = self._run(request), _data(request)
        model, step = self.pool.model(name)
        if request.get("step") != step:
            return {"step": step}
        before = wire.text(request, "before")
        others = {other: _read(self._sheet(other), other).unseen for other in SHEETS if other != data}
        with self.turn:
            lent = lend(self.library, model, self.pool.look(name).taught, None if data == OWN else data, others)
        self.library.lent.drop(before or "")
        restores = self.library.restores(lent.row.name)
        uses = {"latent": lent.map, "generate": True, "denoise": restores, "inpaint": restores, "odd": lent.reference}
        tabs = ["reconstruct", *(tab for tab, use in uses.items() if use)]
        return {"step": step, "domain": lent.row.name, "tabs": tabs}

    def open(self, request: Request) -> Request:
        """{"checkpoint": base64 of a file that keep gave} -> {"settings", "changes", "data", "few", "labels",
        "originals", "moment": as in poll's messages}."""
        data = wire.base64_bytes(request.get("checkpoint"), "the checkpoint", MOST_CHECKPOINT)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint.safetensors"
            path.write_bytes(data)
            kept = _kept(path)
            learned = {"data": kept.pop("data"), "few": kept.pop("few", False) is True}
            changes = kept.pop("changes", [])
            config, taught = _config({"settings": kept, "changes": changes}), self._taught(learned)
            expected = config.model_config(taught.seen.shape)
            if read_config(path) != expected:  # before anything is built: a file may describe a network of any size
                raise CheckpointError(NOT_KEPT)
            model, _, _ = load_checkpoint(path)
        run = Plain(config, taught.seen)
        run.model.load_state_dict(model.state_dict())
        run.number = config.steps
        return {"settings": kept, "changes": changes, **learned, **self._shown(run, taught)}

    def untrained(self, request: Request) -> Request:
        """As start takes -> {"labels", "originals", "moment"} of the network before its first step."""
        config, taught = _config(request), self._taught(request)
        return self._shown(Plain(config, taught.seen), taught)

    def _shown(self, run: Plain, taught: Taught) -> Request:
        with self.turn:
            moment = Watch(run, taught).moment(None)
        parts = {name: wire.base64_text(getattr(moment, name)) for name in ("codes", "map", "rows", "probe")}
        return {"labels": _labels(taught), "originals": _originals(taught), "moment": moment.told | parts}

    def x(self, request: Request) -> Request:
        """{"source", "size", "channels"} -> {"x"}: a file as a picture to learn from, the centre square of it."""
        size, channels = _shape(request)
        with self.service.decoders_turn:
            found = prepare(page_source(self.service, request.get("source")), channels=channels, size=size)
        return {"x": wire.pack(found.x)}

    @staticmethod
    def _run(request: Request) -> str:
        name = wire.text(request, "run")
        if not name:
            raise wire.RequestError("run has to be the name that start gave")
        return name


def _kept(path: Path) -> dict[str, Any]:
    """What a checkpoint's metadata tells of the run that it was kept of."""
    try:
        kept = json.loads(read_tensors(path, MODEL, []).metadata["record"])["classroom"]
        if kept["data"] in (*SHEETS, "shapes"):
            return kept
    except (KeyError, TypeError, ValueError):
        pass
    raise CheckpointError(NOT_KEPT)


def _data(request: Request) -> str:
    return wire.choice(request, "data", [*SHEETS, "shapes", OWN], "digits")


def _labels(taught: Taught) -> str | None:
    return None if taught.seen.y is None else wire.base64_text(taught.seen.y.byte().numpy().tobytes())


def _originals(taught: Taught) -> str:
    return wire.data_uri(grid(taught.followed().numpy(), FOLLOWED, gap=0), lossless=True)


def _shape(request: Request) -> tuple[int, int]:
    size, channels = request.get("size"), request.get("channels")
    if size not in SIZES or channels not in (1, 3):
        raise wire.RequestError(f"size has to be one of {', '.join(map(str, SIZES))}, channels 1 or 3")
    return size, channels


def _own(request: Request) -> Taught:
    """Pictures of one's own: all are learned from, so that there is nothing unseen to judge by."""
    (size, channels), xs = _shape(request), request.get("xs")
    if not isinstance(xs, list) or not LEAST <= len(xs) <= MOST:
        raise wire.RequestError(f"xs has to be a list of {LEAST} to {MOST} pictures")
    length, pictures = channels * size * size, []
    for x in xs:
        data = wire.base64_bytes(x, "a picture of xs", length * 3 // 2 + 4)
        if len(data) != length:
            raise wire.RequestError(f"a picture of this size is {length} bytes, this one {len(data)}")
        pictures.append(np.frombuffer(data, np.uint8).reshape(channels, size, size))
    x = torch.from_numpy(np.stack(pictures))
    return Taught(Pictures(x), Pictures(x[:0]))


def _config(request: Request) -> PlainConfig:
    """The PlainConfig of a request, its values checked for type."""
    given, changes = request.get("settings"), request.get("changes", [])
    if not isinstance(given, dict) or not isinstance(changes, list):
        raise wire.RequestError("settings has to be an object, changes a list")
    types = {f.name: type(f.default) for f in fields(PlainConfig) if f.name != "changes"}
    unknown = sorted(set(given) - set(types))
    if unknown:
        raise wire.RequestError(f"there is no setting {unknown[0]!r}; choose from {', '.join(types)}")
    values = {name: _typed(name, value, types[name]) for name, value in given.items()}
    found = []
    for change in changes:
        if not isinstance(change, list) or len(change) != 3 or change[1] not in CHANGEABLE:
            raise wire.RequestError(f"a change is [step, one of {', '.join(CHANGEABLE)}, value]")
        step, name, value = change
        found.append(Change(_typed("the step of a change", step, int), name, _typed(name, value, types[name])))
    return PlainConfig(**values, changes=tuple(found))


def _typed(name: str, value: Any, kind: type) -> Any:
    if kind is str and isinstance(value, str) and len(value) <= 20:
        return value
    if kind is float and wire.is_number(value) and abs(value) <= 1e30:
        return float(value)
    if kind is int and wire.is_number(value) and value % 1 == 0 and abs(value) <= 2**53:
        return int(value)
    raise wire.RequestError(f"{name} has to be {'a text' if kind is str else 'a number'}")


@functools.cache
def _drawn() -> Taught:
    return drawn()


@functools.lru_cache(maxsize=4)
def _read(path: Path, name: str) -> Taught:
    return read_sheet(path, DOMAINS[name].shape, len(DOMAINS[name].classes))
