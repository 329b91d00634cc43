"""fit: one loop for every model and task, a generator of Progress records; the command line and the page draw them.

The order of the pictures comes from (seed, epoch) and the noise from (seed, step), so that an interrupted run, resumed,
and a run spread over processes give the weights of a plain one. Under torchrun each of n processes takes every n-th row
of the batch, with the noise that the row has in the whole of it, and the gradients are averaged.
"""

import contextlib
import io
import math
import os
import time
from collections import deque
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.errors import ConfigError, NotFinite, TrainingError, VaedemoError
from vaedemo.models.objectives import Terms
from vaedemo.store.checkpoints import write_atomic
from vaedemo.training.flat import Flat

__all__ = [
    "Progress",
    "STABLE",
    "Task",
    "fit",
    "learning_rate",
    "process_group",
    "read_state",
    "require_same_run",
    "stable_steps",
]

LOG_EVERY = 10  # steps between Progress records
STABLE = "stable.pt"  # beside the state of a wsd run: how it was where its rate began to fall
PASSING = ("save_every", "measure_every")  # settings that change nothing about the weights
EXTENDING = ("steps", "epochs", "cooldown")  # those that a wsd run may change when it goes on for longer
_SUMMED: deque[dist.Work] = deque(maxlen=8)  # the last sums over processes


class Task(Protocol):
    """What is learned. stream: the word that a step's noise is seeded with; batches: sizes of batches that occur;
    settings: what tells it from other tasks; digest: what tells its pictures from others, by their content."""

    stream: str
    batches: tuple[int, ...]
    settings: dict[str, Any]

    @property
    def digest(self) -> str: ...

    def __len__(self) -> int:
        """How many pictures there are."""

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """What terms takes, for the rows `mine` of a step's batch; the rest may be numbers. Drawn for the whole."""

    def terms(self, model: nn.Module, batch: tuple) -> Terms:
        """The batch's Terms."""

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Figures of the averaged weights on what was held out; {} where there are none."""


class Progress(NamedTuple):
    """Where a run stands. loss, distortion and kl are means over the records' steps, in nats a picture (squared error
    summed over pixels for an autoencoder, nats a value for photographs, of the codec see tasks/codec.py); seconds count
    the whole run, resumed parts included; measured are figures on held-out pictures, None where they were not taken."""

    step: int
    steps: int
    epoch: float
    loss: float
    distortion: float
    kl: float
    lr: float
    seconds: float
    seconds_left: float
    pictures_per_second: float
    measured: dict[str, float] | None = None


def stable_steps(steps: int, config: TrainConfig) -> int:
    """The step at which the learning rate of a wsd run starts to fall."""
    return steps - round(config.cooldown * steps)


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """The rate of a step, from 0: up in a straight line, then by config.schedule a cosine to zero (Loshchilov & Hutter
    2017), or level and at last straight to zero (wsd: Hu et al. 2024), whose run can be gone on with for longer."""
    warmup = min(config.warmup, steps // 5) if config.schedule == "cosine" else config.warmup
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "wsd":
        return config.lr * min(1.0, (steps - step) / max(1, steps - stable_steps(steps, config)))
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def process_group() -> tuple[int, int]:
    """(rank, processes) under torchrun, joining its group at the first call; (0, 1) elsewhere."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    return dist.get_rank(), world


def _sum_over_processes(tensor: Tensor) -> None:
    """Sum a tensor over the group's processes, in place.

    Whoever drops a sum's record last frees its tensor, and needs the interpreter for it. Gloo's thread drops it some
    time after wait returns, and aborts the process if the interpreter has ended by then: so the record is kept here.
    """
    work = dist.all_reduce(tensor, async_op=True)
    work.wait()
    _SUMMED.append(work)


def read_state(path: Path | None) -> dict[str, Any] | None:
    """What fit kept of an interrupted run in a file, a dict, or None where there is no file."""
    if path is None or not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch.load raises whatever its reader meets in a damaged file
        raise TrainingError(f"{path.name} is damaged; delete it to start this run again") from None


