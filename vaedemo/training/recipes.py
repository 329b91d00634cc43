"""RECIPES: all that ships in checkpoints/, a row a file, as it was really trained; `train --all` does it again."""

from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

from vaedemo.configs import CODING, CONVOLUTIONAL, LOSSLESS, RESTORING, ModelConfig, TrainConfig
from vaedemo.data.domains import DOMAINS, SIZED, get_domain
from vaedemo.errors import UnknownModel
from vaedemo.models.classifier import ClassifierConfig
from vaedemo.models.describe import cost
from vaedemo.models.entropy import CodecConfig
from vaedemo.models.finder import FinderConfig
from vaedemo.models.hierarchical import PhotoConfig
from vaedemo.models.lossless import LosslessConfig
from vaedemo.store.checkpoints import CLASSIFIER, FINDER, MIXTURES, QUANTISERS
from vaedemo.store.key import RESTORER, ModelKey
from vaedemo.training.tasks.codec import RateConfig
from vaedemo.training.tasks.crops import CropConfig

__all__ = [
    "RECIPES",
    "Recipe",
    "Stage",
    "classifier_recipe",
    "finder_recipe",
    "mirrored",
    "ordered",
    "recipe",
    "restoring_config",
]

PICTURES = {"objects": 50_000}  # in the training set; 60,000 elsewhere
BATCH, LR = 128, 6e-3  # smaller steps at a higher rate than the usual 256 at 0.002: chosen on short runs
CLASSIFIER_EPOCHS = {"digits": 6.0, "objects": 12.0, "shapes": 4.0}  # 8 elsewhere
FINDER_EPOCHS = {"shapes": 4.0}  # 6 elsewhere


class Stage(NamedTuple):
    """One run of the loop, and what the crops of photographs are like in it."""

    train: TrainConfig
    crops: CropConfig | RateConfig | None = None


class Recipe(NamedTuple):
    """A file to train: <domain>/<file>; the network's config (None: mixtures or quantisers of the codes of what is
    there); the runs that led to it, each from the weights of the one before; the file its first weights come from (or
    None); whether pictures of the training set are held out, by which it was chosen."""

    domain: str
    file: str
    model: Any
    stages: tuple[Stage, ...] = ()
    start: str | None = None
    hold_out: bool = False

    @property
    def path(self) -> str:
        """Its place among the checkpoints."""
        return f"{self.domain}/{self.file}"

    @property
    def name(self) -> str:
        return self.file.removesuffix(".safetensors")

    @property
    def train(self) -> TrainConfig:
        """How its last run went."""
        return self.stages[-1].train

    @property
    def kind(self) -> str:
        """The model's kind, classifier, finder, mixtures or quantisers."""
        return getattr(self.model, "kind", self.name)

    @property
    def cost(self) -> float:
        """Multiply-accumulates of the run of an autoencoder or a VAE: forward once, backward twice; 0 of others."""
        if self.kind == "pca" or not isinstance(self.model, ModelConfig):
            return 0
        seen = (s.train.steps * BATCH or PICTURES.get(self.domain, 60_000) * s.train.epochs for s in self.stages)
        return 3 * cost(self.model) * sum(seen)


# How a network for photographs is trained: level, then down, so that a run can be gone on with.
PHOTO = TrainConfig(
    steps=24_000, lr=2e-3, schedule="wsd", warmup=300, cooldown=0.3, beta2=0.98, clip=0.5, save_every=90.0
)


def restoring_config(channels: int, size: int) -> ModelConfig:
    """The ModelConfig of a network that restores small pictures."""
    return ModelConfig("conditional", 32, channels, size, widths=(32, 48), hidden=96, neck=6)


def _conditional(domain: str, *epochs: float) -> Recipe:
    row = get_domain(domain)
    stages = tuple(Stage(TrainConfig(epochs=e, batch_size=BATCH, lr=3e-3)) for e in epochs)
    return Recipe(domain, RESTORER, restoring_config(row.channels, row.shape[1]), stages)


RESTORERS = {
    r.domain: r
    for r in (
        _conditional("digits", 10, 12),
        _conditional("fashion", 10, 12),
        _conditional("shapes", 5),
        # Then more of holes. At the time of the first run, holes were not filled by a biharmonic surface before yet.
        Recipe(
            "photos",
            RESTORER,
            PhotoConfig(),
            (
                Stage(PHOTO, CropConfig()),
                Stage(replace(PHOTO, steps=9_000, lr=1e-3, cooldown=0.5), CropConfig(hole_steps=2, kl_warmup=300)),
            ),
        ),
        Recipe(
            "objects",
            RESTORER,
            PhotoConfig(temperature=0.5),
            (Stage(replace(PHOTO, steps=4_500, lr=3e-4, cooldown=0.7), CropConfig(honest=0.5, kl_warmup=1)),),
            start=f"photos/{RESTORER}",
        ),
    )
}


COMPRESS = TrainConfig(
    steps=12_000,
    lr=1e-3,
    schedule="wsd",
    warmup=500,
    cooldown=0.25,
    weight_decay=0.0,
    clip=10.0,
    average=0.9995,
    save_every=300.0,
    measure_every=3600.0,
)
COMPRESSING = Recipe(
    "photos",
    "codec.safetensors",
    CodecConfig(),
    (
        Stage(COMPRESS, RateConfig()),
        Stage(replace(COMPRESS, steps=10_200, cooldown=0.2), RateConfig(crops=(7, 192))),
        Stage(replace(COMPRESS, steps=11_000), RateConfig(crops=(4, 256))),
    ),
)


