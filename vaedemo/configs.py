"""Settings: frozen dataclasses that are validated when made; each field carries its help for the command line."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from vaedemo.errors import ConfigError

__all__ = [
    "CODING",
    "CONVOLUTIONAL",
    "DOMAIN_NAME",
    "KINDS",
    "LIKELIHOODS",
    "LOSSLESS",
    "ModelConfig",
    "OPTIMIZERS",
    "PHOTO_RESTORING",
    "RESTORING",
    "SCHEDULES",
    "TrainConfig",
]

DOMAIN_NAME = re.compile(r"\w[\w-]{0,39}")  # what may stand in a path, a command and an address without quotes
KINDS = ("ae", "vae", "tc-vae", "dense", "dense-vae", "pca")  # models that encode a picture and decode it
CONVOLUTIONAL = ("ae", "vae", "tc-vae")  # those of them that are built by models/blocks.py
RESTORING = ("conditional",)  # models that restore a damaged picture
PHOTO_RESTORING = ("photo-restore",)  # models that do so at any size, whose settings models.CONFIGS has
CODING = ("codec",)  # models that compress photographs of any size, whose settings models.CONFIGS has
LOSSLESS = ("lossless", "lossless-binary")  # models that code small pictures exactly, of 256 levels and of 2
LIKELIHOODS = ("bernoulli", "gaussian", "logistic")
OPTIMIZERS = ("adamw", "muon")
SCHEDULES = ("cosine", "wsd")


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def _option(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class ModelConfig:
    """One network. Its fields travel in the checkpoint's metadata, so that a file describes itself."""

    kind: str = _option("vae", "ae, vae, tc-vae (convolutional), dense, dense-vae, pca, or conditional (restores)")
    latent_dim: int = _option(2, "numbers that describe a picture")
    channels: int = _option(1, "1 for grey, 3 for colour")
    size: int = _option(28, "height and width of a picture in pixels")
    likelihood: str = _option(
        "gaussian", "of a vae: bernoulli (binarised), gaussian (a density) or logistic (8-bit levels)"
    )
    beta: float = _option(1.0, "of a vae: weight of the KL term; 1 is the ELBO")
    gamma: float = _option(0.0, "of tc-vae: weight of the total correlation, beside the ELBO")
    sigma: float = _option(0.0, "of a likelihood that has one: held at this value; 0 learns it")
    widths: tuple[int, ...] = _option((32, 32), "convolutional channels, one entry for each halving of the picture")
    blocks: int = _option(1, "residual blocks at the smallest size; one at each larger size")
    hidden: int = _option(128, "units of the dense layers beside the code (of dense kinds: of every hidden layer)")
    depth: int = _option(1, "hidden dense layers on each side of the code; 0 leaves a linear map")
    neck: int = _option(8, "channels in which the smallest feature map meets the dense layers")
    linear: bool = _option(False, "of ae, and of vae but for bernoulli: PCA, which the network corrects")
    spatial: bool = _option(False, "of ae and vae: the code is the smallest feature map, neck numbers a place")

    def __post_init__(self) -> None:
        kinds = KINDS + RESTORING
        _require(self.kind in kinds, f"no kind {self.kind!r}; choose from {', '.join(kinds)}")
        multiple = 4 if self.size <= 32 else 8
        _require(
            self.kind not in RESTORING or (len(self.widths) == 2 and self.size % multiple == 0),
            f"a {self.kind} model has two widths and a size that is a multiple of {multiple}, not {self.widths} and "
            f"{self.size}",
        )
        _require(1 <= self.latent_dim <= 4096, f"latent_dim is {self.latent_dim}; choose 1 to 4096")
        _require(self.channels in (1, 3), f"channels is {self.channels}; choose 1 (grey) or 3 (colour)")
        _require(8 <= self.size <= 256, f"size is {self.size}; choose 8 to 256")
        _require(
            self.likelihood in LIKELIHOODS,
            f"no likelihood {self.likelihood!r}; choose from {', '.join(LIKELIHOODS)}",
        )
        _require(0 <= self.beta < math.inf, f"beta is {self.beta}; choose a finite number, 0 or more")
        _require(0 <= self.gamma < math.inf, f"gamma is {self.gamma}; choose a finite number, 0 or more")
        _require(0 <= self.sigma < math.inf, f"sigma is {self.sigma}; choose a positive number, or 0 to learn it")
        _require(self.widths and min(self.widths) >= 1, f"widths is {self.widths}; give one positive number a level")
        _require(
            self.kind not in CONVOLUTIONAL or self.size % 2 ** len(self.widths) == 0,
            f"size {self.size} cannot be halved {len(self.widths)} times; choose a multiple of {2 ** len(self.widths)}",
        )
        _require(self.blocks >= 0, f"blocks is {self.blocks}; choose 0 or more")
        _require(self.hidden >= 1, f"hidden is {self.hidden}; choose 1 or more")
        _require(0 <= self.depth <= 8, f"depth is {self.depth}; choose 0 to 8")
        _require(self.neck >= 1, f"neck is {self.neck}; choose 1 or more")
        _require(
            not self.linear or self.kind == "ae" or (self.kind in CONVOLUTIONAL and self.likelihood != "bernoulli"),
            f"linear is of ae, and of vae but for bernoulli, not of {self.kind} with {self.likelihood}",
        )

        places = self.side**2
        _require(
            not self.spatial or (self.kind in CONVOLUTIONAL and self.latent_dim == self.neck * places),
            f"a spatial code is of ae and vae, here of {places} places with {self.neck} numbers each; choose kind ae "
            f"or vae, not {self.kind}, and latent_dim {self.neck * places}, not {self.latent_dim}",
        )

    @property
    def side(self) -> int:
        """Height and width of the smallest feature map of a convolutional network."""
        return self.size // 2 ** len(self.widths)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a picture."""
        return (self.channels, self.size, self.size)

    @property
    def variational(self) -> bool:
        """Whether its code is a distribution, not a point."""
        return self.kind in ("vae", "tc-vae", "dense-vae", *RESTORING)


