"""Where and how things run: device, threads, bfloat16, generators from seeds."""

import contextlib
import ctypes
import hashlib
import platform

import torch

__all__ = ["bfloat16_available", "default_device", "generator", "hand_back", "hardware", "set_threads"]


def default_device() -> torch.device:
    """The NVIDIA GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def bfloat16_available(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 natively; elsewhere it is emulated and slow."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())


def set_threads(n: int | None) -> None:
    """Let this process use n threads; None leaves PyTorch's choice."""
    if n:
        torch.set_num_threads(n)


def generator(*seeds: float | str) -> torch.Generator:
    """A torch.Generator seeded by any number of numbers and words, the same ones always alike."""
    digest = hashlib.sha256("/".join(str(s) for s in seeds).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def hand_back() -> None:
    """Give freed memory back to the system, which the C library keeps else: glibc's malloc_trim, nothing elsewhere."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def hardware(device: torch.device) -> str:
    """The processor in words, for the record of a training run."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as lines:
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}"
