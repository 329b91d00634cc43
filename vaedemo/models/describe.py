"""What a network is made of, measured on a forward pass: layers, output shapes, parameters, multiply-accumulates."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vaedemo.configs import ModelConfig
from vaedemo.models.registry import build_model

__all__ = ["Layer", "cost", "drawing", "layers"]

_NAMES = {
    "Beside": "beside the linear picture",
    "Flatten": "flatten",
    "Linear": "linear",
    "PixelShuffle": "pixel shuffle, twice the size",
    "Plus": "plus the linear part",
    "Residual": "residual block",
    "Unflatten": "unflatten",
    "Upsample": "nearest, twice the size",
}


class Layer(NamedTuple):
    """One layer as it runs: its part (encoder or decoder), what it is, its output's shape, its cost for one picture."""

    part: str
    name: str
    shape: tuple[int, ...]
    parameters: int
    macs: int


def _name(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        what = "convolution" if isinstance(module, nn.Conv2d) else "transposed convolution"
        step = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
        return f"{what} {module.kernel_size[0]} x {module.kernel_size[1]}{step}"
    name = type(module).__name__
    return _NAMES.get(name, name)


def _macs(module: nn.Module, given: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.ConvTranspose2d):
        return module.weight.numel() * given.shape[-1] * given.shape[-2]
    if isinstance(module, nn.Conv2d):
        return module.weight.numel() * output.shape[-1] * output.shape[-2]
    return module.weight.numel() if isinstance(module, nn.Linear) else 0


def _steps(network: Any, x: Tensor) -> Iterator[tuple[nn.Module, Tensor]]:
    """(layer, its output), one after another."""
    if hasattr(network, "steps"):
        yield from network.steps(x)
        return
    for module in network:
        x = module(x)
        yield module, x


@torch.no_grad()
def layers(config: ModelConfig) -> list[Layer]:
    """Layers of a ModelConfig in the order they run; of PCA its two matrix products."""
    if config.kind == "pca":
        pixels = math.prod(config.shape)
        weights = config.latent_dim * pixels
        return [
            Layer("encoder", "minus the mean, times the components", (config.latent_dim,), weights + pixels, weights),
            Layer("decoder", "times the components, plus the mean", config.shape, 0, weights),
        ]
    model, macs, rows = build_model(config), [0], []

    def count(module: nn.Module, given: Any, output: Tensor) -> None:
        macs[0] += _macs(module, given[0], output)

    for module in model.modules():
        module.register_forward_hook(count)
    for part, network, shape in (
        ("encoder", model.encoder, config.shape),
        ("decoder", model.decoder, (config.latent_dim,)),
    ):
        for module, x in _steps(network, torch.zeros(1, *shape)):
            parameters = sum(p.numel() for p in module.parameters())
            rows.append(Layer(part, _name(module), tuple(x.shape[1:]), parameters, macs[0]))
            macs[0] = 0
    return rows


def cost(config: ModelConfig) -> int:
    """Multiply-accumulates of one forward pass of one picture."""
    return sum(layer.macs for layer in layers(config))


def drawing(config: ModelConfig) -> str:
    """The network as text, one line a layer: layer, shape, parameters, multiply-accumulates."""
    network = layers(config)
    rows = [("layer", "shape", "parameters", "multiply-adds")]
    for part, shape in (("encoder", config.shape), ("decoder", (config.latent_dim,))):
        rows.append((part, "x".join(map(str, shape)), "", ""))
        rows += [
            (f"  {layer.name}", " x ".join(map(str, layer.shape)), f"{layer.parameters:,}", f"{layer.macs:,}")
            for layer in network
            if layer.part == part
        ]
    learned = config.variational and config.likelihood != "bernoulli" and not config.sigma
    if learned:
        rows.append(("one sigma for all pixels", "", "1", ""))
    parameters = sum(layer.parameters for layer in network) + learned
    rows.append(("total", "", f"{parameters:,}", f"{sum(layer.macs for layer in network):,}"))
    a, b, c, d = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(f"{name:<{a}}  {size:<{b}}  {own:>{c}}  {macs:>{d}}".rstrip() for name, size, own, macs in rows)