def _fingerprint(model_config: Any, config: TrainConfig, task: Task) -> dict[str, str]:
    """What tells a run from others: its settings, and its pictures by their content."""
    left_out = PASSING + (EXTENDING if config.schedule == "wsd" else ())
    plain = {k: v for k, v in asdict(config).items() if k not in left_out}
    return {"settings": repr((asdict(model_config), plain, task.settings)), "pictures": task.digest}


def require_same_run(state: dict[str, Any], model_config: Any, config: TrainConfig, task: Task, name: str) -> None:
    """TrainingError where the state in the file of this name is of another run."""
    before, now = state.get("fingerprint"), _fingerprint(model_config, config, task)
    if before == now:
        return
    alike = isinstance(before, dict) and before.get("settings") == now["settings"]
    what = "on other pictures" if alike else "with other settings"
    raise TrainingError(
        f"{name} is of an interrupted run {what}; choose another --name or --out, or begin anew with --overwrite"
    )


class _Loop:
    """A run under way: weights, optimiser, step, and what the next record sums up."""

    def __init__(
        self, model: Any, task: Task, config: TrainConfig, device: torch.device, state_path: Path | None
    ) -> None:
        self.rank, self.world = process_group()
        for size in task.batches:
            if size % self.world:
                raise ConfigError(
                    f"a batch of {size} cannot be shared by {self.world} processes; choose a multiple of {self.world}"
                )
        self.model, self.task, self.config, self.device, self.state_path = model, task, config, device, state_path
        self.per_epoch = len(task) / task.batches[0] if config.steps else len(task) // task.batches[0]
        self.steps = config.steps or max(1, round(config.epochs * self.per_epoch))
        self.stable = stable_steps(self.steps, config) if config.schedule == "wsd" else None
        self.half = config.bfloat16 == "on" or (config.bfloat16 == "auto" and runtime.bfloat16_available(device))
        model.to(device=device, memory_format=torch.channels_last).train()
        self.flat = Flat(model, self.half, apart=config.optimizer == "muon")
        groups = [{"params": [part], "lr": share * config.lr, "share": share} for part, share in self.flat.parts]
        decay = config.weight_decay
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, betas=(0.9, config.beta2), weight_decay=decay, fused=True)
        ]
        if self.flat.matrices:
            # A matrix' columns may have any order, so the memory's serves. Rates as of AdamW: Liu et al. 2025.
            matrices = [{"params": self.flat.matrices, "lr": config.lr, "share": 1.0}]
            self.optimizers.append(torch.optim.Muon(matrices, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
        self.step, self.before = 0, 0.0
        self._resume()
        self.start = self.saved_at = self.measured_at = time.monotonic()
        self.first, self.lr = self.step, config.lr
        self.whole = True  # whether weights, average and step are of one moment
        self.sums, self.count = [0.0, 0.0, 0.0], 0

    def _batch(self) -> tuple:
        """The step's batch, of this process."""
        noise = runtime.generator(self.task.stream, self.config.seed, self.step)
        batch = self.task.batch(self.step, noise, slice(self.rank, None, self.world))
        if self.device.type == "cpu":
            return batch
        return tuple(t.to(self.device) if isinstance(t, Tensor) else t for t in batch)

    def _resume(self) -> None:
        """Go on from the state there is: the latest, unless it belongs to the fall of a shorter wsd run."""
        path = self.state_path
        state = read_state(path)
        if path and self.stable is not None:
            fallen = state and state["step"] > (state.get("stable") or 0) and state.get("stable") != self.stable
            if state is None or fallen:
                path = path.with_name(STABLE)
                state = read_state(path)
        if not state or not path:
            return
        require_same_run(state, self.model.config, self.config, self.task, path.name)
        self.step, self.before = state["step"], state["seconds"]
        for optimizer, before in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(before)
        self.flat.load(state)
        buffers = dict(self.model.named_buffers())
        for name, value in state["buffers"].items():
            buffers[name].copy_(value)

    def save(self, name: str | None = None) -> None:
        """Write the state, beside its own file where a name is given."""
        if self.state_path is None or self.rank:
            return
        buffer = io.BytesIO()
        told = {
            "fingerprint": _fingerprint(self.model.config, self.config, self.task),
            "step": self.step,
            "stable": self.stable,
            "seconds": self.before + time.monotonic() - self.start,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "buffers": dict(self.model.named_buffers()),
        }
        torch.save(self.flat.state() | told, buffer)
        write_atomic(self.state_path.with_name(name) if name else self.state_path, buffer.getvalue())

    def settle(self) -> None:
        """Leave the model with its averaged weights, in evaluation mode."""
        self.flat.settle()
        self.model.eval()

    def _values(self, terms: Terms) -> list[float]:
        """Loss, distortion and kl of a step, means over all processes."""
        loss, cost, rate = terms
        summed = [loss.detach() / self.world, cost.detach().sum(), loss.new_zeros(()) if rate is None else rate.sum()]
        found, count = [t.detach() for t in summed], float(len(cost))
        if self.world > 1:
            shared = torch.stack([*found, loss.new_tensor(count)])
            _sum_over_processes(shared)
            found, count = list(shared[:3]), shared[3].item()
        return [found[0].item(), found[1].item() / max(1, count), found[2].item() / max(1, count)]

    def advance(self) -> None:
        """One step. NotFinite where the loss is not finite."""
        if self.step == self.stable:
            self.save(STABLE)
        batch = self._batch()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half), self.flat.computing():
            terms = self.task.terms(self.model, batch)
        values = self._values(terms)
        if not math.isfinite(values[0]):
            self.settle()
            raise NotFinite(
                f"the loss is {values[0]} at step {self.step}; the last good weights are kept: try a lower lr than "
                f"{self.config.lr:g}"
            )
        self.flat.backward(terms.loss)
        if self.world > 1:
            _sum_over_processes(self.flat.gradient)
            self.flat.gradient.div_(self.world)
        self.flat.clip(self.config.clip)
        self.lr = learning_rate(self.step, self.steps, self.config)
        self.whole = False
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * self.lr
            optimizer.step()
        self.step += 1
        self.flat.follow(min(self.config.average, (1 + self.step) / (10 + self.step)))
        self.whole = True
        self.sums, self.count = [a + b for a, b in zip(self.sums, values, strict=True)], self.count + 1

    def record(self, now: float) -> Progress:
        """The Progress since the record before; measures and saves when it is time to."""
        last, measured = self.step == self.steps, None
        every = self.config.measure_every
        if not self.rank and (now - self.measured_at >= every or (last and every < math.inf)):
            with self.flat.averaged():
                measured = self.task.measure(self.model.eval()) or None
            self.model.train()
            self.measured_at = now
        if last or measured or now - self.saved_at >= self.config.save_every:
            self.save()
            self.saved_at = now
        pace = (now - self.start) / (self.step - self.first)
        loss, distortion, kl = (total / self.count for total in self.sums)
        self.sums, self.count = [0.0, 0.0, 0.0], 0
        epoch, seconds = self.step / self.per_epoch, self.before + now - self.start
        left, speed = pace * (self.steps - self.step), self.task.batches[0] / pace
        return Progress(self.step, self.steps, epoch, loss, distortion, kl, self.lr, seconds, left, speed, measured)


def fit(
    model: nn.Module,
    task: Task,
    config: TrainConfig,
    *,
    device: torch.device | None = None,
    state_path: Path | str | None = None,
) -> Generator[Progress]:
    """Train model in place on a task; yields Progress every 10 steps and at the end.

    Afterwards the model holds the averaged weights, in evaluation mode. With state_path the run writes a resumable
    state there every config.save_every seconds and when it is stopped, and goes on from it if it exists. Raises
    NotFinite when the loss is not finite: the model then holds the averaged weights of the last good step.
    """
    path = None if state_path is None else Path(state_path)
    loop = _Loop(model, task, config, device or runtime.default_device(), path)
    try:
        while loop.step < loop.steps:
            loop.advance()
            now = time.monotonic()
            if loop.step % LOG_EVERY == 0 or loop.step == loop.steps:
                yield loop.record(now)
    except (KeyboardInterrupt, GeneratorExit):  # stopped, or no more records are wanted
        if loop.whole and loop.step > loop.first:
            with contextlib.suppress(VaedemoError):
                loop.save()
        raise
    loop.settle()
