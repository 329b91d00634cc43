"""Files of classifiers: as checkpoints are, in half precision with the config in the metadata."""

import os
from typing import Any

from vaedemo.models.classifier import Classifier
from vaedemo.store.checkpoints import CLASSIFIER, load_checkpoint, save_checkpoint

__all__ = ["FILE", "load_classifier", "save_classifier"]

FILE = "classifier.safetensors"


def save_classifier(
    path: str | os.PathLike[str], model: Classifier, domain: str, record: dict[str, Any] | None = None
) -> None:
    """Write a classifier in half precision with its config and a record (a dict: epochs, accuracy, hardware)."""
    save_checkpoint(path, model, domain, record, CLASSIFIER)


def load_classifier(path: str | os.PathLike[str]) -> tuple[Classifier, str, dict[str, Any]]:
    """(Classifier in evaluation mode, domain, record) of a file; every tensor has to be there and to fit."""
    return load_checkpoint(path, format=CLASSIFIER)
