"""Files of tensors: one writer and one reader of safetensors, strict, and written whole or not at all; and checkpoints.

A checkpoint has a model in half precision, its config in the metadata. Large weights of some kinds are stored as 8-bit
integers with a scale a row (EIGHT_BITS): half the size, and an error of at most a 254th of the row's largest weight.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vaedemo.configs import CODING, CONVOLUTIONAL, DOMAIN_NAME, KINDS, LOSSLESS, PHOTO_RESTORING, RESTORING, ModelConfig
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.store.key import ModelKey

__all__ = [
    "CHECKPOINTS",
    "CLASSIFIER",
    "Entry",
    "FINDER",
    "Format",
    "MIXTURES",
    "MODEL",
    "QUANTISERS",
    "RUN_FILE",
    "STRANGENESS",
    "Stored",
    "available",
    "decoder_bytes",
    "find",
    "load_checkpoint",
    "place",
    "read_config",
    "read_tensors",
    "save_checkpoint",
    "scan",
    "warm_start",
    "weights_hash",
    "write_atomic",
    "write_tensors",
]


class Format(NamedTuple):
    """What a file holds: its mark in the metadata, the word for it, what to say where it is missing ({file}, {folder}),
    how to get it again, and its name where a domain has one such file."""

    mark: str
    what: str
    missing: str
    again: str
    file: str = ""


class Stored(NamedTuple):
    """A file that was read: metadata, the names of all its tensors, sorted, and those tensors that were asked for."""

    metadata: dict[str, str]
    names: list[str]
    tensors: dict[str, np.ndarray]


class Entry(NamedTuple):
    """One model of a checkpoints folder: the name of it, its file, how large that is, and the model's config."""

    key: ModelKey
    path: Path
    bytes: int
    config: Any = None


MODEL = Format(
    "vaedemo 1",
    "checkpoint",
    "no checkpoint {file}; train it, or choose another with `python -m vaedemo list`",
    "train it anew",
)
CLASSIFIER = Format(
    "vaedemo classifier 1",
    "classifier",
    "no {file} in {folder}; make it with `python -m vaedemo derive --only classifier`",
    "train it anew",
    "classifier.safetensors",
)
MIXTURES = Format(
    "vaedemo mixtures 1",
    "mixtures",
    "no {file} of {folder}; make it with `python -m vaedemo derive --only mixtures`",
    "derive it anew",
    "mixtures.safetensors",
)
QUANTISERS = Format(
    "vaedemo quantisers 1",
    "quantisers",
    "no {file} of {folder}; make it with `python -m vaedemo derive --only quantisers`",
    "derive it anew",
    "quantisers.safetensors",
)
STRANGENESS = Format(
    "vaedemo strangeness 1",
    "scores of known and foreign pictures",
    "no {file} of {folder}; make it with `python -m vaedemo derive --only strangeness`",
    "derive it anew",
    "strangeness.safetensors",
)
FINDER = Format(
    "vaedemo finder 1",
    "finder of damage",
    "no {file} of {folder}; make it with `python -m vaedemo derive --only finder`",
    "train it anew",
    "finder.safetensors",
)
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
RUN_FILE = "model.safetensors"  # a finished run's, in <domain>/<model>/
# Marks of what lies beside checkpoints, of every version.
OTHERS = tuple(f"vaedemo {word}" for word in ("mixtures", "classifier", "quantisers", "strangeness", "finder"))
# Kinds whose weights of LARGE numbers or more take 8 bits, but for those that a model calls precise.
EIGHT_BITS = (*CONVOLUTIONAL, "dense", "pca", "conditional", "finder", "photo-restore", *CODING, *LOSSLESS)
LARGE = 2048
SCALE = ".scale"  # after a tensor's name: the tensor of its rows' scales
COUNTER = "num_batches_tracked"  # ends the names of tensors of nn.BatchNorm2d that are of use to training alone