def _exact(domain: str, kind: str, epochs: float, clip: float, moved: float = 0.0, runs: int = 1) -> Recipe:
    """runs: how often it is trained for so many epochs, each time from the weights before."""
    train = TrainConfig(epochs=epochs, batch_size=128, lr=2e-3, weight_decay=0.0, clip=clip, moved=moved)
    return Recipe(domain, f"{kind}.safetensors", LosslessConfig(kind), (Stage(train),) * runs)


# Exact VAEs for bits back.
EXACT = (
    _exact("digits", "lossless", 14, 1000.0, moved=0.7, runs=3),
    _exact("digits", "lossless-binary", 16, 50.0),
    _exact("fashion", "lossless", 14, 1000.0),
)


def classifier_recipe(domain: str) -> Recipe:
    """The Recipe of a domain's classifier."""
    row, epochs = get_domain(domain), CLASSIFIER_EPOCHS.get(domain, 8.0)
    size = row.shape[1]
    widths = (32, 64) if size < 64 else (16, 32, 64)
    train = TrainConfig(epochs=epochs, batch_size=128, lr=4e-3, weight_decay=0.02, beta2=0.999, clip=inf, average=0.0)
    model = ClassifierConfig(row.channels, size, len(row.classes), widths)
    return Recipe(domain, CLASSIFIER.file, model, (Stage(train),))


def finder_recipe(domain: str) -> Recipe:
    """The Recipe of the network that finds damage in a domain's pictures, from the weights of the one that restores
    them; of objects, whose is of another kind, from scratch."""
    channels, size, _ = get_domain(domain).shape
    start = f"{domain}/{RESTORER}" if RESTORERS[domain].kind in RESTORING else None
    train = TrainConfig(epochs=FINDER_EPOCHS.get(domain, 6.0), batch_size=BATCH, lr=2e-3)
    return Recipe(domain, FINDER.file, FinderConfig(channels, size), (Stage(train),), start)


def mirrored(domain: str) -> bool:
    """Whether a domain's pictures are seen in a mirror too while its classifier is trained."""
    return get_domain(domain).strokes != "digits"


def recipe(domain: str, kind: str, latent_dim: int, beta: float = 1.0) -> Recipe:
    """The Recipe of one model of a domain; of what restores, whatever its kind is called, the domain's own.

    A domain's anchor dimension is trained from scratch, as are the smallest ones, whose codes are organised otherwise;
    the other dimensions and betas start from the anchor's weights wherever the shapes fit, and so need fewer epochs.
    """
    if kind in CODING and domain == COMPRESSING.domain:
        return COMPRESSING
    if kind in LOSSLESS:
        for r in EXACT:
            if (r.domain, r.kind) == (domain, kind):
                return r
        raise UnknownModel(f"no {kind} of {domain}; there are {', '.join(f'{r.kind} of {r.domain}' for r in EXACT)}")
    if domain in DOMAINS.keys() - SIZED.keys() or kind == "photo-restore":
        return RESTORERS[domain]
    if kind in RESTORING:
        found = RESTORERS.get(domain)
        return found if found and found.kind == kind else _conditional(domain, 8)
    row = get_domain(domain)
    model, start = row.model_config(kind, latent_dim, beta), None
    compared = beta != 1 and row.beta_sigma  # with beta 1, which had nothing to start from
    own = row.runs_of(kind, latent_dim, beta)
    anchored = not own and kind in ("ae", "vae") and row.anchor and latent_dim > row.scratch
    if anchored and (latent_dim, beta) != (row.anchor, 1.0) and not compared:
        start = f"{domain}/{ModelKey(domain, kind, row.anchor).file}"
    train = TrainConfig(epochs=row.epochs_of(kind, latent_dim, beta), batch_size=BATCH, lr=LR)
    stages = tuple(Stage(replace(train, **fields)) for fields in own or ({},))
    return Recipe(domain, ModelKey(domain, kind, latent_dim, beta).file, model, stages, start, bool(own))


def _of(domain: str) -> list[Recipe]:
    """All that ships of a domain."""
    if domain not in SIZED:
        return [RESTORERS[domain], COMPRESSING]
    row = get_domain(domain)
    found = [recipe(domain, "pca", max(row.latent_dims))]
    found += [recipe(domain, "dense", d) for d in row.dense_dims]
    found += [recipe(domain, kind, d) for kind in CONVOLUTIONAL for d in row.dims_of(kind)]
    found += [recipe(domain, "vae", d, beta) for d, betas in row.betas.items() for beta in betas]
    found += [r for r in EXACT if r.domain == domain]
    codes = [Recipe(domain, file, None) for file in (MIXTURES.file, QUANTISERS.file)]
    return [*found, RESTORERS[domain], classifier_recipe(domain), finder_recipe(domain), *codes]


RECIPES = tuple(r for domain in DOMAINS for r in _of(domain))


def ordered(domains: list[str] | None = None) -> list[Recipe]:
    """The RECIPES of the named domains (all by default), each after the one it starts from: autoencoders and VAEs first
    and the cheapest of them first, then classifiers, mixtures and quantisers, what restores, and what finds damage; and
    what is needed of others."""
    wanted = [r for r in RECIPES if domains is None or r.domain in domains]
    late = {CLASSIFIER.file: 1, MIXTURES.file: 2, QUANTISERS.file: 2, RESTORER: 3, FINDER.file: 4}
    late |= {r.file: 3 for r in (*EXACT, COMPRESSING)}
    wanted.sort(key=lambda r: (late.get(r.file, 0), 0 if r.file in late else r.cost))
    there, found = {r.path for r in RECIPES} - {r.path for r in wanted}, []
    while wanted:
        ready = next(r for r in wanted if r.start is None or r.start in there)
        wanted.remove(ready)
        found.append(ready)
        there.add(ready.path)
    return found
