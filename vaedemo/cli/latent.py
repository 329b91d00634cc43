"""Commands that move about in a latent space: walk (between two pictures or codes), traverse (one number at a time)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from vaedemo.cli.common import figures, read_picture, write_picture
from vaedemo.cli.outputs import planned, require_ending
from vaedemo.services.walk import animation, strip_image, traversal_image, traverse, walk
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.library import CHECKPOINTS, Library, encode

__all__ = ["Traverse", "Walk"]

ANIMATIONS = {".gif": "GIF", ".webp": "WEBP"}


def _numbers(text):
    """The code that a text such as "0.5,-1" names, or None if it names a file."""
    try:
        return None if Path(text).exists() else [float(part) for part in text.split(",")]
    except (ValueError, OSError):
        return None


def _codes(library, sources, domain, kind, latent_dim, beta):
    """(codes, one a source, each (D,); the ModelKey) of pictures and codes: what is left out is told by the first
    picture and the first code, and by the models that there are."""
    given, seen = [_numbers(text) for text in sources], {}
    for i, text in enumerate(sources):
        if given[i] is None:
            seen[i], domain = read_picture(text, domain, library=library)
    domain = library.domain(domain or library.modelled("digits")).name
    d = latent_dim or next((len(code) for code in given if code is not None), None)
    key = library.key(domain, kind, d, beta)
    return [encode(library, seen[i], key)[0] if i in seen else code for i, code in enumerate(given)], key


@dataclass(frozen=True)
class Walk:
    """Walk from one picture or code to another, and decode what lies between: a strip of pictures, or an animation."""

    start: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="FROM")]
    """a picture, or a code such as 0.5,-1"""
    end: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TO")]
    """a picture, or a code"""
    out: Path
    """the file to write: .gif or .webp is an animation there and back, any other picture format a strip; one that is
    there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects or shapes; proposed from the first picture if left out, digits for codes"""
    kind: str | None = None
    """ae, vae, dense or pca; if left out vae, or where a domain has none what it has"""
    latent_dim: int | None = None
    """numbers that describe a picture; if left out a code's length, or the domain's largest"""
    beta: float = 1.0
    """of a vae"""
    steps: int = 11
    """pictures, both ends included"""
    path: str = "straight"
    """straight, or spherical: on the arc about the origin"""
    seed: int = 0
    """accepted like everywhere; a walk decodes what lies on its path"""
    json: bool = False
    """print the codes and the differences between neighbouring pictures as JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        moving = ANIMATIONS.get(self.out.suffix.lower())
        require_ending(self.out)
        planned([self.out], inputs=[Path(p) for p in (self.start, self.end) if _numbers(p) is None])
        library = Library(self.checkpoints)
        ends, key = _codes(library, (self.start, self.end), self.domain, self.kind, self.latent_dim, self.beta)
        a, b = ends
        made = walk(library, a, b, key, self.steps, self.path)
        if moving:
            write_atomic(self.out, animation(made.x_hat, moving))
        else:
            write_picture(strip_image(made.x_hat), self.out)
        if self.json:
            print(json.dumps(figures(made, "x_hat"), indent=1))
            return
        print(
            f"{key.domain}, {key.kind}, {key.latent_dim} numbers: {len(made.z)} pictures on the {made.path} path; mean "
            f"squared difference of neighbours {made.step_mse.mean():.5f}, at most {made.step_mse.max():.5f}"
        )


@dataclass(frozen=True)
class Traverse:
    """Change one number of a code at a time, the most important first: a table of pictures, one row a number."""

    picture: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[PICTURE]")] = None
    """where to start: a picture, or a code such as 0.5,-1; the origin (without a prior: the mean code) if left out"""
    out: Path = tyro.MISSING
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects or shapes; proposed from the picture if left out, digits without one"""
    kind: str | None = None
    """ae, vae, dense or pca; if left out vae, or where a domain has none what it has"""
    latent_dim: int | None = None
    """numbers that describe a picture; the domain's largest if left out"""
    beta: float = 1.0
    """of a vae"""
    span: float = 3.0
    """how far to either side: sigmas of the prior, without one standard deviations of the code"""
    steps: int = 9
    """pictures in a row"""
    rows: int = 10
    """how many numbers, the most important ones"""
    seed: int = 0
    """accepted like everywhere; nothing here is random"""
    json: bool = False
    """print the values and what each number carries as JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        require_ending(self.out)
        planned([self.out], inputs=[Path(p) for p in (self.picture,) if p is not None and _numbers(p) is None])
        library = Library(self.checkpoints)
        sources = () if self.picture is None else (self.picture,)
        codes, key = _codes(library, sources, self.domain, self.kind, self.latent_dim, self.beta)
        start = codes[0] if codes else None
        made = traverse(library, start, key, span=self.span, n=self.steps, rows=self.rows)
        write_picture(traversal_image(made), self.out)
        known = made.importance
        if self.json:
            carried = {"unit": known.unit, "value": known.value[made.dims], "active": known.active[made.dims]}
            carried = {name: v if isinstance(v, str) else v.tolist() for name, v in carried.items()}
            print(json.dumps(figures(made, "x_hat", "importance") | {"carried": carried}, indent=1))
            return
        shown = ", ".join(f"z{i + 1} {known.value[i]:.3g}" for i in made.dims)
        unit = "nats" if known.unit == "nats" else "variance"
        print(f"{key.domain}, {key.kind}, {key.latent_dim} numbers, {known.active.sum()} active; {unit}: {shown}")