def write_atomic(path: str | os.PathLike[str], data: bytes) -> None:
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


def write_tensors(
    path: str | os.PathLike[str], format: Format, tensors: Mapping[str, np.ndarray], domain: str, **told: Any
) -> None:
    """Write tensors as a safetensors file of a Format; what is told besides goes into the metadata as JSON."""
    metadata = {"format": format.mark, "domain": domain} | {name: json.dumps(value) for name, value in told.items()}
    write_atomic(path, save({k: np.asarray(v, order="C") for k, v in tensors.items()}, metadata))


def read_tensors(path: str | os.PathLike[str], format: Format | None, names: Iterable[str] | None = None) -> Stored:
    """What a safetensors file of a Format (None: of any) holds, with the tensors of these names that are there, all by
    default. CheckpointError where it is missing, cut or of another format."""
    path, kind = Path(path), format or MODEL
    try:
        with safe_open(str(path), framework="np") as file:
            metadata, have = file.metadata() or {}, sorted(file.keys())
            wanted = have if names is None else [name for name in names if name in have]
            tensors = {name: file.get_tensor(name) for name in wanted}
    except FileNotFoundError:
        raise CheckpointError(kind.missing.format(file=path.name, folder=path.parent.name)) from None
    except (SafetensorError, OSError, TypeError, AttributeError):  # the last two of types that NumPy has not
        remedy = f"restore it from the repository or {kind.again}"
        raise CheckpointError(f"{path.name} is cut or damaged, or no safetensors file; {remedy}") from None
    if format:
        _require(path, metadata, format)
    return Stored(metadata, have, tensors)


def _require(path: Path, metadata: Mapping[str, str], format: Format) -> None:
    if metadata.get("format") != format.mark:
        raise CheckpointError(f"{path.name} is no {format.what} of this version ({format.mark}); {format.again}")


def save_checkpoint(
    path: str | os.PathLike[str],
    model: Any,
    domain: str,
    record: dict[str, Any] | None = None,
    format: Format = MODEL,
    small: bool = True,
) -> None:
    """Write a model with its config and a record (a dict: training time, hardware, steps), in half precision, or in 8
    bits where it is to be small and EIGHT_BITS has its kind."""
    config = model.config
    small = small and getattr(config, "kind", None) in EIGHT_BITS
    tensors: dict[str, np.ndarray] = {}
    precise, exact = getattr(model, "precise", ()), _exact(model) if small else {}
    for name, value in model.state_dict().items():
        values = value.detach().float().cpu().numpy()
        if name.endswith(COUNTER):
            continue
        if name in exact or (small and values.ndim > 1 and values.size >= LARGE and name not in precise):
            tensors[name], tensors[name + SCALE] = _eight_bits(values, exact.get(name))
        else:
            tensors[name] = values.astype(np.float16)
    write_tensors(path, format, tensors, domain, config=asdict(model.config), record=record or {})


def _exact(model: Any) -> dict[str, np.ndarray]:
    """{name: the step of each row, float32 (N,)} of weights that are rounded to 8 bits when they are used."""
    from vaedemo.models.entropy import ExactConv

    layers = [(f"{name}.weight", layer) for name, layer in model.named_modules() if isinstance(layer, ExactConv)]
    return {name: np.exp2(-layer.exponents().flatten().float().numpy()) for name, layer in layers}


