"""Checkpoints: safetensors in half precision, the config in the metadata; strict, and written whole or not at all.

Large weights of some kinds are stored as 8-bit integers with a scale a row (EIGHT_BITS): half the size, and an error of
at most a 254th of the row's largest weight.
"""

import contextlib
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from vaedemo.configs import KINDS, ModelConfig
from vaedemo.data.domains import NAME, RESERVED
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.models import CONFIGS, build_model
from vaedemo.store.key import ModelKey

__all__ = [
    "Entry",
    "RUN_FILE",
    "available",
    "decoder_bytes",
    "find",
    "load_checkpoint",
    "place",
    "save_checkpoint",
    "scan",
    "warm_start",
    "write_atomic",
]

FORMAT = "vaedemo 1"
RUN_FILE = "model.safetensors"  # a finished run's, in <domain>/<model>/
OTHERS = ("vaedemo mixtures", "vaedemo classifier")  # formats of what lies beside checkpoints
EIGHT_BITS = (
    "dense",
    "pca",
    "conditional",
    "photo-restore",
)  # kinds whose weights of LARGE numbers or more take 8 bits
LARGE = 2048
SCALE = ".scale"  # after a tensor's name: the tensor of its rows' scales


class Entry(NamedTuple):
    """One file of a checkpoints folder."""

    key: ModelKey
    path: Path
    bytes: int


def write_atomic(path, data):
    """Write bytes beside path and move them there: a full disk or a kill leaves what was there before."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):  # a name too long for the disk is too long to be removed
            part.unlink(missing_ok=True)
        if not isinstance(error, OSError):  # Ctrl+C
            raise
        raise CheckpointError(
            f"{path.name} could not be written ({error.strerror}); what was there is untouched"
        ) from None


def save_checkpoint(path, model, domain, record=None):
    """Write a model with its config and a record (a dict: training time, hardware, steps), in half precision, or in 8
    bits where EIGHT_BITS has its kind."""
    tensors = {}
    for name, value in model.state_dict().items():
        value = value.detach().to("cpu", torch.float32).contiguous()
        if model.config.kind in EIGHT_BITS and value.ndim > 1 and value.numel() >= LARGE:
            scale = (value.flatten(1).abs().amax(1) / 127).clamp(min=1e-7).half()
            rows = scale.float().view(-1, *[1] * (value.ndim - 1))
            tensors[name] = (value / rows).round().clamp(-127, 127).to(torch.int8)
            tensors[name + SCALE] = scale
        else:
            tensors[name] = value.half()
    metadata = {
        "format": FORMAT,
        "domain": domain,
        "config": json.dumps(asdict(model.config)),
        "record": json.dumps(record or {}),
    }
    write_atomic(path, save(tensors, metadata))


def _open(path):
    try:
        return safe_open(str(path), framework="pt")
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {path.name}; train it, or choose another with `python -m vaedemo list`"
        ) from None
    except (SafetensorError, OSError):
        raise CheckpointError(
            f"{path.name} is cut or no safetensors file; restore it from the repository or train it anew"
        ) from None


def _describe(file, path):
    """(domain, the model's config, record) from a file's metadata."""
    metadata = file.metadata() or {}
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is no checkpoint of this version ({FORMAT}); train it anew")
    try:
        values = json.loads(metadata["config"])
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        made = CONFIGS.get(values["kind"], ModelConfig)
        known = {f.name for f in fields(made)}
        if surplus := set(values) - known:  # one that is missing came after this file, and has its default
            raise CheckpointError(f"{path.name} was made with other settings ({', '.join(sorted(surplus))})")
        if not NAME.fullmatch(metadata["domain"]):
            raise ValueError(metadata["domain"])
        return metadata["domain"], made(**values), json.loads(metadata["record"])
    except (KeyError, TypeError, ValueError, ConfigError):
        raise CheckpointError(f"{path.name} has a damaged description; train it anew") from None


def load_checkpoint(path, device="cpu"):
    """(model in float32 and evaluation mode, domain, record) of a file; every tensor has to be there and to fit."""
    path = Path(path)
    with _open(path) as file:
        domain, config, record = _describe(file, path)
        with torch.device("meta"):  # no first weights: they would be drawn only to be replaced
            model = build_model(config)
        expected = {k: tuple(v.shape) for k, v in model.state_dict().items()}
        found = {k: tuple(file.get_slice(k).get_shape()) for k in file.keys()}  # noqa: SIM118 - not a mapping
        scales = {k: found.pop(k) for k in list(found) if k.endswith(SCALE) and k.removesuffix(SCALE) in expected}
        for name, shape in scales.items():
            if shape != expected[name.removesuffix(SCALE)][:1]:
                raise CheckpointError(f"{path.name} does not fit its own description at {name}; train it anew")
        if expected != found:
            wrong = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
            raise CheckpointError(f"{path.name} does not fit its own description at {wrong[0]}; train it anew")
        tensors = {k: file.get_tensor(k).float() for k in expected}
        for name in scales:
            whole = name.removesuffix(SCALE)
            tensors[whole] *= file.get_tensor(name).float().view(-1, *[1] * (tensors[whole].ndim - 1))
    if not all(torch.isfinite(v).all() for v in tensors.values()):
        raise CheckpointError(f"{path.name} holds weights that are not finite; train it anew")
    model.load_state_dict(tensors, strict=True, assign=True)
    model.to(device, memory_format=torch.channels_last)  # a third faster to decode on a CPU
    return model.eval().requires_grad_(False), domain, record


def decoder_bytes(path):
    """The start of a checkpoint's file, up to the last tensor of its decoder: its description, and enough to decode."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            length = file.read(8)
            header = file.read(int.from_bytes(length, "little"))
            entries = json.loads(header).items()
            end = max(entry["data_offsets"][1] for name, entry in entries if name.startswith("decoder."))
            return length + header + file.read(end)
    except FileNotFoundError:
        raise CheckpointError(f"no checkpoint {path.name}; choose another with `python -m vaedemo list`") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError):
        raise CheckpointError(f"{path.name} is no checkpoint with a decoder; restore it or train it anew") from None


