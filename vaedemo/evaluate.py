"""Tables from the services: every figure of a model over its test set, and the pages made from them."""

import json
from pathlib import Path
from typing import NamedTuple

import torch

from vaedemo import gaussian, metrics, objectives, runtime
from vaedemo.checkpoints import load_checkpoint, write_atomic
from vaedemo.library import figures_key

__all__ = ["Evaluation", "evaluate_model", "targets", "write_figures", "write_models_page"]

BATCH = 500


class Evaluation(NamedTuple):
    """One model over a test set. mse, psnr (dB), ssim: means over the pictures, of the reconstruction from the mean
    code. elbo = -(distortion + kl), nll_bound (importance-weighted, bound_samples samples) in nats a picture, the
    Gaussian likelihood discretised to 8 bits, Bernoulli pictures binarised anew; bits_per_dim from nll_bound. None
    where a figure does not apply. The rest is what the page draws: the 99th percentile of the pictures' mse, mean and
    standard deviation of each number of the code, kl of each, whether it is active."""

    domain: str
    kind: str
    latent_dim: int
    beta: float
    parameters: int
    mse: float
    psnr: float
    ssim: float
    elbo: float | None
    kl: float | None
    distortion: float | None
    nll_bound: float | None
    bits_per_dim: float | None
    active_units: int | None
    pca_mse: float | None
    pictures: int
    bound_samples: int | None
    mse_p99: float
    mu_mean: tuple[float, ...]
    mu_std: tuple[float, ...]
    kl_each: tuple[float, ...] | None
    active: tuple[bool, ...] | None

    def reported(self):
        """The columns of the table, as a dict."""
        columns = self._fields[: self._fields.index("pca_mse") + 1]
        return {name: getattr(self, name) for name in columns}


def _likelihood(model, x, k, generator):
    """(distortion (B,), kl (B, D), bound (B,)) in nats of pictures already binarised where that applies."""
    mu, logvar = model.encode(x)
    z = gaussian.sample(mu, logvar, torch.randn(mu.shape, generator=generator))
    cost = objectives.distortion(model, model.likelihood_parameters(z), x, discretised=True)
    bound = torch.cat([objectives.importance_bound(model, part, k, generator) for part in x.split(5)])
    return cost, gaussian.kl(mu, logvar), bound


@torch.no_grad()
def evaluate_model(library, pictures, domain, kind, latent_dim, beta=1.0, *, bound_samples=100, seed=0):
    """Evaluation of one model over Pictures; the randomness of binarisation and samples comes from the seed."""
    model = library.model(domain, kind, latent_dim, beta)
    noise = runtime.generator("evaluate", seed)
    compared = latent_dim <= max(library.dims(domain, "pca"), default=0)
    pca = library.model(domain, "pca", latent_dim) if compared else None
    errors, likenesses, codes, costs, rates, bounds, pca_errors = [], [], [], [], [], [], []
    for x in pictures.batches(BATCH):
        code = model.encode(x)
        x_hat = model.decode(code.mu)
        codes.append(code.mu)
        errors.append(metrics.mse(x_hat, x))
        likenesses.append(metrics.ssim(x_hat, x))
        if pca is not None:
            pca_errors.append(metrics.mse(pca(x).x_hat, x))
        if model.config.variational:
            seen = x
            if model.config.likelihood == "bernoulli":
                seen = (torch.rand(x.shape, generator=noise) < x).float()
            cost, rate, bound = _likelihood(model, seen, bound_samples, noise)
            costs.append(cost)
            rates.append(rate)
            bounds.append(bound)
    error, code = torch.cat(errors), torch.cat(codes)
    row = Evaluation(
        domain, kind, latent_dim, float(beta),
        parameters=_parameters(model),
        mse=error.mean().item(),
        psnr=metrics.psnr(error).mean().item(),
        ssim=torch.cat(likenesses).mean().item(),
        elbo=None, kl=None, distortion=None, nll_bound=None, bits_per_dim=None, active_units=None,
        pca_mse=torch.cat(pca_errors).mean().item() if pca is not None else None,
        pictures=len(pictures),
        bound_samples=None,
        mse_p99=torch.quantile(error, 0.99).item(),
        mu_mean=tuple(code.mean(0).tolist()),
        mu_std=tuple(code.std(0).tolist()),
        kl_each=None, active=None,
    )  # fmt: skip
    if not model.config.variational:
        return row
    cost, rate, bound = torch.cat(costs).mean().item(), torch.cat(rates).mean(0), torch.cat(bounds).mean().item()
    active = metrics.active_units(code)
    return row._replace(
        elbo=-(cost + rate.sum().item()),
        kl=rate.sum().item(),
        distortion=cost,
        nll_bound=bound,
        bits_per_dim=metrics.bits_per_dim(bound, model.config.shape),
        active_units=int(active.sum()),
        bound_samples=bound_samples,
        kl_each=tuple(rate.tolist()),
        active=tuple(active.tolist()),
    )


