"""What `train --all` makes: one Recipe for each shipped model, derived from the rows of SIZED, cheapest first."""

from typing import NamedTuple

from vaedemo.configs import RESTORING, ModelConfig, TrainConfig
from vaedemo.data.domains import SIZED, get_domain
from vaedemo.models.describe import cost
from vaedemo.store.key import ModelKey

__all__ = ["Recipe", "recipe", "recipes", "restore_recipe"]

PICTURES = {"objects": 50_000}  # in the training set; 60,000 elsewhere
BATCH, LR = 128, 6e-3  # smaller steps at a higher rate than the usual 256 at 0.002: chosen on short runs
RESTORE_EPOCHS, RESTORE_LR = {"digits": 10, "fashion": 10, "objects": 8, "shapes": 5}, 3e-3


class Recipe(NamedTuple):
    """A model to train: where it goes, how, and the file its first weights are taken from (or None)."""

    domain: str
    model: ModelConfig
    train: TrainConfig
    start: str | None

    @property
    def file(self):
        return ModelKey(self.domain, self.model.kind, self.model.latent_dim, self.model.beta).file

    @property
    def cost(self):
        """Multiply-accumulates of the whole run: forward once, backward twice."""
        if self.model.kind == "pca":
            return 0
        return 3 * cost(self.model) * PICTURES.get(self.domain, 60_000) * self.train.epochs


def restore_recipe(domain):
    """The Recipe of the conditional VAE of a domain."""
    row = get_domain(domain)
    model = ModelConfig(
        kind="conditional", latent_dim=32, channels=row.channels, size=row.size, widths=(32, 48), hidden=96, neck=6
    )
    return Recipe(domain, model, TrainConfig(epochs=RESTORE_EPOCHS[domain], batch_size=BATCH, lr=RESTORE_LR), None)


def recipe(domain, kind, latent_dim, beta=1.0):
    """The Recipe of one model of a domain.

    A domain's anchor dimension is trained from scratch, as are the smallest ones, whose codes are organised otherwise;
    the other dimensions and betas start from the anchor's weights wherever the shapes fit, and so need fewer epochs.
    """
    if kind in RESTORING:
        return restore_recipe(domain)
    row = get_domain(domain)
    model = row.model_config(kind, latent_dim, beta)
    start = None
    compared = beta != 1 and row.beta_sigma  # with beta 1, which had nothing to start from
    anchored = kind in ("ae", "vae") and row.anchor and latent_dim > row.scratch
    if anchored and (latent_dim, beta) != (row.anchor, 1.0) and not compared:
        start = ModelKey(domain, kind, row.anchor).file
    epochs = row.epochs_of(kind, latent_dim, beta)
    return Recipe(domain, model, TrainConfig(epochs=epochs, batch_size=BATCH, lr=LR), start)


def recipes(domains=None):
    """Recipes of the named domains (all by default), each after the one it starts from, otherwise cheapest first."""
    wanted = []
    for name in domains or SIZED:
        row = get_domain(name)
        wanted.append(recipe(name, "pca", max(row.latent_dims)))
        wanted += [recipe(name, "dense", d) for d in row.dense_dims]
        for kind in ("ae", "vae"):
            wanted += [recipe(name, kind, d) for d in row.latent_dims]
        wanted += [recipe(name, "vae", d, beta) for d, betas in row.betas.items() for beta in betas]
    wanted.sort(key=lambda r: r.cost)
    ordered, done = [], set()
    while wanted:
        ready = next(r for r in wanted if r.start is None or (r.domain, r.start) in done)
        wanted.remove(ready)
        ordered.append(ready)
        done.add((ready.domain, ready.file))
    return ordered