def _eight_bits(values: np.ndarray, scale: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(int8 like values (N, ...), float16 (N,)): the values are the integers times the scales of their rows, which are
    chosen where they are not given."""
    if scale is None:
        scale = np.maximum(np.abs(values).reshape(len(values), -1).max(1) / np.float32(127), np.float32(1e-7))
    scale = scale.astype(np.float16)
    whole = np.floor(values / _by_row(scale, values) + np.float32(0.5))
    return whole.clip(-127, 127).astype(np.int8), scale


def _by_row(scale: np.ndarray, values: np.ndarray) -> np.ndarray:
    return scale.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))


def _settings(path: Path, metadata: Mapping[str, str], format: Format) -> tuple[str, Any, dict[str, Any]]:
    """(domain, the model's config, record) from a file's metadata."""
    _require(path, metadata, format)
    try:
        values = json.loads(metadata["config"])
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        config = _config_class(format, values)
        known = {f.name for f in fields(config)}
        if surplus := set(values) - known:  # one that is missing came after this file, and has its default
            raise CheckpointError(f"{path.name} was made with other settings ({', '.join(sorted(surplus))})")
        if not DOMAIN_NAME.fullmatch(metadata["domain"]):
            raise ValueError(metadata["domain"])
        return metadata["domain"], config(**values), json.loads(metadata["record"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError):
        raise CheckpointError(f"{path.name} has a damaged description; {format.again}") from None


def _config_class(format: Format, values: Mapping[str, Any]) -> Any:
    if format is MODEL and values["kind"] in (*KINDS, *RESTORING):
        return ModelConfig
    from vaedemo.models import CONFIGS

    return CONFIGS.get(values["kind"], ModelConfig) if format is MODEL else _classes(format)[0]


def _classes(format: Format) -> tuple[Any, Any]:
    """(config, network) of what a domain has one file of."""
    from vaedemo.models.classifier import Classifier, ClassifierConfig
    from vaedemo.models.finder import Finder, FinderConfig

    return {CLASSIFIER: (ClassifierConfig, Classifier), FINDER: (FinderConfig, Finder)}[format]


def load_checkpoint(path: str | os.PathLike[str], format: Format = MODEL) -> tuple[Any, str, dict[str, Any]]:
    """(model in float32 and evaluation mode, domain, record) of a file; every tensor has to be there and to fit."""
    import torch  # what only lists models does without it

    from vaedemo.models import build_model

    path, stored = Path(path), read_tensors(path, format)
    domain, config, record = _settings(path, stored.metadata, format)
    with torch.device("meta"):  # no first weights: they would be drawn only to be replaced
        model: Any = build_model(config) if format is MODEL else _classes(format)[1](config)
    state = model.state_dict()
    tensors = _fitting(path, stored.tensors, {k: tuple(v.shape) for k, v in state.items() if not k.endswith(COUNTER)})
    if not all(np.isfinite(v).all() for v in tensors.values()):
        raise CheckpointError(f"{path.name} holds weights that are not finite; {format.again}")
    counters = {k: torch.tensor(0) for k in state if k.endswith(COUNTER)}
    model.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()} | counters, strict=True, assign=True)
    model.to(memory_format=torch.channels_last)  # a third faster to decode on a CPU
    return model.eval().requires_grad_(False), domain, record


def _fitting(
    path: Path, stored: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """float32 tensors of these names and shapes; CheckpointError where a file has others."""
    scales = {k: v for k, v in stored.items() if k.endswith(SCALE) and k.removesuffix(SCALE) in expected}
    found = {k: v.shape for k, v in stored.items() if k not in scales}
    wrong = [k for k, v in scales.items() if v.shape != expected[k.removesuffix(SCALE)][:1]]
    wrong += sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
    if wrong:
        raise CheckpointError(f"{path.name} does not fit its own description at {wrong[0]}; train it anew")
    tensors = {k: stored[k].astype(np.float32) for k in expected}
    for name, scale in scales.items():
        whole = tensors[name.removesuffix(SCALE)]
        whole *= _by_row(scale, whole)
    return tensors


def decoder_bytes(path: str | os.PathLike[str]) -> bytes:
    """The start of a checkpoint's file, up to the last tensor that decoding needs; its description is there too."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            length = file.read(8)
            header = file.read(int.from_bytes(length, "little"))
            entries = json.loads(header).items()
            end = max(entry["data_offsets"][1] for name, entry in entries if name.startswith(("decoder.", "log_sigma")))
            return length + header + file.read(end)
    except FileNotFoundError:
        raise CheckpointError(f"no checkpoint {path.name}; choose another with `python -m vaedemo list`") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError):
        raise CheckpointError(f"{path.name} is no checkpoint with a decoder; restore it or train it anew") from None


def weights_hash(path: str | os.PathLike[str]) -> bytes:
    """SHA-256 of the weights in a checkpoint's file, whatever is told of them."""
    data = Path(path).read_bytes()
    return hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).digest()