@dataclass(frozen=True)
class TrainConfig:
    """One training run."""

    epochs: float = _option(8.0, "passes over the training pictures")
    steps: int = _option(0, "updates in all, whatever the epochs; 0: as many as the epochs take")
    batch_size: int = _option(128, "pictures a step, over all processes together")
    optimizer: str = _option("adamw", f"one of {', '.join(OPTIMIZERS)}; muon: of matrices, AdamW of all else")
    lr: float = _option(6e-3, "highest learning rate")
    schedule: str = _option("cosine", "after the warm-up: cosine (to zero), or wsd (level, then straight to zero)")
    warmup: int = _option(200, "steps over which the learning rate rises")
    cooldown: float = _option(0.3, "of wsd: share of the steps, at the end, over which the learning rate falls")
    weight_decay: float = _option(1e-4, "decoupled weight decay")
    beta2: float = _option(0.95, "decay of AdamW's mean squared gradient")
    clip: float = _option(1.0, "gradient norm above which gradients are scaled down")
    average: float = _option(0.999, "decay of the averaged weights, which are the ones kept")
    bfloat16: str = _option("auto", "auto (where the hardware has it), on or off")
    moved: float = _option(0.0, "of small pictures: share of them that is moved by a pixel, anew each time")
    flipped: float = _option(0.0, "of small pictures: share of them that is turned left to right, anew each time")
    gamma_start: float = _option(0.0, "of tc-vae: gamma at first, from where it falls straight to the model's own")
    gamma_steps: int = _option(0, "of tc-vae: steps over which it falls")
    seed: int = _option(0, "of the first weights, the order of the pictures and the noise")
    save_every: float = _option(60.0, "seconds between resumable states")
    measure_every: float = _option(300.0, "of photo-restore: seconds between measurements on held-out pictures")

    def __post_init__(self) -> None:
        _require(0 < self.epochs <= 10_000, f"epochs is {self.epochs}; choose more than 0, at most 10000")
        _require(self.steps >= 0, f"steps is {self.steps}; choose 1 or more, or 0 for what the epochs take")
        _require(1 <= self.batch_size <= 65536, f"batch_size is {self.batch_size}; choose 1 to 65536")
        _require(self.optimizer in OPTIMIZERS, f"no optimizer {self.optimizer!r}; choose from {', '.join(OPTIMIZERS)}")
        _require(0 < self.lr < 1, f"lr is {self.lr}; choose between 0 and 1, for example 0.002")
        _require(self.schedule in SCHEDULES, f"no schedule {self.schedule!r}; choose from {', '.join(SCHEDULES)}")
        _require(0 <= self.cooldown <= 1, f"cooldown is {self.cooldown}; choose 0 to 1")
        _require(0 <= self.beta2 < 1, f"beta2 is {self.beta2}; choose at least 0 and less than 1")
        _require(self.warmup >= 0, f"warmup is {self.warmup}; choose 0 or more")
        _require(0 <= self.weight_decay < math.inf, f"weight_decay is {self.weight_decay}; choose 0 or more")
        _require(self.clip > 0, f"clip is {self.clip}; choose more than 0 (inf for none)")
        _require(0 <= self.average < 1, f"average is {self.average}; choose at least 0 and less than 1")
        _require(self.bfloat16 in ("auto", "on", "off"), f"bfloat16 is {self.bfloat16!r}; choose auto, on or off")
        for name in ("moved", "flipped"):
            _require(0 <= getattr(self, name) <= 1, f"{name} is {getattr(self, name)}; choose 0 to 1")
        _require(0 <= self.gamma_start < math.inf, f"gamma_start is {self.gamma_start}; choose 0 or more")
        _require(self.gamma_steps >= 0, f"gamma_steps is {self.gamma_steps}; choose 0 or more")
        _require(0 <= self.seed < 2**31, f"seed is {self.seed}; choose 0 to {2**31 - 1}")
        for name in ("save_every", "measure_every"):
            _require(getattr(self, name) >= 0, f"{name} is {getattr(self, name)}; choose 0 or more")
