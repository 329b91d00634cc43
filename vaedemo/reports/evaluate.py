"""Tables from the services: every figure of a model over its test set, and the pages made from them."""

import json
from pathlib import Path
from typing import NamedTuple

import torch

from vaedemo import runtime
from vaedemo.maths import gaussian, metrics
from vaedemo.models import objectives
from vaedemo.store.checkpoints import load_checkpoint, write_atomic
from vaedemo.store.key import ModelKey

__all__ = ["Evaluation", "Likelihood", "evaluate_model", "likelihood", "targets", "write_figures", "write_models_page"]

BATCH = 500
DECODED = 5  # pictures of which the samples of the bound are decoded together


class Evaluation(NamedTuple):
    """One model over a test set. mse, psnr (dB), ssim: means over the pictures, of the reconstruction from the mean
    code. elbo = -(distortion + kl), nll_bound (importance-weighted, bound_samples samples) in nats a picture, the
    Gaussian likelihood discretised to 8 bits; bits_per_dim from nll_bound. None where a figure does not apply. The
    rest is what the page draws: the 99th percentile of the pictures' mse, mean and standard deviation of each number
    of the code, kl of each, whether it is active. All that a VAE's posterior tells (elbo, kl, distortion, bound,
    active units, mean and standard deviation of the code) is of the pictures of likelihood(), which are binarised
    where it is Bernoulli; the errors are of the grey pictures, as the page shows them and as PCA has them."""

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


class Likelihood(NamedTuple):
    """What a VAE says of N pictures, in nats a picture: distortion (N,), kl (N, D), bound (N,), the importance-weighted
    one; mu (N, D), the means of the posteriors. Negative ELBO (N,) = distortion + kl.sum(1)."""

    distortion: torch.Tensor
    kl: torch.Tensor
    bound: torch.Tensor
    mu: torch.Tensor

    @property
    def negative_elbo(self):
        return self.distortion + self.kl.sum(1)


@torch.no_grad()
def likelihood(model, pictures, k, seed=0):
    """Likelihood of Pictures with a bound of k samples. Where the likelihood is Bernoulli all of it is of the pictures
    binarised once by the seed (dynamically binarised, as Burda et al. 2016); a Gaussian one is discretised to 8 bits.
    Only the bound depends on k."""
    binary, single, many = (runtime.generator(name, seed) for name in ("binarise", "posterior", "bound"))
    parts = []
    for x in pictures.batches(DECODED):
        if model.config.likelihood == "bernoulli":
            x = (torch.rand(x.shape, generator=binary) < x).float()
        mu, logvar = model.encode(x)
        z = gaussian.sample(mu, logvar, torch.randn(mu.shape, generator=single))
        cost = objectives.distortion(model, model.likelihood_parameters(z), x, discretised=True)
        bound = objectives.importance_bound(model, x, k, many)
        parts.append((cost, gaussian.kl(mu, logvar), bound, mu))
    return Likelihood(*map(torch.cat, zip(*parts, strict=True)))


@torch.no_grad()
def evaluate_model(library, pictures, key, *, bound_samples=50, seed=0):
    """Evaluation of a ModelKey's model over Pictures; the randomness of binarisation and samples is the seed's."""
    model = library.model(key)
    compared = key.latent_dim <= max(library.dims(key.domain, "pca"), default=0)
    pca = library.model(ModelKey(key.domain, "pca", key.latent_dim)) if compared else None
    errors, likenesses, codes, pca_errors = [], [], [], []
    for x in pictures.batches(BATCH):
        code = model.encode(x)
        x_hat = model.decode(code.mu)
        codes.append(code.mu)
        errors.append(metrics.mse(x_hat, x))
        likenesses.append(metrics.ssim(x_hat, x))
        if pca is not None:
            pca_errors.append(metrics.mse(pca(x).x_hat, x))
    error, code = torch.cat(errors), torch.cat(codes)
    told = likelihood(model, pictures, bound_samples, seed) if model.config.variational else None
    code = code if told is None else told.mu
    row = Evaluation(
        *key,
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
        mu_std=tuple((code.std(0) if len(code) > 1 else torch.zeros(key.latent_dim)).tolist()),
        kl_each=None, active=None,
    )  # fmt: skip
    if told is None:
        return row
    cost, rate, bound = told.distortion.mean().item(), told.kl.mean(0), told.bound.mean().item()
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
    """ModelKeys of the models that are to be evaluated, sorted; each None means all."""
    wanted = (domain, kind, latent_dim, beta)
    found = sorted(library.model_keys())
    return [key for key in found if all(w is None or w == value for w, value in zip(wanted, key, strict=True))]


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
        known[str(ModelKey(*row[:4]))] = {name: _rounded(value) for name, value in row._asdict().items()}
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
        "Generated by `python -m vaedemo evaluate --write`. Errors (MSE, PSNR, SSIM) are on pixels in [0, 1], means "
        "over the test set, of the pictures as they are. -ELBO, KL, bound and active units of a VAE are in nats a "
        "picture and all of one input: of digits the test pictures binarised by a fixed seed, of the others their "
        "8-bit levels. The bound is importance-weighted with the number of samples in brackets; a unit is active if "
        "the variance of its posterior mean over the test set exceeds 0.01. PCA has as many numbers, cut to [0, 1] "
        "too.",
    ]
    for domain in dict.fromkeys(e.key.domain for e in library.entries):
        row = library.domain(domain)
        lines += [
            "",
            f"## {domain}: {row.source}",
            "",
            "| model | d | parameters | MSE | / PCA | PSNR dB | SSIM | -ELBO | KL | bound (k) | bits/dim | active "
            "| epochs | minutes | hardware |",
            "|---|" + "---:|" * 13 + "---|",
        ]
        for e in (e for e in library.entries if e.key.domain == domain):
            for d in library.dims(domain, "pca") if e.key.kind == "pca" else [e.key.latent_dim]:
                f = known.get(str(e.key._replace(latent_dim=d)))
                if f is None:
                    continue
                record = records[e.path]
                name = e.key.kind + ("" if e.key.beta == 1 else f", beta {e.key.beta:g}")
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
