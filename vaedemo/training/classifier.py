"""How a domain's classifier is trained."""

import time
from typing import NamedTuple

import torch
import torch.nn.functional as F

from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data.domains import get_domain
from vaedemo.errors import NotFinite, TrainingError
from vaedemo.models.classifier import ClassifierConfig
from vaedemo.training.loop import learning_rate, require_one_process

__all__ = ["ClassifierRecipe", "TrainingStep", "classifier_recipe", "fit_classifier"]

EPOCHS = {"digits": 6.0, "objects": 12.0, "shapes": 4.0}  # 8 elsewhere


SHIFT = 0.07  # of a picture's side, by which it is moved at random while training


class TrainingStep(NamedTuple):
    """Where a training run stands; loss is the cross entropy in nats."""

    step: int
    steps: int
    loss: float
    seconds: float


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
