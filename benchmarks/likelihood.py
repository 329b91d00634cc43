"""How well the VAEs of digits explain test digits: python benchmarks/likelihood.py --data-dir DIR [--dims 2] [--k 500]

-ELBO and the importance-weighted bound (Burda et al. 2016, eq. 8) in nats a picture over the whole test set, binarised
anew with a fixed seed. Published, dynamically binarised: VAE 86.76, IWAE-50 84.78, two-layer IWAE 82.90 (Burda et al.
2016, table 1). The standard error is that of the mean over the pictures.
"""

import argparse
import math

import torch
from common import report
from tqdm import tqdm

from vaedemo import datasets, gaussian, metrics, objectives, runtime
from vaedemo.domains import DOMAINS
from vaedemo.library import Library


@torch.no_grad()
def measure(model, pictures, k, seed=0):
    """(-elbo, kl, bound), each (N,), and the number of active units."""
    noise, parts, codes = runtime.generator("likelihood", seed), [], []
    for x in tqdm(list(pictures.batches(5)), leave=False):
        x = (torch.rand(x.shape, generator=noise) < x).float()
        mu, logvar = model.encode(x)
        z = gaussian.sample(mu, logvar, torch.randn(mu.shape, generator=noise))
        rate = gaussian.kl(mu, logvar).sum(1)
        cost = objectives.distortion(model, model.likelihood_parameters(z), x)
        parts.append(torch.stack([cost + rate, rate, objectives.importance_bound(model, x, k, noise)]))
        codes.append(mu)
    return torch.cat(parts, 1), int(metrics.active_units(torch.cat(codes)).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir")
    parser.add_argument("--dims", type=int, nargs="*", default=DOMAINS["digits"].latent_dims)
    parser.add_argument("--k", type=int, default=500)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    pictures = datasets.load("digits", "test", args.data_dir).first(args.limit)
    figures, rows = {}, []
    library = Library()
    for d in args.dims:
        got, active = measure(library.model("digits", "vae", d), pictures, args.k)
        mean, error = got.mean(1), got.std(1) / math.sqrt(got.shape[1])
        figures[str(d)] = {"k": args.k, "pictures": len(pictures), "negative_elbo": mean[0].item(),
                           "kl": mean[1].item(), "bound": mean[2].item(), "bound_standard_error": error[2].item(),
                           "active_units": active}  # fmt: skip
        rows.append([f"vae {d}", f"{mean[0]:.2f}", f"{mean[1]:.2f}", f"{mean[2]:.2f} +- {error[2]:.2f}", active])
    report("likelihood", figures, ["model", "-ELBO nats", "KL nats", f"bound, k = {args.k}", "active units"], rows)


if __name__ == "__main__":
    main()
