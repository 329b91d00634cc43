"""A small convolutional classifier a domain, trained here: its features and its confidence measure generated samples.

No network is downloaded for it. The 64 numbers before its last layer take the place of Inception's in the Frechet
distance, precision and recall; figures on them compare models of one domain, and not with figures published elsewhere.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vaedemo import runtime
from vaedemo.checkpoints import write_atomic
from vaedemo.configs import TrainConfig
from vaedemo.domains import get_domain
from vaedemo.errors import CheckpointError, ConfigError, NotFinite, TrainingError
from vaedemo.training import learning_rate, require_one_process

__all__ = [
    "Classifier",
    "ClassifierConfig",
    "ClassifierRecipe",
    "FEATURES",
    "FILE",
    "Judgement",
    "TrainingStep",
    "accuracy",
    "build_classifier",
    "classifier_recipe",
    "fit_classifier",
    "judge",
    "load_classifier",
    "save_classifier",
]

FILE = "classifier.safetensors"
FORMAT = "vaedemo classifier 1"
FEATURES = 64
EPOCHS = {"digits": 6.0, "objects": 12.0, "shapes": 4.0}  # 8 elsewhere
BATCH = 500  # pictures judged at a time
SHIFT = 0.07  # of a picture's side, by which it is moved at random while training


@dataclass(frozen=True)
class ClassifierConfig:
    """One network: pictures (channels, size, size); widths: channels, one entry for each halving of the picture."""

    channels: int = 1
    size: int = 28
    classes: int = 10
    widths: tuple[int, ...] = (32, 64)

    def __post_init__(self):
        if not (self.channels in (1, 3) and self.size >= 8 and self.classes >= 2 and self.widths):
            raise ConfigError(f"{self} makes no classifier; give 1 or 3 channels, 8 pixels and 2 classes or more")


class Judgement(NamedTuple):
    """What a classifier says of pictures: features (N, 64) and probabilities (N, classes), float32."""

    features: Tensor
    probabilities: Tensor


class TrainingStep(NamedTuple):
    """Where a training run stands; loss is the cross entropy in nats."""

    step: int
    steps: int
    loss: float
    seconds: float


def _convolution(before, after, kernel=3, stride=1):
    return [
        nn.Conv2d(before, after, kernel, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    ]


class _Residual(nn.Module):
    """x + two convolutions. He et al. 2016."""

    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(*_convolution(width, width), *_convolution(width, width))

    def forward(self, x):
        return x + self.inner(x)


class Classifier(nn.Module):
    """(B, C, S, S) in [0, 1] -> logits (B, classes): strided convolutions, a residual block at every size but the
    smallest, the mean of 64 features over the positions, then one linear layer."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        layers, before = [], config.channels
        for i, width in enumerate(config.widths):
            layers += _convolution(before, width, 4 if i == 0 else 3, stride=2)
            layers += [_Residual(width)] if i < len(config.widths) - 1 else _convolution(width, FEATURES)
            before = width
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(FEATURES, config.classes)

    def features(self, x):
        """The 64 numbers before the last layer, (B, 64), none of them negative."""
        return self.body(x - 0.5)

    def forward(self, x):
        return self.head(self.features(x))


class ClassifierRecipe(NamedTuple):
    """How a domain's classifier is made; mirrored: whether its pictures may be seen in a mirror while training."""

    model: ClassifierConfig
    train: TrainConfig
    mirrored: bool


def classifier_recipe(domain, seed=0):
    """The ClassifierRecipe of the classifier that is shipped for a domain."""
    row = get_domain(domain)
    widths = (32, 64) if row.size < 64 else (16, 32, 64)
    model = ClassifierConfig(row.channels, row.size, len(row.classes), widths)
    train = TrainConfig(epochs=EPOCHS.get(domain, 8.0), batch_size=128, lr=4e-3, weight_decay=0.02, seed=seed)
    return ClassifierRecipe(model, train, mirrored=row.strokes != "digits")


def build_classifier(config, seed=0):
    """A new Classifier; the same seed gives the same first weights."""
    with torch.random.fork_rng(devices=[]):  # PyTorch's initialisers draw from the global generator only
        torch.manual_seed(seed)
        return Classifier(config)