def warm_start(model: Any, path: str | os.PathLike[str]) -> list[str]:
    """Copy every tensor of another checkpoint whose name and shape fit; the names copied. CheckpointError if none."""
    other, _, _ = load_checkpoint(path)
    mine, theirs = model.state_dict(), other.state_dict()
    fitting = {k: v for k, v in theirs.items() if k in mine and mine[k].shape == v.shape}
    if not fitting:
        raise CheckpointError(f"no weights of {Path(path).name} fit this model; start from one of the same kind")
    model.load_state_dict(fitting, strict=False)
    return sorted(fitting)


def place(folder: str | os.PathLike[str], domain: str, file: str) -> Path:
    """The path of a model's file among the checkpoints of a folder: <domain>/<file>, or where that is not there the
    finished run of it, <domain>/<model>/model.safetensors; so that a folder of runs is one of checkpoints too."""
    path = Path(folder) / domain / file
    run = path.with_suffix("") / RUN_FILE
    return run if run.is_file() and not path.is_file() else path


def scan(folder: str | os.PathLike[str]) -> list[Entry]:
    """Entries of every checkpoint below folder that describes pictures or restores those of a small domain, in the
    order of the files; a damaged one raises CheckpointError. Files that name another format of this project (mixtures,
    quantisers, classifiers) are no checkpoints. Of a finished run that was published too, the run is left out."""
    found, folder = [], Path(folder)
    if folder.exists() and not folder.is_dir():
        raise CheckpointError(f"{folder.name} is a file; give the folder that holds the models")
    published = sorted(folder.glob("*/*.safetensors"))
    for path in published + sorted(folder.glob(f"*/*/{RUN_FILE}")):
        if path.name == RUN_FILE and place(folder, path.parts[-3], f"{path.parts[-2]}.safetensors") != path:
            continue
        metadata = read_tensors(path, None, ()).metadata
        photo = any(
            f'"kind": "{kind}"' in metadata.get("config", "") for kind in (*PHOTO_RESTORING, *CODING, *LOSSLESS)
        )
        if photo or metadata.get("format", "").startswith(OTHERS):
            continue
        domain, config, _ = _settings(path, metadata, MODEL)
        own = path.parts[-3 if path.name == RUN_FILE else -2]
        domain = domain if own == domain else _moved(domain, own)
        key = ModelKey(domain, config.kind, config.latent_dim, config.beta)
        found.append(Entry(key, path, path.stat().st_size, config))
    return found


def _moved(domain: str, folder: str) -> str:
    """The domain of a model that lies in the folder of another name: of one that is not shipped the folder tells it, so
    that it can be moved and renamed."""
    from vaedemo.data.domains import RESERVED

    return folder if domain not in RESERVED and DOMAIN_NAME.fullmatch(folder) and folder not in RESERVED else domain


def read_config(path: str | os.PathLike[str]) -> Any:
    """The config of a checkpoint's model, without its weights."""
    return _settings(Path(path), read_tensors(path, MODEL, ()).metadata, MODEL)[1]


def available(folder: str | os.PathLike[str]) -> list[Entry]:
    """Entries of every checkpoint below folder, sorted; a model that restores is not listed."""
    return sorted(entry for entry in scan(folder) if entry.key.kind in KINDS)


def find(entries: Iterable[Entry], key: ModelKey) -> Entry:
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
