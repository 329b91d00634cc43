"""How fast training is: python benchmarks/training.py [--data-dir DIR] [--epochs 3]

1. The dense VAE 784-400-20 of PyTorch's example, batch 128: an epoch of 60,000 digits by `fit`, and by the usual loop
   over a DataLoader with ToTensor, over the same network with Adam, without bfloat16. In turn, several times; medians.
2. Pictures a second while training each shipped network, with and without bfloat16, on 1 and 2 threads.
"""

import argparse
import time

import torch
from common import parse, report
from PIL import Image

from benchmarks.tables import training as tables
from benchmarks.tables.cells import mean_and_error
from vaedemo.configs import ModelConfig, TrainConfig
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.models import build_model, objectives
from vaedemo.training.loop import fit


def to_tensor():
    """torchvision's ToTensor, also where its compiled part does not load beside this build of torch."""
    try:
        from torchvision.transforms import ToTensor
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor a, Tensor b, float c) -> Tensor")
        from torchvision.transforms import ToTensor
    return ToTensor()


class Items(torch.utils.data.Dataset):
    """What torchvision.datasets.MNIST does for an item: array -> PIL picture -> ToTensor."""

    def __init__(self, pictures):
        self.arrays, self.labels, self.transform = pictures.x[:, 0].numpy(), pictures.y, to_tensor()

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, i):
        return self.transform(Image.fromarray(self.arrays[i])), int(self.labels[i])


def usual_epoch(model, pictures):
    """Seconds of one epoch of the usual loop."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(Items(pictures), batch_size=128, shuffle=True)
    start, total = time.perf_counter(), 0.0
    for x, _ in loader:
        optimizer.zero_grad()
        loss = objectives.terms(model, x, torch.randn(len(x), model.config.latent_dim)).loss
        loss.backward()
        total += loss.item()
        optimizer.step()
    return time.perf_counter() - start


def our_epoch(model, pictures, epochs=1):
    """Seconds of an epoch of fit."""
    start = time.perf_counter()
    for _ in fit(model, pictures, TrainConfig(epochs=epochs, batch_size=128, lr=1e-3)):
        pass
    return (time.perf_counter() - start) / epochs


def speed(config, pictures, half, threads, steps):
    """Pictures a second over `steps` steps, after 5 to warm up."""
    torch.set_num_threads(threads)
    records = []
    train = TrainConfig(epochs=(steps + 10) * 128 / len(pictures), bfloat16="on" if half else "off")
    for progress in fit(build_model(config), pictures, train):
        records.append(progress)
    first, last = records[0], records[-1]
    return (last.step - first.step) * 128 / (last.seconds - first.seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3, help="how often the two loops are timed in turn")
    parser.add_argument("--steps", type=int, default=30, help="steps a network is timed over")
    parser.add_argument("--only", choices=("epoch", "networks"))
    parser.add_argument("--domain", choices=list(SIZED), help="of the networks; all if left out")
    parser.add_argument("--kinds", nargs="*", default=["ae", "vae", "dense"], help="of the networks")
    args = parse(parser, epochs=1, steps=1, domain="digits", kinds=["dense"])
    if args.only != "networks":
        digits = datasets.load("digits", "train", args.data_dir)
        config = ModelConfig(kind="dense-vae", latent_dim=20, hidden=400, likelihood="bernoulli")
        our_epoch(build_model(config), digits.first(6400))
        usual, ours = [], []
        for _ in range(args.epochs):
            usual.append(usual_epoch(build_model(config).train(), digits))
            ours.append(our_epoch(build_model(config), digits))
        times = mean_and_error([u / o for u, o in zip(usual, ours, strict=True)])  # in pairs, one after the other
        figures = {
            "epoch": {"usual_seconds": usual, "ours_seconds": ours},
            "times_as_fast": {"mean": times.mean, "standard_error": times.error, "bar": tables.FASTER_BAR},
        }
        report("training_epoch", figures, tables.epoch(figures))
    if args.only == "epoch":
        return
    figures = {}
    for domain, row in SIZED.items() if args.domain is None else [(args.domain, SIZED[args.domain])]:
        pictures = datasets.Pictures(torch.randint(0, 256, (2560, *row.shape), dtype=torch.uint8))
        for kind in args.kinds:
            if kind == "dense" and not row.dense_dims:
                continue
            config = row.model_config(kind, row.anchor)
            speeds = [speed(config, pictures, half, n, args.steps) for n in (1, 2) for half in (False, True)]
            figures[f"{domain} {kind}-{row.anchor}"] = speeds
    report("training_networks", figures, tables.networks(figures))


if __name__ == "__main__":
    main()
