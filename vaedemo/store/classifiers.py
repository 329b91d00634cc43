"""Files of classifiers: half precision, the config in the metadata."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from vaedemo.errors import CheckpointError, ConfigError
from vaedemo.models.classifier import Classifier, ClassifierConfig
from vaedemo.store.checkpoints import write_atomic

__all__ = ["FILE", "load_classifier", "save_classifier"]

FILE = "classifier.safetensors"


FORMAT = "vaedemo classifier 1"


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
