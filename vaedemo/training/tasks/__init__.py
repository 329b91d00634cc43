"""What fit can learn: a task makes batches, says what their loss is, and measures a model on what was held out."""

from typing import Any

from torch import nn

from vaedemo.configs import RESTORING, TrainConfig
from vaedemo.training.tasks.crops import CropConfig, Crops, SmallPictures
from vaedemo.training.tasks.epochs import Pairs, Reconstruction

__all__ = ["task_of"]


def task_of(
    model: nn.Module,
    pictures: Any,
    config: TrainConfig,
    held_out: Any = None,
    crops: CropConfig | None = None,
    domain: str | None = None,
) -> Any:
    """The task of a model over Pictures, or over Photos; crops, held-out Pictures and the domain they are of are what a
    network for photographs needs besides."""
    kind = model.config.kind
    if kind == "photo-restore":
        if domain is None or held_out is None:
            return Crops(pictures, model, crops or CropConfig(), config.seed)
        return SmallPictures(pictures, held_out, domain, model, crops or CropConfig())
    return (Pairs if kind in RESTORING else Reconstruction)(pictures, model, config)
