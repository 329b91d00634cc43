"""DOMAINS: one row a domain. A row says what its pictures are, which models are trained for it, and for how long.

Photographs are a domain without a size: what is trained, mapped and drawn at one size iterates over SIZED. Domains that
a folder of checkpoints brings along (own_domain) are known to its Library, and to nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vaedemo.configs import CONVOLUTIONAL, DOMAIN_NAME, ModelConfig
from vaedemo.data.damage import NOISES
from vaedemo.errors import ConfigError, UnknownDomain

__all__ = ["DOMAINS", "Damages", "Domain", "SIZED", "checked_name", "get_domain", "own_domain"]


@dataclass(frozen=True)
class Damages:
    """What a network that restores was trained for, and what a picture opens with: {noise: (weakest, strongest, usual
    level)}, levels as damage.NOISES counts them; a mask of damage.MASKS; the strongest noise's standard deviation;
    how many pixels a hole is deep, from its middle to what is known, None where any hole was learnt; how many
    samples the page offers, how many are drawn if nothing is chosen, and at most."""

    noises: dict[str, tuple[float, float, float]] = field(
        default_factory=lambda: {k: (n.weakest, n.strongest, n.usual) for k, n in NOISES.items()}
    )
    mask: str = "left"
    strongest: float = 1.0
    hole: int | None = None
    samples: tuple[int, ...] = (1, 4, 8, 16)
    usual_samples: int = 8
    most_samples: int = 16

    def opening(self, level: float) -> "Damages":
        """The same with another usual level of Gaussian noise."""
        low, high, _ = self.noises["gaussian"]
        return replace(self, noises=self.noises | {"gaussian": (low, high, level)})


@dataclass(frozen=True)
class Domain:
    """A kind of pictures, values in [0, 1]: square ones of a size, or of any size (None), which are only restored."""

    name: str
    channels: int
    size: int | None
    source: str
    licence: str
    classes: tuple[str, ...] = ()
    likelihood: str = "gaussian"
    latent_dims: tuple[int, ...] = ()
    widths: tuple[int, ...] = (16, 32)
    strokes: str | None = None  # "digits" or "clothes": light strokes on dark, and how they are trimmed and centred
    mirrors: tuple[tuple[int, ...], ...] = ((),)  # axes of (B, C, H, W) along which it turned is of the domain too
    dense_dims: tuple[int, ...] = ()
    hidden: int = 128
    betas: dict[int, tuple[float, ...]] = field(default_factory=dict)  # latent dimension -> betas besides 1
    dims: dict[str, tuple[int, ...]] = field(default_factory=dict)  # kind -> those that it has of latent_dims, not all
    # Kind -> passes over the pictures: "usual" ones, and those of a latent dimension or of the "beta" models.
    epochs: dict[str, dict[int | str, float]] = field(default_factory=dict)
    anchor: int = 0  # the latent dimension whose weights the others start from
    special: dict[str, dict[str, Any]] = field(default_factory=dict)  # dim, kind or kind-dim -> its config's own fields
    # Kind or kind-dim -> own fields of its runs' TrainConfigs, one after another. Such a kind was chosen on pictures
    # held out of the training set, and starts from scratch.
    runs: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    beta_sigma: float = 0.0  # of the VAEs whose beta is not 1: their likelihood's sigma, held; 0 learns it
    damages: Damages = field(default_factory=lambda: Damages().opening(0.5))
    scratch: int = 0  # latent dimensions up to this one are trained from scratch all the same
    like: str | None = None  # of a model that a visitor trained: the domain whose pictures it learned from

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a picture of one size."""
        assert self.size is not None, f"{self.name} are of any size"
        return (self.channels, self.size, self.size)

    def model_config(self, kind: str, latent_dim: int, beta: float = 1.0) -> ModelConfig:
        """The ModelConfig that is shipped for this kind and latent dimension."""
        config = ModelConfig(
            kind=kind,
            latent_dim=latent_dim,
            channels=self.channels,
            size=self.shape[1],
            likelihood=self.likelihood if kind.endswith("vae") else "gaussian",
            beta=float(beta),
            widths=self.widths,
            hidden=512 if kind.startswith("dense") else max(self.hidden, 2 * latent_dim),
        )
        if kind not in CONVOLUTIONAL:
            return config
        own: dict[str, Any] = {}
        for name in (str(latent_dim), kind, f"{kind}-{latent_dim}"):
            own |= self.special.get(name, {})
        config = replace(config, **own)
        return config if beta == 1 else replace(config, sigma=self.beta_sigma)

    def dims_of(self, kind: str) -> tuple[int, ...]:
        """The latent dimensions that a kind has; of tc-vae none but what the row names."""
        return self.dims.get(kind, () if kind == "tc-vae" else self.latent_dims)

    def runs_of(self, kind: str, latent_dim: int, beta: float = 1.0) -> tuple[dict[str, Any], ...]:
        """Own fields of a model's runs' TrainConfigs; none of a model that was not chosen on held-out pictures."""
        if beta != 1 or kind not in self.runs:
            return ()
        return tuple(self.runs[kind][0] | own for own in self.runs.get(f"{kind}-{latent_dim}", self.runs[kind]))

    def epochs_of(self, kind: str, latent_dim: int, beta: float = 1.0) -> float:
        """Passes over the training set for one model."""
        own = self.epochs.get(kind, {})
        return own.get("beta" if beta != 1 else latent_dim, own.get("usual", 8.0))


