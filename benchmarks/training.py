"""How fast training is: python benchmarks/training.py [--data-dir DIR] [--epochs 3] [--pythae DIR]

1. The dense VAE 784-400-20 of PyTorch's example, batch 128: an epoch of 60,000 digits by `fit`, by the usual loop over
   a DataLoader with ToTensor, over the same network with Adam, without bfloat16, and with --pythae by pythae's trainer
   over a network of these sizes. In turn, several times, each with 1 and 2 threads; the better one of each counts.
2. Pictures a second while training each shipped network, with and without bfloat16, on 1 and 2 threads.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from common import parse, report
from PIL import Image

from benchmarks.tables import training as tables
from benchmarks.tables.cells import mean_and_error
from vaedemo.configs import ModelConfig, TrainConfig
from vaedemo.data import datasets
from vaedemo.data.domains import DOMAINS
from vaedemo.models import build_model, objectives
from vaedemo.training.loop import fit
from vaedemo.training.tasks import task_of

Loop = Callable[[datasets.Pictures], float]  # seconds of an epoch
DENSE = ModelConfig(kind="dense-vae", latent_dim=20, hidden=400, likelihood="bernoulli")


def to_tensor() -> Callable:
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

    def __init__(self, pictures: datasets.Pictures) -> None:
        assert pictures.y is not None
        self.arrays, self.labels, self.transform = pictures.x[:, 0].numpy(), pictures.y, to_tensor()

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.arrays[i])), int(self.labels[i])


def usual_epoch(pictures: datasets.Pictures) -> float:
    """Seconds of one epoch of the usual loop."""
    model = build_model(DENSE).train()
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


def our_epoch(pictures: datasets.Pictures) -> float:
    """Seconds of an epoch of fit."""
    start, model, config = time.perf_counter(), build_model(DENSE), TrainConfig(epochs=1, batch_size=128, lr=1e-3)
    for _ in fit(model, task_of(model, pictures, config), config):
        pass
    return time.perf_counter() - start


def pythae_epoch(folder: str) -> Loop:
    """The function that gives the seconds of an epoch of pythae's BaseTrainer: binarised pictures in memory, as it
    has them, its Adam, encoder and decoder of 400 units."""
    sys.path.append(folder)
    try:
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE, VAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
        from pythae.trainers import BaseTrainer, BaseTrainerConfig
    except ImportError as error:
        sys.exit(
            f"pythae cannot be imported ({error}); install it and what it imports with `pip install --no-deps --target "
            f"{folder} pythae`, and give that folder with --pythae"
        )
    logging.disable(logging.INFO)

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 400), torch.nn.ReLU())
            self.mean, self.log_var = torch.nn.Linear(400, 20), torch.nn.Linear(400, 20)

        def forward(self, x: torch.Tensor) -> Any:
            h = self.hidden(x)
            return ModelOutput(embedding=self.mean(h), log_covariance=self.log_var(h))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(20, 400), torch.nn.ReLU(), torch.nn.Linear(400, 784), torch.nn.Sigmoid()
            )

        def forward(self, z: torch.Tensor) -> Any:
            return ModelOutput(reconstruction=self.layers(z).unflatten(1, (1, 28, 28)))

    def epoch(pictures: datasets.Pictures) -> float:
        config = VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce")
        data = BaseDataset((pictures[:] > 0.5).float(), pictures.y)
        with tempfile.TemporaryDirectory() as out:
            settings = BaseTrainerConfig(
                output_dir=out, num_epochs=1, learning_rate=1e-3, per_device_train_batch_size=128, no_cuda=True
            )
            trainer = BaseTrainer(VAE(config, Encoder(), Decoder()), data, training_config=settings)
            trainer.prepare_training()
            start = time.perf_counter()
            trainer.train_step(1)
            return time.perf_counter() - start

    return epoch


def epochs(pictures: datasets.Pictures, loops: dict[str, Loop], times: int) -> dict[str, list[float]]:
    """{name: seconds of an epoch, one a round} of loops timed in turn, each with the better number of threads."""
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(times):
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for name, loop in loops.items():
                found.setdefault((name, threads), []).append(loop(pictures))
    return {name: min((found[name, threads] for threads in (1, 2)), key=sum) for name in loops}


def speed(config: ModelConfig, pictures: datasets.Pictures, half: bool, threads: int, steps: int) -> float:
    """Pictures a second over `steps` steps, after 10 to warm up."""
    torch.set_num_threads(threads)
    model, train = build_model(config), TrainConfig(steps=steps + 10, bfloat16="on" if half else "off")
    records = list(fit(model, task_of(model, pictures, train), train))
    first, last = records[0], records[-1]
    return (last.step - first.step) * 128 / (last.seconds - first.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3, help="how often the loops are timed in turn")
    parser.add_argument("--steps", type=int, default=30, help="steps a network is timed over")
    parser.add_argument("--only", choices=("epoch", "networks"))
    parser.add_argument("--pythae", metavar="DIR", help="a folder in which pythae is installed: times its trainer too")
    parser.add_argument("--domain", choices=list(DOMAINS), help="of the networks; all if left out")
    parser.add_argument("--kinds", nargs="*", default=["ae", "vae", "dense"], help="of the networks")
    args = parse(parser, epochs=1, steps=1, domain="digits", kinds=["dense"])
    if args.only != "networks":
        digits = datasets.load("digits", "train", args.data_dir)
        loops: dict[str, Loop] = {"usual": usual_epoch, "ours": our_epoch}
        loops |= {"pythae": pythae_epoch(args.pythae)} if args.pythae else {}
        our_epoch(digits.first(6400))
        seconds = epochs(digits, loops, args.epochs)
        figures: dict[str, Any] = {"epoch": {f"{name}_seconds": found for name, found in seconds.items()}}
        for name, key in (("usual", "times_as_fast"), ("pythae", "times_as_fast_as_pythae")):
            if name in seconds:  # in pairs, one after the other
                times = mean_and_error([u / o for u, o in zip(seconds[name], seconds["ours"], strict=True)])
                figures[key] = {"mean": times.mean, "standard_error": times.error, "bar": tables.BARS[name]}
        report("training_epoch", figures, tables.epoch(figures))
    if args.only == "epoch":
        return
    figures = {}
    for domain, row in DOMAINS.items() if args.domain is None else [(args.domain, DOMAINS[args.domain])]:
        if not row.latent_dims:
            continue
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
