"""fit: one loop for every model, a generator of Progress records; the command line and the page draw them.

The order of the pictures comes from (seed, epoch) and the noise from (seed, step), so that an interrupted run, resumed,
and a run spread over processes give the weights of a plain one. Under torchrun each of n processes takes every n-th row
of the batch, with the noise that the row has in the whole of it, and DistributedDataParallel averages the gradients.
"""

import contextlib
import io
import math
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from vaedemo import runtime
from vaedemo.configs import RESTORING
from vaedemo.data.damage import random_corruption
from vaedemo.errors import ConfigError, NotFinite, TrainingError, VaedemoError
from vaedemo.models import objectives
from vaedemo.store.checkpoints import write_atomic

__all__ = [
    "Progress",
    "fit",
    "learning_rate",
    "process_group",
    "read_state",
    "require_one_process",
    "require_same_run",
]

LOG_EVERY = 10  # steps between Progress records


class Progress(NamedTuple):
    """Where a run stands. loss, distortion and kl are means over the records' steps, in nats a picture (squared error
    summed over pixels for an autoencoder); seconds count the whole run, resumed parts included."""

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


class _Objective(nn.Module):
    """The loss as a module, so that DistributedDataParallel sees one forward call."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *batch):
        return objectives.terms(self.model, *batch)


def learning_rate(step, steps, config):
    """Linear warm-up, then a cosine to zero; step counts from 0. Loshchilov & Hutter 2017."""
    warmup = min(config.warmup, steps // 5)
    if step < warmup:
        return config.lr * (step + 1) / warmup
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def require_one_process(what):
    """TrainingError under torchrun: of what is not trained by fit() each process would do the whole again."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError(f"{what} is trained by one process; start it without torchrun")