def warm_start(model, path):
    """Copy every tensor of another checkpoint whose name and shape fit; the names copied. CheckpointError if none."""
    other, _, _ = load_checkpoint(path)
    mine, theirs = model.state_dict(), other.state_dict()
    fitting = {k: v for k, v in theirs.items() if k in mine and mine[k].shape == v.shape}
    if not fitting:
        raise CheckpointError(f"no weights of {Path(path).name} fit this model; start from one of the same kind")
    model.load_state_dict(fitting, strict=False)
    return sorted(fitting)


def place(folder, domain, file):
    """The path of a model's file among the checkpoints of a folder: <domain>/<file>, or where that is not there the
    finished run of it, <domain>/<model>/model.safetensors; so that a folder of runs is one of checkpoints too."""
    path = Path(folder) / domain / file
    run = path.with_suffix("") / RUN_FILE
    return run if run.is_file() and not path.is_file() else path


def scan(folder):
    """[(domain, config, path)] of every checkpoint below folder, sorted; a damaged one raises CheckpointError. Files
    that name another format of this project (mixtures, classifiers) are no checkpoints. Of a finished run that was
    published too, the run is left out."""
    found, folder = [], Path(folder)
    published = sorted(folder.glob("*/*.safetensors"))
    for path in published + sorted(folder.glob(f"*/*/{RUN_FILE}")):
        if path.name == RUN_FILE and place(folder, path.parts[-3], f"{path.parts[-2]}.safetensors") != path:
            continue
        with _open(path) as file:
            if (file.metadata() or {}).get("format", "").startswith(OTHERS):
                continue
            domain, config, _ = _describe(file, path)
        own = path.parts[-3 if path.name == RUN_FILE else -2]
        if domain not in RESERVED and NAME.fullmatch(own) and own not in RESERVED:
            domain = own  # of a domain that is not shipped the folder tells the name: it can be moved and renamed
        found.append((domain, config, path))
    return found


def available(folder, found=None):
    """Entries of every checkpoint below folder, sorted; a model that restores is not listed. found: what scan gave."""
    found = scan(folder) if found is None else found
    return sorted(
        Entry(ModelKey(domain, config.kind, config.latent_dim, config.beta), path, path.stat().st_size)
        for domain, config, path in found
        if config.kind in KINDS
    )


def find(entries, key):
    """The Entry of a ModelKey; of PCA the one with at least its components. UnknownModel says what there is."""
    fitting = [e for e in entries if e.key[:2] == key[:2]]
    for entry in fitting:
        if entry.key == key or (key.kind == "pca" and 1 <= key.latent_dim <= entry.key.latent_dim):
            return entry
    if not fitting:
        kinds = ", ".join(sorted({e.key.kind for e in entries if e.key.domain == key.domain}))
        raise UnknownModel(f"no model of kind {key.kind!r} for {key.domain}; choose from {kinds or 'none yet'}")
    have = ", ".join(f"{d}" + ("" if beta == 1 else f" (beta {beta:g})") for _, _, d, beta in (e.key for e in fitting))
    wanted = f"{key.latent_dim}" + ("" if key.beta == 1 else f" with beta {key.beta:g}")
    raise UnknownModel(f"no {key.kind} of {key.domain} with latent dimension {wanted}; there are {have}")
