"""The command sample: pictures that a model generates, as one grid."""

from dataclasses import dataclass
from pathlib import Path

from vaedemo.cli.common import Command, write_picture
from vaedemo.cli.outputs import planned
from vaedemo.data.domains import Domain
from vaedemo.errors import ConfigError
from vaedemo.pictures.draw import grid
from vaedemo.services.generate import best_prior, generate
from vaedemo.store.library import Library

__all__ = ["Sample"]

MAX_COUNT = 10_000
SIDE = 64  # pixels to which a small picture is scaled up, without smoothing


@dataclass(frozen=True, kw_only=True)
class Sample(Command):
    """Generate pictures: codes from a prior or from a mixture fitted to the codes of training pictures, decoded."""

    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; digits if left out and there are models of them"""
    kind: str | None = None
    """ae, vae, dense or pca; if left out vae, or where a domain has none what it has"""
    latent_dim: int | None = None
    """numbers that describe a picture; the one the domain was made around if left out"""
    prior: str | None = None
    """normal, mixture (of ae and vae) or gaussian (of pca); the best there is for the kind if left out"""
    count: int = 64
    """pictures"""
    rows: int | None = None
    """of the grid; as many as make it square if left out"""
    label: str | None = None
    """one class only, by its name or number; of a mixture"""
    temperature: float = 1.0
    """spread of the codes; below 1 safer and more alike, above 1 bolder"""

    def run(self) -> None:
        if not 1 <= self.count <= MAX_COUNT:
            raise ConfigError(f"--count is {self.count}; choose 1 to {MAX_COUNT}")
        if self.rows is not None and not 1 <= self.rows <= self.count:
            raise ConfigError(f"--rows is {self.rows}; choose 1 to {self.count}, the number of pictures")
        planned([self.out])
        library = Library(self.checkpoints)
        row = library.domain(self.domain or library.modelled("digits"))
        key = library.key(row.name, self.kind, self.latent_dim)
        dims = library.dims(key.domain, key.kind)
        if not self.latent_dim and (row.anchor in dims or not dims):
            key = key._replace(latent_dim=row.anchor)
        prior, label = self.prior or best_prior(library, key.domain, key.kind), _label(self.label, row)
        samples = generate(library, key, prior, self.count, self.seed, self.temperature, label, judged=self.json)
        rows, scale = self.rows or max(1, round(self.count**0.5)), max(1, SIDE // row.shape[1])
        write_picture(grid(samples.x_hat.repeat(scale, 2).repeat(scale, 3), -(-self.count // rows)), self.out)
        said = {"domain": row.name, "kind": key.kind, "latent_dim": key.latent_dim, "prior": prior, "seed": self.seed}
        said["z"] = samples.z.tolist()
        said["classes"] = None if samples.label is None else [row.classes[i] for i in samples.label]
        said["confidence"] = None if samples.confidence is None else samples.confidence.tolist()
        of, model = "" if label is None else f" of {row.classes[label]}", f"{key.kind}, {key.latent_dim} numbers"
        self.tell(said, f"{row.name}, {model}: {self.count} samples{of} from {prior}, seed {self.seed}")


def _label(word: str | None, row: Domain) -> int | None:
    """The number of a class given by its name or number, or None."""
    if word is None or word in row.classes:
        return None if word is None else row.classes.index(word)
    if word.isdecimal() and int(word) < len(row.classes):
        return int(word)
    if not row.classes:
        raise ConfigError(f"{row.name} has no classes; leave --label out")
    raise ConfigError(f"no class {word!r} of {row.name}; choose from {', '.join(row.classes)}")