def process_group():
    """(rank, processes) under torchrun, joining its group at the first call; (0, 1) elsewhere."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    return dist.get_rank(), world


def _batch_rows(step, count, batch, seed, cache):
    """Rows of the pictures for a step: a new order each epoch, the incomplete last batch left out."""
    epoch, within = divmod(step, count // batch)
    if cache.get("epoch") != epoch:
        cache["epoch"] = epoch
        cache["order"] = torch.randperm(count, generator=runtime.generator("order", seed, epoch))
    return cache["order"][within * batch : (within + 1) * batch]


def _batch(model, pictures, rows, noise, device, rank, world):
    """(x, eps) of this process: noise is drawn for the whole batch, then sliced, so that it is that of one process.

    Every world-th row from rank: what a row is for may depend on its place in the batch, and so each process has as
    much of everything. A model that restores has x and what conditional_terms wants beside it."""
    config, mine = model.config, slice(rank, None, world)
    if config.kind in RESTORING:
        x = pictures[rows]
        eps = model.noise(2 * len(rows), noise)
        batch = [t[mine] for t in (x, *random_corruption(x, noise))]
        return tuple(t.to(device) for t in (*batch, *eps)) + (torch.arange(len(rows))[mine],)
    eps = torch.randn(len(rows), config.latent_dim, generator=noise)[mine] if config.variational else None
    x = pictures[rows[mine]]
    if config.variational and config.likelihood == "bernoulli":
        uniform = torch.rand(len(rows), *x.shape[1:], generator=noise)[mine]
        x = (uniform < x).float()
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    return x, None if eps is None else eps.to(device)


def read_state(path):
    """What fit kept of an interrupted run in a file, a dict, or None where there is no file."""
    if path is None or not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch.load raises whatever its reader meets in a damaged file
        raise TrainingError(f"{path.name} is damaged; delete it to start this run again") from None


def _fingerprint(model_config, config, pictures):
    """What tells a run from others: its settings, and its pictures by their content."""
    plain = {k: v for k, v in asdict(config).items() if k != "save_every"}
    return {"settings": repr((asdict(model_config), plain)), "pictures": pictures.digest}


def require_same_run(state, model_config, config, pictures, name):
    """TrainingError where the state in the file of this name is of another run."""
    before, now = state.get("fingerprint"), _fingerprint(model_config, config, pictures)
    if before == now:
        return
    alike = isinstance(before, dict) and before.get("settings") == now["settings"]
    what = "on other pictures" if alike else "with other settings"
    raise TrainingError(
        f"{name} is of an interrupted run {what}; choose another --name or --out, or begin anew with --overwrite"
    )


def fit(model, pictures, config, *, device=None, state_path=None):
    """Train model in place on Pictures; yields Progress every 10 steps and at the end.

    Afterwards the model holds the averaged weights, in evaluation mode. With state_path the run writes a resumable
    state there every config.save_every seconds and when it is stopped, and goes on from it if it exists. Raises
    NotFinite when the loss is not finite: the model then holds the averaged weights of the last good step.
    """
    rank, world = process_group()
    device = device or runtime.default_device()
    batch = min(config.batch_size, len(pictures))
    if batch % world:
        raise ConfigError(f"a batch of {batch} cannot be shared by {world} processes; choose a multiple of {world}")
    per_epoch = len(pictures) // batch
    steps = max(1, round(config.epochs * per_epoch))
    state_path = None if state_path is None else Path(state_path)

    model.to(device, memory_format=torch.channels_last).train()
    parameters = list(model.parameters())
    average = [p.detach().clone() for p in parameters]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.lr, betas=(0.9, 0.95), weight_decay=config.weight_decay, fused=True
    )
    step, before = 0, 0.0
    if state := read_state(state_path):
        require_same_run(state, model.config, config, pictures, state_path.name)
        step, before = state["step"], state["seconds"]
        optimizer.load_state_dict(state["optimizer"])
        for mine, saved in ((parameters, state["parameters"]), (average, state["average"])):
            for tensor, value in zip(mine, saved, strict=True):
                tensor.data.copy_(value)
    objective = _Objective(model)
    if world > 1:
        # Where a process has rows of one half of a conditional model's batch alone, some weights have no gradient.
        some = model.config.kind in RESTORING and batch < 2 * world
        objective = DistributedDataParallel(objective, find_unused_parameters=some)
    half = config.bfloat16 == "on" or (config.bfloat16 == "auto" and runtime.bfloat16_available(device))

    def save(at):
        if state_path is None or rank:
            return
        buffer = io.BytesIO()
        kept = [[p.detach().clone(memory_format=torch.contiguous_format) for p in ts] for ts in (parameters, average)]
        kept = dict(zip(("parameters", "average"), kept, strict=True)) | {"optimizer": optimizer.state_dict()}
        told = _fingerprint(model.config, config, pictures)
        torch.save(kept | {"fingerprint": told, "step": at, "seconds": before + time.monotonic() - start}, buffer)
        write_atomic(state_path, buffer.getvalue())

    def settle():
        for parameter, value in zip(parameters, average, strict=True):
            parameter.data.copy_(value)
        model.eval()

    start = saved_at = time.monotonic()
    first, sums, cache = step, [0.0, 0.0, 0.0, 0], {}
    whole = True  # whether weights, average and step are of one moment
    try:
        while step < steps:
            noise = runtime.generator("noise", config.seed, step)
            rows = _batch_rows(step, len(pictures), batch, config.seed, cache)
            given = _batch(model, pictures, rows, noise, device, rank, world)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss, cost, rate = objective(*given)
            summed = rate.detach().sum() if rate is not None else loss.new_zeros(())
            values = torch.stack([loss.detach() / world, cost.detach().sum(), summed, loss.new_tensor(len(cost))])
            if world > 1:
                dist.all_reduce(values)
            values = torch.cat([values[:1], values[1:3] / values[3]])
            if not torch.isfinite(values[0]):
                settle()
                raise NotFinite(
                    f"the loss is {values[0].item()} at step {step}; the last good weights are kept: try a lower lr "
                    f"than {config.lr:g}"
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, config.clip, foreach=True)
            lr = learning_rate(step, steps, config)
            for group in optimizer.param_groups:
                group["lr"] = lr
            whole = False
            optimizer.step()
            step += 1
            decay = min(config.average, (1 + step) / (10 + step))
            torch._foreach_lerp_(average, [p.data for p in parameters], 1 - decay)
            whole = True
            sums = [a + b for a, b in zip(sums, [*values.tolist(), 1], strict=True)]
            now = time.monotonic()
            if step % LOG_EVERY == 0 or step == steps:
                pace = (now - start) / (step - first)
                loss_, cost_, rate_ = (s / sums[3] for s in sums[:3])
                sums = [0.0, 0.0, 0.0, 0]
                if now - saved_at >= config.save_every or step == steps:
                    save(step)
                    saved_at = now
                yield Progress(
                    step, steps, step / per_epoch, loss_, cost_, rate_, lr,
                    before + now - start, pace * (steps - step), batch / pace,
                )  # fmt: skip
    except (KeyboardInterrupt, GeneratorExit):  # stopped, or no more records are wanted
        if whole and step > first:
            with contextlib.suppress(VaedemoError):
                save(step)
        raise
    settle()