_ROWS = (
    Domain(
        name="digits",
        channels=1,
        size=28,
        classes=tuple("0123456789"),
        likelihood="bernoulli",
        latent_dims=(2, 4, 8, 16, 32, 64),
        source="MNIST (LeCun, Cortes, Burges)",
        licence="CC BY-SA 3.0",
        strokes="digits",
        hidden=160,
        dense_dims=(2, 8, 32),
        betas={32: (0.25, 4.0, 16.0)},
        epochs={
            "dense": {"usual": 12},
            "vae": {"usual": 8, 2: 12, 4: 12, 32: 30, 64: 24, "beta": 5},
        },
        anchor=32,
        # Two numbers have much to unfold; one model shows how likely digits can be made.
        special={
            "ae": {"widths": (32, 64), "blocks": 2, "neck": 16},
            "ae-2": {"widths": (16, 32), "blocks": 1, "neck": 8, "depth": 3},
            "ae-4": {"depth": 2},
            "vae-2": {"depth": 3},
            "vae-64": {"hidden": 512},
        },
        runs={
            "ae": ({"optimizer": "muon", "lr": 0.005, "steps": 4000},),
            "ae-2": ({"steps": 6000},),
            "ae-4": ({"steps": 5000},),
        },
        scratch=4,
    ),
    Domain(
        name="fashion",
        channels=1,
        size=28,
        classes=("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        latent_dims=(2, 4, 8, 16, 32, 64),
        source="Fashion-MNIST (Xiao, Rasul, Vollgraf 2017)",
        licence="MIT",
        likelihood="logistic",
        strokes="clothes",
        special={
            "ae": {"widths": (32, 64), "blocks": 2, "neck": 16},
            "ae-2": {"widths": (16, 32), "blocks": 1, "neck": 8, "depth": 3},
            "ae-4": {"blocks": 1, "neck": 8, "depth": 2},
            "ae-64": {"blocks": 1, "neck": 8},
            "vae-2": {"depth": 3},
            "vae-4": {"depth": 2},
        },
        runs={
            "ae": ({"optimizer": "muon", "lr": 0.005, "steps": 4000},),
            "ae-2": ({"steps": 6000},),
            "ae-4": ({"steps": 4500},),
            "vae": ({"optimizer": "muon", "lr": 0.005, "steps": 3500},),
            "vae-2": ({"steps": 4500},),
        },
        anchor=32,
    ),
    Domain(
        name="objects",
        channels=3,
        size=32,
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        latent_dims=(2, 8, 32, 128, 512),
        dims={"vae": (2, 8, 32, 128)},
        source="CIFAR-10 (Krizhevsky 2009)",
        licence="none stated: trained on, no picture of it is shipped",
        likelihood="logistic",
        mirrors=((), (3,)),
        damages=Damages().opening(0.25),
        # A hundred numbers come near a linear code: PCA is hard to beat, and so where these networks begin.
        special={
            "vae": {"widths": (32, 64), "neck": 16, "depth": 0, "linear": True},
            "vae-2": {"widths": (16, 32), "neck": 8, "depth": 2, "linear": False},
            "ae": {"widths": (48, 96), "blocks": 2, "neck": 16, "depth": 0, "linear": True},
            "ae-2": {"widths": (16, 32), "blocks": 1, "neck": 8, "depth": 2, "linear": False},  # drawn under a pointer
            "ae-512": {"widths": (48, 96, 128), "neck": 32, "spatial": True},
        },
        runs={
            "vae": ({"optimizer": "muon", "lr": 0.004, "steps": 3500, "flipped": 0.5},),
            "vae-2": ({"steps": 2500},),
            "vae-8": ({"steps": 2500},),
            "ae": ({"optimizer": "muon", "lr": 0.004, "steps": 4000, "flipped": 0.5},),
            "ae-8": ({"steps": 2500},),
            "ae-128": ({"steps": 4000}, {"lr": 0.002, "steps": 2500}),
            "ae-512": ({"steps": 3500},),
        },
        anchor=32,
    ),
    Domain(
        name="shapes",
        channels=1,
        size=64,
        classes=("square", "ellipse", "heart"),
        latent_dims=(2, 5, 10),
        mirrors=((), (3,), (2,), (2, 3)),
        source="generated by vaedemo.shapes, after the idea of dSprites (Matthey et al. 2017)",
        licence="MIT, as this project",
        widths=(8, 16, 32),
        # The sigma that beta 1 learned, held, and as many epochs from scratch: so that beta alone differs. A sigma that
        # is learned along shrinks until beta hardly matters.
        betas={10: (4.0, 16.0, 256.0, 1024.0)},
        # Gamma falls, so that place and size have an axis each before others want a say (docs/LOG.md).
        special={"tc-vae": {"sigma": 0.1, "gamma": 40.0}},
        dims={"tc-vae": (10,)},
        runs={
            "tc-vae": (
                {
                    "optimizer": "muon",
                    "lr": 0.005,
                    "batch_size": 256,
                    "steps": 2000,
                    "gamma_start": 9600.0,
                    "gamma_steps": 1000,
                },
            ),
        },
        beta_sigma=0.0193,
        epochs={"ae": {"usual": 3, 10: 4}, "vae": {"usual": 2, 10: 6, "beta": 6}},
        anchor=10,
    ),
    Domain(
        name="photos",
        channels=3,
        size=None,
        source="CID22 (Sneyers et al. 2023) and CLIC (Toderici et al. 2020) to train, Kodak to measure only",
        licence="CID22 CC BY-SA 4.0, CLIC Unsplash licence",
        # Noise up to 75 of 255 levels and holes up to 48 pixels wide (photos.damage, damage.photo_mask). Salt and
        # pepper is filled as holes are, of which up to 80 % of the pixels were learnt. Neither a blur nor JPEG was.
        damages=Damages(
            noises={
                "gaussian": (0.02, 0.29, 0.1),
                "salt_and_pepper": (0.02, 0.7, 0.2),
                "speckle": (0.05, 0.4, 0.2),
                "poisson": (0.02, 0.3, 0.1),
            },
            mask="text",
            strongest=75 / 255,
            hole=24,
            samples=(1, 4),  # each takes 12 bytes a pixel
            usual_samples=4,
            most_samples=8,
        ),
    ),
)
DOMAINS = {row.name: row for row in _ROWS}
SIZED = {name: row for name, row in DOMAINS.items() if row.size}  # those that models with a code are of
RESERVED = (*DOMAINS, "maps")  # folders beside the checkpoints that have a meaning already


def get_domain(name: "str | Domain | None", known: Mapping[str, Domain] = SIZED) -> Domain:
    """The row of this name among the known ones, a mapping; a row is its own. UnknownDomain says which there are."""
    if isinstance(name, Domain):
        return name
    try:
        return known[str(name)]
    except KeyError:
        raise UnknownDomain(f"no domain {name!r}; choose from {', '.join(known)}") from None


def checked_name(name: object) -> str:
    """A name fit for a domain of one's own; ConfigError otherwise."""
    if not isinstance(name, str) or not DOMAIN_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a domain; take up to 40 letters, digits, - and _")
    if name.casefold() in RESERVED:
        raise ConfigError(f"the name {name!r} is taken; choose another one for pictures of your own")
    return name


def own_domain(name: str, configs: Sequence[ModelConfig]) -> Domain:
    """The row of a domain that only its models describe: their ModelConfigs, all of one shape."""
    shapes = sorted({config.shape for config in configs})
    if len(shapes) > 1:
        said = " and ".join(f"{h} x {w} in {'grey' if c == 1 else 'colour'}" for c, h, w in shapes)
        raise ConfigError(f"the models of {name} are of pictures {said}; keep each kind under a name of its own")
    dims = {kind: sorted({c.latent_dim for c in configs if c.kind == kind}) for kind in {c.kind for c in configs}}
    config = next((c for c in configs if c.kind in ("vae", "ae")), configs[0])
    return Domain(
        name=name,
        channels=config.channels,
        size=config.size,
        classes=(),
        likelihood=config.likelihood,
        latent_dims=tuple(sorted({d for found in dims.values() for d in found})),
        source="pictures of your own",
        licence="yours",
        widths=config.widths,
        hidden=config.hidden,
        anchor=max(dims.get("vae") or dims.get("ae") or [0]),
    )
