"""Small pictures to a .vae file and back without loss: which model fits them, and what each step costs."""

import hashlib
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.configs import LOSSLESS
from vaedemo.errors import CheckpointError, CodecError
from vaedemo.models.lossless import Lossless
from vaedemo.services.codec import bitsback, squeeze
from vaedemo.services.codec.container import Pictures, pack_pictures, unpack
from vaedemo.store.library import Library

__all__ = ["MOST", "Progress", "Shown", "Stacked", "compress", "decompress", "shown"]

MOST = 99_999  # pictures of a file
MANY, BATCH = 64, 8  # from so many pictures on, so many are coded at a time
LOOK = 50  # pictures that the model is chosen by
DOMAINS = ("digits", "fashion")


class Stacked(NamedTuple):
    """data: the file; domain and kind: the model that it was written with."""

    data: bytes
    domain: str
    kind: str


class Progress(NamedTuple):
    """Pictures that are done, of all; the Step that was taken; with the last the result."""

    done: int
    total: int
    step: bitsback.Step | None
    result: Stacked | None = None


def _levels(x: np.ndarray, kind: str) -> np.ndarray:
    """Pictures uint8 as a kind codes them: black and white as 0 and 1."""
    return (x > 0).astype(np.uint8) if kind == LOSSLESS[1] else x


@torch.no_grad()
def _nats(model: Lossless, x: np.ndarray) -> float:
    """-ELBO of some pictures in nats a picture."""
    eps = torch.randn(len(x), model.config.latent_dim, generator=runtime.generator("lossless", 0))
    return model.terms(torch.tensor(x)[:, None], eps).loss.item()


def _models(library: Library, kinds: tuple[str, ...]) -> dict[tuple[str, str], tuple[Lossless, bytes]]:
    names = [(domain, kind) for domain in DOMAINS for kind in kinds if library.has_exact(domain, kind)]
    found = {name: library.exact(*name) for name in names}
    if not found:
        raise CheckpointError("there is no lossless model; train one with --domain digits --kind lossless")
    return found


def compress(library: Library, x: np.ndarray) -> Generator[Progress]:
    """Progress of pictures uint8 (N, 28, 28), by the model under which the first ones are likeliest; the last has the
    result. Black and white ones (0 and 255) have models of their own."""
    size, total = x.shape[1:], len(x)
    if not 1 <= total <= MOST:
        raise CodecError(f"{total} pictures were given; give 1 to {MOST:,}.")
    white = bool(np.isin(x, (0, 255)).all())
    models = _models(library, LOSSLESS[::-1] if white else LOSSLESS[:1])
    fitting = {key: m for key, m in models.items() if (m[0].config.size,) * 2 == size}
    if not fitting:
        raise CodecError(f"the pictures are {size[1]} x {size[0]} pixels; the lossless models take 28 x 28.")
    if white:  # a model of two levels beats one of 256 wherever there is one
        fitting = {key: m for key, m in fitting.items() if key[1] == LOSSLESS[1]} or fitting
    (domain, kind), (model, identity) = min(
        fitting.items(), key=lambda item: _nats(item[1][0], _levels(x[:LOOK], item[0][1]))
    )
    batch, done = BATCH if total >= MANY else 1, 0
    yield Progress(0, total, None)
    coding = bitsback.encode(model, _levels(x, kind), batch)
    while True:
        try:
            step = next(coding)
        except StopIteration as end:
            data = pack_pictures(identity, total, batch, end.value)
            break
        done += step.pictures
        if done < total:
            yield Progress(done, total, step)
    yield Progress(total, total, step, Stacked(data, domain, kind))


def decompress(library: Library, file: Pictures, name: str = "This file") -> Generator[np.ndarray]:
    """Pictures uint8 (B, 28, 28) of a file, some at a time."""
    if not (1 <= file.count <= MOST and file.batch):
        raise CodecError(f"{name} is damaged; get another copy of it.")
    for (_, kind), (model, identity) in _models(library, LOSSLESS).items():
        if identity == file.model:
            for some in bitsback.decode(model, file.payload, file.count, file.batch):
                yield some * np.uint8(255 if kind == LOSSLESS[1] else 1)
            return
    raise CodecError(f"{name} was written with another model; open it with the version that wrote it.")


class Shown(NamedTuple):
    """A step of showing how pictures are coded and come back, of all: pictures that it was about (first to last,
    last); what pushing them took, or the pictures uint8 (B, H, W) that came back; with the last step the file,
    what others make of the same pictures in bytes, and SHA-256 of the pixels before and after."""

    done: int
    total: int
    first: int = 0
    last: int = 0
    step: bitsback.Step | None = None
    back: np.ndarray | None = None
    result: Stacked | None = None
    others: dict[str, int] | None = None
    hashes: tuple[str, str] | None = None


def shown(library: Library, x: np.ndarray) -> Generator[Shown]:
    """Pictures uint8 (N, 28, 28) pushed as compress does, from the last to the first, and popped again."""
    count, white = len(x), bool(np.isin(x, (0, 255)).all())
    yield Shown(0, 2 * count)
    pushed, result = 0, None
    for progress in compress(library, x):
        if progress.done > pushed:
            first, last = count - progress.done, count - pushed
            pushed, result = progress.done, progress.result
            yield Shown(pushed, 2 * count, first, last, progress.step)
    assert result is not None
    file, popped, back = unpack(result.data), 0, []
    assert isinstance(file, Pictures)
    for some in decompress(library, file):
        back.append(some)
        popped += len(some)
        found = Shown(count + popped, 2 * count, popped - len(some), popped, back=some)
        if popped < count:
            yield found
    others = {name: size(x) for name, size in squeeze.rivals(white).items()}
    before, after = (hashlib.sha256(a.tobytes()).hexdigest() for a in (x, np.concatenate(back)))
    yield found._replace(result=result, others=others, hashes=(before, after))
