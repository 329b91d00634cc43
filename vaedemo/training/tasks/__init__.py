"""What fit can learn: a task makes batches, says what their loss is, and measures a model on what was held out."""

from typing import Any

from vaedemo.configs import CODING, LOSSLESS, RESTORING, TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.data.photos import Photos
from vaedemo.training.loop import Task
from vaedemo.training.tasks.codec import Compression, RateConfig
from vaedemo.training.tasks.crops import CropConfig, Crops, SmallPictures
from vaedemo.training.tasks.epochs import Exact, Pairs, Reconstruction

__all__ = ["task_of"]


def task_of(
    model: Any,
    pictures: Pictures | Photos,
    config: TrainConfig,
    held_out: Pictures | None = None,
    crops: CropConfig | RateConfig | None = None,
    domain: str = "",
) -> Task:
    """The task of a model over Pictures, or over Photos; crops, held-out Pictures and the domain they are of are what a
    network for photographs needs besides."""
    if model.config.kind in CODING:
        assert isinstance(pictures, Photos)
        return Compression(pictures, model, crops if isinstance(crops, RateConfig) else RateConfig())
    if model.config.kind in LOSSLESS:
        assert isinstance(pictures, Pictures)
        return Exact(pictures, model, config)
    crops = crops if isinstance(crops, CropConfig) else CropConfig()
    if isinstance(pictures, Photos):
        return Crops(pictures, model, crops, config.seed)
    if model.config.kind == "photo-restore" and held_out is not None:
        return SmallPictures(pictures, held_out, domain, model, crops)
    return (Pairs if model.config.kind in RESTORING else Reconstruction)(pictures, model, config)