def _augmented(x, generator, mirrored):
    """Pictures moved by up to SHIFT of their side, the edge repeated, and half of them mirrored where that is told."""
    n, _, height, width = x.shape
    reach = max(1, round(SHIFT * height))
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    down, right = torch.randint(0, 2 * reach + 1, (2, n), generator=generator)
    rows, columns = down[:, None] + torch.arange(height), right[:, None] + torch.arange(width)
    if mirrored:
        flipped = torch.rand(n, generator=generator) < 0.5
        columns[flipped] = columns[flipped].flip(1)
    moved = padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return moved.permute(0, 3, 1, 2)


def fit_classifier(model, pictures, config, *, mirrored=False):
    """Train model in place on labelled Pictures; yields a TrainingStep every 20 steps and at the end. Order and
    augmentation come from config.seed. Afterwards the model is in evaluation mode."""
    if pictures.y is None:
        raise TrainingError("these pictures have no classes; a classifier needs an array y beside x")
    require_one_process("a classifier")
    batch = min(config.batch_size, len(pictures))
    per_epoch = len(pictures) // batch
    steps = max(1, round(config.epochs * per_epoch))
    half = config.bfloat16 == "on" or (config.bfloat16 == "auto" and runtime.bfloat16_available(torch.device("cpu")))
    model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=config.weight_decay, fused=True)
    start, total = time.monotonic(), 0.0
    for step in range(steps):
        epoch, within = divmod(step, per_epoch)
        if within == 0:
            order = torch.randperm(len(pictures), generator=runtime.generator("classifier", config.seed, epoch))
        rows = order[within * batch : (within + 1) * batch]
        x = _augmented(pictures[rows], runtime.generator("shift", config.seed, step), mirrored)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = model(x)
        loss = F.cross_entropy(logits.float(), pictures.y[rows])
        total += loss.item()
        if not torch.isfinite(loss):
            raise NotFinite(f"the loss is {loss.item()} at step {step}; try a lower lr than {config.lr:g}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, config)
        optimizer.step()
        if (step + 1) % 20 == 0 or step + 1 == steps:
            count = (step % 20) + 1
            yield TrainingStep(step + 1, steps, total / count, time.monotonic() - start)
            total = 0.0
    model.eval().requires_grad_(False)


@torch.no_grad()
def judge(model, x):
    """Judgement of pictures x, float32 (N, C, H, W) in [0, 1]."""
    features = torch.cat([model.features(part) for part in x.split(BATCH)]) if len(x) else x.new_zeros(0, FEATURES)
    return Judgement(features, model.head(features).softmax(1))


def accuracy(model, pictures):
    """Share of labelled Pictures whose most probable class is their own."""
    right = 0
    for first in range(0, len(pictures), BATCH):
        rows = slice(first, first + BATCH)
        right += (judge(model, pictures[rows]).probabilities.argmax(1) == pictures.y[rows]).sum().item()
    return right / len(pictures)


def save_classifier(path, model, domain, record=None):
    """Write a classifier in half precision with its config and a record (a dict: epochs, accuracy, hardware)."""
    tensors = {
        k: v.detach().to(torch.float16).contiguous()
        for k, v in model.state_dict().items()
        if not k.endswith("num_batches_tracked")
    }
    metadata = {
        "format": FORMAT,
        "domain": domain,
        "config": json.dumps(asdict(model.config)),
        "record": json.dumps(record or {}),
    }
    write_atomic(path, save(tensors, metadata))


def load_classifier(path):
    """(Classifier in evaluation mode, domain, record) of a file; every tensor has to be there and to fit."""
    path = Path(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {k: file.get_tensor(k).float() for k in file.keys()}  # noqa: SIM118 - not a mapping
        if metadata.get("format") != FORMAT:
            raise CheckpointError(f"{path.name} is no classifier of this version ({FORMAT}); train it anew")
        values = json.loads(metadata["config"])
        model = Classifier(ClassifierConfig(**(values | {"widths": tuple(values["widths"])})))
        missing, surplus = model.load_state_dict(tensors, strict=False)
        missing = [k for k in missing if not k.endswith("num_batches_tracked")]
        if missing or surplus or not all(torch.isfinite(v).all() for v in tensors.values()):
            raise ValueError("tensors")
        domain, record = metadata["domain"], json.loads(metadata["record"])
    except FileNotFoundError:
        raise CheckpointError(
            f"no {path.name} in {path.parent.name}; make it with `python -m vaedemo derive --only classifier`"
        ) from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError, ConfigError):
        raise CheckpointError(f"{path.name} is damaged; restore it from the repository or train it anew") from None
    return model.to(memory_format=torch.channels_last).eval().requires_grad_(False), domain, record
