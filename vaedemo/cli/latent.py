"""Commands of a model's encoder and decoder: reconstruct, walk (between two pictures or codes), traverse (one number at
a time)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from vaedemo.cli.common import OfModel, figures, write_picture
from vaedemo.cli.outputs import planned
from vaedemo.pictures.draw import to_image
from vaedemo.services.codec.small import encoded, lossless_bytes
from vaedemo.services.reconstruct import reconstruct, sheet
from vaedemo.services.walk import animation, strip_image, traversal_image, traverse, walk
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.inputs import Seen, seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, encode

__all__ = ["Reconstruct", "Traverse", "Walk"]

ANIMATIONS = {".gif": "GIF", ".webp": "WEBP"}


@dataclass(frozen=True, kw_only=True)
class Reconstruct(OfModel):
    """Send a picture through a model: input, reconstruction and error map side by side."""

    picture: tyro.conf.Positional[Path]
    """the picture: any format that Pillow reads"""
    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    only: bool = False
    """write the reconstruction alone, at its own size"""
    fit: str = "crop"
    """crop (centre square) or pad (the whole picture)"""
    polarity: str = "auto"
    """of digits and clothes: auto, keep or invert"""

    def run(self) -> None:
        planned([self.out], inputs=[self.picture])
        library = Library(self.checkpoints)
        given = seen(library, self.picture, self.domain, self.fit, self.polarity)
        key = library.key(given.row.name, self.kind, self.latent_dim, self.beta, usual="ae")
        found = reconstruct(library, given.x, key)
        write_picture(to_image(found.x_hat) if self.only else sheet(given.x, found.x_hat), self.out)
        cost, size = _cost(library, given.x, key, found.z)
        self.tell(
            figures(found, "x_hat") | cost,
            f"{key.domain}, {key.kind}, {key.latent_dim} numbers: PSNR {found.psnr:.1f} dB, SSIM {found.ssim:.2f}, MSE "
            f"{found.mse:.5f}; {size}",
        )


def _cost(library: Library, x: np.ndarray, key: ModelKey, z: np.ndarray) -> tuple[dict[str, Any], str]:
    """What the code costs as bytes beside the picture's files, as fields and in words."""
    coded, files = encoded(library, x, key, z), lossless_bytes(x)
    found: dict[str, Any] = {"picture_bytes": x.size} | {f"{name}_bytes": count for name, count in files.items()}
    beside = f"PNG {files['png']}, WebP {files['webp']}"
    if coded is None:
        return found | {
            "latent_bytes": None
        }, f"no quantiser to code the numbers with; the picture {x.size} bytes, {beside}"
    figures = {"latent_bytes": len(coded.data), "latent_bits": coded.bits, "ratio": coded.ratio}
    return found | figures | {"coded_mse": coded.mse, "coded_psnr": coded.psnr}, (
        f"rounded and coded {coded.bits:.1f} bits, {len(coded.data)} bytes of {x.size} ({coded.ratio:.0f} x smaller, "
        f"{beside}), PSNR {coded.psnr:.1f} dB"
    )


def _numbers(text: str) -> list[float] | None:
    """The code that a text such as "0.5,-1" names, or None if it names a file."""
    try:
        return None if Path(text).exists() else [float(part) for part in text.split(",")]
    except (ValueError, OSError):
        return None


@dataclass(frozen=True, kw_only=True)
class _Coded(OfModel):
    """A command that starts from pictures or codes."""

    def _planned(self, out: Path, *sources: str) -> Library:
        """The models, once all that will be written is checked; sources: pictures or codes."""
        planned([out], inputs=[Path(text) for text in sources if _numbers(text) is None])
        return Library(self.checkpoints)

    def _codes(self, library: Library, sources: Sequence[str]) -> tuple[list[Any], ModelKey]:
        """(codes, one a source, each (D,); the ModelKey) of pictures and codes: what is left out is told by the first
        picture and the first code, and by the models that there are."""
        given: list[list[float] | Seen] = []
        domain = self.domain
        for text in sources:
            code = _numbers(text)
            given.append(seen(library, text, domain) if code is None else code)
            domain = domain if isinstance(given[-1], list) else given[-1].row.name
        d = self.latent_dim or next((len(code) for code in given if isinstance(code, list)), None)
        name = library.domain(domain or library.modelled("digits")).name
        key = library.key(name, self.kind, d, self.beta)
        return [one if isinstance(one, list) else encode(library, one.x, key)[0] for one in given], key


@dataclass(frozen=True, kw_only=True)
class Walk(_Coded):
    """Walk from one picture or code to another, and decode what lies between: a strip of pictures, or an animation."""

    start: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="FROM")]
    """a picture, or a code such as 0.5,-1"""
    end: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TO")]
    """a picture, or a code"""
    out: Path
    """the file to write: .gif or .webp is an animation there and back, any other picture format a strip; one that is
    there already is replaced"""
    steps: int = 11
    """pictures, both ends included"""
    path: str = "straight"
    """straight, or spherical: on the arc about the origin"""

    def run(self) -> None:
        library = self._planned(self.out, self.start, self.end)
        (a, b), key = self._codes(library, (self.start, self.end))
        found = walk(library, a, b, key, self.steps, self.path)
        if moving := ANIMATIONS.get(self.out.suffix.lower()):
            write_atomic(self.out, animation(found.x_hat, moving))
        else:
            write_picture(strip_image(found.x_hat), self.out)
        self.tell(
            figures(found, "x_hat"),
            f"{key.domain}, {key.kind}, {key.latent_dim} numbers: {len(found.z)} pictures on the {found.path} path; "
            f"mean squared difference of neighbours {found.step_mse.mean():.5f}, at most {found.step_mse.max():.5f}",
        )


@dataclass(frozen=True, kw_only=True)
class Traverse(_Coded):
    """Change one number of a code at a time, the most important first: a table of pictures, one row a number."""

    picture: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[PICTURE]")] = None
    """where to start: a picture, or a code such as 0.5,-1; the origin (without a prior: the mean code) if left out"""
    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    span: float = 3.0
    """how far to either side: sigmas of the prior, without one standard deviations of the code"""
    steps: int = 9
    """pictures in a row"""
    rows: int = 10
    """how many numbers, the most important ones"""

    def run(self) -> None:
        sources = () if self.picture is None else (self.picture,)
        library = self._planned(self.out, *sources)
        codes, key = self._codes(library, sources)
        start = codes[0] if codes else None
        found = traverse(library, start, key, span=self.span, n=self.steps, rows=self.rows)
        write_picture(traversal_image(found), self.out)
        known, dims = found.importance, found.dims
        carried = {"unit": known.unit, "value": known.value[dims].tolist(), "active": known.active[dims].tolist()}
        shown = ", ".join(f"z{i + 1} {known.value[i]:.3g}" for i in dims)
        self.tell(
            figures(found, "x_hat", "importance") | {"carried": carried},
            f"{key.domain}, {key.kind}, {key.latent_dim} numbers, {known.active.sum()} active; {known.unit}: {shown}",
        )