def _parameters(model):
    """Numbers a model holds: its weights, or of PCA its components and mean."""
    if model.config.kind == "pca":
        return model.mean.numel() + model.components.numel()
    return sum(p.numel() for p in model.parameters())


def targets(library, domain=None, kind=None, latent_dim=None, beta=None):
    """(domain, kind, latent_dim, beta) of the models that are to be evaluated; each None means all."""
    found = []
    for e in library.entries:
        dims = library.dims(e.domain, "pca") if e.kind == "pca" else [e.latent_dim]
        found += [(e.domain, e.kind, d, e.beta) for d in dims]
    wanted = (domain, kind, latent_dim, beta)
    return [t for t in found if all(w is None or w == value for w, value in zip(wanted, t, strict=True))]


def _rounded(value):
    """Six significant digits: enough for every use, a third of the bytes."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return [_rounded(v) for v in value] if isinstance(value, (list, tuple)) else value


def write_figures(folder, rows):
    """Add Evaluations to folder/figures.json, where the page finds them; what is there of other models stays."""
    path = Path(folder) / "figures.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for row in rows:
        known[figures_key(row.domain, row.kind, row.latent_dim, row.beta)] = {
            name: _rounded(value) for name, value in row._asdict().items()
        }
    body = ",\n".join(f"{json.dumps(key)}: {json.dumps(known[key])}" for key in sorted(known))
    write_atomic(path, f"{{\n{body}\n}}\n".encode())
    return known


def _cell(value, digits):
    return "" if value is None else f"{value:.{digits}f}"


def write_models_page(folder, library):
    """folder/MODELS.md: one table a domain, from figures.json and the records in the checkpoints."""
    known = json.loads((Path(folder) / "figures.json").read_text(encoding="utf-8"))
    records = {e.path: load_checkpoint(e.path)[2] for e in library.entries}
    lines = [
        "# The models that are shipped",
        "",
        "Generated by `python -m vaedemo evaluate --write`. Errors are on pixels in [0, 1], means over the test set; "
        "nats are per picture (digits: binarised anew each time; the others: 8-bit levels); the bound is "
        "importance-weighted with the number of samples in brackets. PCA has as many numbers, cut to [0, 1] too.",
    ]
    for domain in dict.fromkeys(e.domain for e in library.entries):
        row = library.domain(domain)
        lines += [
            "",
            f"## {domain}: {row.source}",
            "",
            "| model | d | parameters | MSE | / PCA | PSNR dB | SSIM | -ELBO | KL | bound (k) | bits/dim | active "
            "| epochs | minutes | hardware |",
            "|---|" + "---:|" * 13 + "---|",
        ]
        for e in (e for e in library.entries if e.domain == domain):
            for d in library.dims(domain, "pca") if e.kind == "pca" else [e.latent_dim]:
                f = known.get(figures_key(domain, e.kind, d, e.beta))
                if f is None:
                    continue
                record = records[e.path]
                name = e.kind + ("" if e.beta == 1 else f", beta {e.beta:g}")
                if record.get("started_from"):
                    name += f" (from {record['started_from']})"
                bound = "" if f["nll_bound"] is None else f"{f['nll_bound']:.2f} ({f['bound_samples']})"
                ratio = f["mse"] / f["pca_mse"] if f["pca_mse"] else None
                elbo = None if f["elbo"] is None else -f["elbo"]
                cells = [
                    name, str(d), f"{f['parameters']:,}", _cell(f["mse"], 5), _cell(ratio, 3), _cell(f["psnr"], 2),
                    _cell(f["ssim"], 3), _cell(elbo, 2), _cell(f["kl"], 2), bound, _cell(f["bits_per_dim"], 3),
                    "" if f["active_units"] is None else str(f["active_units"]),
                    f"{record['epochs']:g}", f"{record['seconds'] / 60:.1f}", record["hardware"],
                ]  # fmt: skip
                lines.append("| " + " | ".join(cells) + " |")
    write_atomic(Path(folder) / "MODELS.md", ("\n".join(lines) + "\n").encode())
