"""A run as a script of its own, which needs PyTorch alone and gives the same weights."""

import json
import zipfile
from dataclasses import asdict
from io import BytesIO

import torch

from vaedemo.data.datasets import Pictures
from vaedemo.training.plain import BATCH, PlainConfig

__all__ = ["packed", "script"]

TEMPLATE = '''"""A run of vaedemo. Beside it: pictures.u8, {count} pictures of {channels} x {size} x {size} bytes."""
import math, os

import torch
from torch import nn
import torch.nn.functional as F

SETTINGS = dict({settings})
CHANGES = {changes}  # (from this step on, a setting, its value)
COUNT, CHANNELS, SIZE, BATCH = {count}, {channels}, {size}, {batch}
kind, D, width, depth = (SETTINGS[k] for k in ("kind", "latent_dim", "width", "depth"))
vae, dense, pixels = kind.endswith("vae"), kind.startswith("dense"), CHANNELS * SIZE * SIZE
torch.set_num_threads(1)  # sums in another order end in other digits


class Residual(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        self.act = nn.SiLU()
        nn.init.zeros_(self.conv2.weight), nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        return x + self.conv2(self.act(self.conv1(self.act(x))))


def layers(start, end, hidden):
    sizes, found = [start, *[hidden] * depth, end], []
    for a, b in zip(sizes, sizes[1:]):
        found += [nn.Linear(a, b), nn.SiLU()]
    return found[:-1]


def networks(out):
    if dense:
        encoder = nn.Sequential(nn.Flatten(), *layers(pixels, out, width))
        return encoder, nn.Sequential(*layers(D, pixels, width), nn.Unflatten(1, (CHANNELS, SIZE, SIZE)))
    levels, n, act = 2 if SIZE <= 32 else 3, width // 8, [nn.SiLU()] if depth else []
    side, down, up = SIZE // 2**levels, [], []
    for i in range(levels):
        down += [nn.Conv2d(n if i else CHANNELS, n, 3 if i else 4, 2, 1), *([Residual(n)] if i < levels - 1 else [])]
    encoder = nn.Sequential(*down, *act, nn.Conv2d(n, 8, 1), nn.Flatten(), *layers(8 * side**2, out, 128))
    linear = layers(D, 8 * side**2, 128)
    for i in range(levels):
        up += [nn.Upsample(scale_factor=2)] if i else []
        up += [nn.Conv2d(n if i else 8, n, 3, padding=1), *([Residual(n)] if i else [])]
    last = [nn.Conv2d(n, 4 * CHANNELS, 3, padding=1), nn.PixelShuffle(2)]
    return encoder, nn.Sequential(*linear, *act, nn.Unflatten(1, (8, side, side)), *up, *act, *last)


torch.manual_seed(SETTINGS["seed"])
encoder, decoder = networks(2 * D if vae else D)
gaussian, held = vae and SETTINGS["likelihood"] == "gaussian", SETTINGS["sigma"]
log_sigma = torch.tensor(math.log(held) if held else -1.5, requires_grad=gaussian and not held)
weights = [*([log_sigma] if log_sigma.requires_grad else []), *encoder.parameters(), *decoder.parameters()]
optimizer, g = torch.optim.Adam(weights, SETTINGS["lr"]), torch.Generator().manual_seed(SETTINGS["seed"])
data = bytearray(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures.u8"), "rb").read())
pictures, order = torch.frombuffer(data, dtype=torch.uint8).view(COUNT, CHANNELS, SIZE, SIZE), []
for step in range(SETTINGS["steps"]):
    SETTINGS.update({{name: value for start, name, value in CHANGES if start == step}})
    order = order if len(order) >= BATCH else torch.randperm(COUNT, generator=g)
    x, order = pictures[order[:BATCH]].float().div_(255), order[BATCH:]
    eps = torch.randn(BATCH, D, generator=g) if vae else 0
    mu, logvar = encoder(x).chunk(2, 1) if vae else (encoder(x), None)
    logvar = logvar.clamp(-12, 8) if vae else None
    theta = decoder(mu + torch.exp(0.5 * logvar) * eps if vae else mu)
    squared = (x - theta).square()
    if gaussian:  # -log N(x; theta, sigma^2)
        squared = 0.5 * (math.log(2 * math.pi) + 2 * log_sigma + squared * torch.exp(-(2 * log_sigma)))
    cost = squared if gaussian or not vae else F.binary_cross_entropy_with_logits(theta, x, reduction="none")
    cost = cost.flatten(1).sum(1).mean() / (pixels if SETTINGS["loss"] == "mean" else 1)
    kl = 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(1).mean() if vae else torch.zeros(())
    loss = cost + SETTINGS["beta"] * kl if vae else cost
    optimizer.zero_grad(), loss.backward()
    optimizer.param_groups[0]["lr"] = SETTINGS["lr"]
    optimizer.step()
    if step % 100 == 0 or step + 1 == SETTINGS["steps"]:
        print(f"step {{step + 1}}: loss {{loss.item():.3f}}, kl {{kl.item():.3f}}", flush=True)
torch.save({{"encoder": encoder.state_dict(), "decoder": decoder.state_dict(), "log_sigma": log_sigma}}, "weights.pt")
'''


def script(config: PlainConfig, pictures: Pictures) -> str:
    """The text of the script, at most 80 lines. It reads pictures.u8 beside it, prints the loss, and writes weights.pt
    where it is run."""
    settings = {k: v for k, v in asdict(config).items() if k != "changes"}
    count, (channels, size, _) = len(pictures), pictures.shape
    return TEMPLATE.format(
        settings=", ".join(f"{k}={json.dumps(v)}" for k, v in settings.items()),
        changes=[tuple(change) for change in config.changes],
        count=count,
        channels=channels,
        size=size,
        batch=min(BATCH, count),
    )


def packed(config: PlainConfig, pictures: Pictures) -> bytes:
    """A ZIP file of the script and its pictures."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("train.py", script(config, pictures))
        file.writestr("pictures.u8", torch.flatten(pictures.x).numpy().tobytes())
    return buffer.getvalue()
