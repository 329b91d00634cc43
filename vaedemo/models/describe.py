"""What a network is made of, measured on a forward pass: layers, output shapes, parameters, multiply-accumulates."""

import math
from typing import NamedTuple

import torch
from torch import nn

from vaedemo.models.registry import build_model

__all__ = ["Layer", "cost", "drawing", "layers"]


class Layer(NamedTuple):
    """One layer as it runs: its part (encoder or decoder), what it is, the shape it gives, what it costs a picture."""

    part: str
    name: str
    shape: tuple[int, ...]
    parameters: int
    macs: int


def _name(module):
    if isinstance(module, nn.Conv2d):
        step = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
        return f"convolution {module.kernel_size[0]} x {module.kernel_size[1]}{step}"
    return {
        "Linear": "linear", "SiLU": "SiLU", "Flatten": "flatten", "Unflatten": "unflatten",
        "Upsample": "nearest, twice the size", "PixelShuffle": "pixel shuffle, twice the size",
        "Residual": "residual block",
    }.get(type(module).__name__, type(module).__name__)  # fmt: skip


def _macs(module, output):
    if isinstance(module, nn.Linear):
        return module.weight.numel()
    if isinstance(module, nn.Conv2d):
        return module.weight.numel() * output.shape[-1] * output.shape[-2]
    return 0


@torch.no_grad()
def layers(config):
    """Layers of a ModelConfig in the order they run; none for PCA, which is two matrix products."""
    if config.kind == "pca":
        pixels = math.prod(config.shape)
        weights = config.latent_dim * pixels
        return [
            Layer("encoder", "minus the mean, times the components", (config.latent_dim,), weights + pixels, weights),
            Layer("decoder", "times the components, plus the mean", config.shape, 0, weights),
        ]
    model, found = build_model(config), []
    for part, network in (("encoder", model.encoder), ("decoder", model.decoder)):
        x = torch.zeros(1, *config.shape) if part == "encoder" else torch.zeros(1, config.latent_dim)
        for module in network:
            inner, handles = [], []
            for leaf in module.modules():
                handles.append(leaf.register_forward_hook(lambda m, _, out, inner=inner: inner.append(_macs(m, out))))
            x = module(x)
            for handle in handles:
                handle.remove()
            parameters = sum(p.numel() for p in module.parameters())
            found.append(Layer(part, _name(module), tuple(x.shape[1:]), parameters, sum(inner)))
    return found


def cost(config):
    """Multiply-accumulates of one forward pass of one picture."""
    return sum(layer.macs for layer in layers(config))


def drawing(config):
    """The network as text, one line a layer: layer, shape, parameters, multiply-accumulates."""
    rows, part = [], None
    for layer in layers(config):
        if layer.part != part:
            part = layer.part
            given = config.shape if part == "encoder" else (config.latent_dim,)
            rows.append((part, "x".join(map(str, given)), "", ""))
        shape = " x ".join(map(str, layer.shape))
        rows.append((f"  {layer.name}", shape, f"{layer.parameters:,}", f"{layer.macs:,}"))
    learned = config.variational and config.likelihood == "gaussian" and not config.sigma
    total = sum(layer.parameters for layer in layers(config)) + learned
    if learned:
        rows.append(("one sigma for all pixels", "", "1", ""))
    rows.append(("total", "", f"{total:,}", f"{cost(config):,}"))
    rows.insert(0, ("layer", "shape", "parameters", "multiply-adds"))
    widths = [max(len(r[i]) for r in rows) for i in range(4)]
    return "\n".join(
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in rows
    )
