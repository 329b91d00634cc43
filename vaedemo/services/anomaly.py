"""How strange a picture is to a model: scores of several kinds, all of them higher for stranger pictures.

error, pca: what the model, or PCA with as many numbers, cannot reproduce. elbo, bound: how improbable the picture is.
distance, density: how far its code lies from where the codes of known pictures lie. typicality, joint and ratio repair
what is wrong with elbo: a model can find foreign pictures more probable than those it was trained on, if they are
simpler.
"""

import math
from collections.abc import Callable, Iterable
from functools import cached_property
from io import BytesIO
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vaedemo import runtime
from vaedemo.errors import ConfigError, UnknownModel
from vaedemo.maths import gaussian, metrics
from vaedemo.models import objectives
from vaedemo.pictures.draw import to_image
from vaedemo.store.inputs import checked_pictures
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.strangeness import Usual

__all__ = [
    "Judged",
    "LEAST_NORMAL",
    "Look",
    "MOST_NORMAL",
    "Normal",
    "SCORES",
    "Score",
    "best_score",
    "class_scores",
    "codes",
    "distances",
    "judge",
    "known_scores",
    "learn_normal",
    "learn_usual",
    "normal_key",
    "scores",
    "scores_of",
]

DRAWS = 8  # posterior samples over which -ELBO is averaged, the same for every picture
BOUND_DRAWS = 64  # samples of the importance-weighted bound
BATCH = 64  # pictures at once
LEAST_NORMAL, MOST_NORMAL = 20, 500  # pictures from which one's own normal is learnt
FEW_NUMBERS = 8
TINY = 1e-6  # added to a squared error before its logarithm


class Look:
    """A batch of pictures x (N, C, H, W) as a model sees it; each part is computed once, when it is first asked for.
    usual: what is Usual for the model, where that is known; levels: of a value, in a file of the pictures."""

    def __init__(
        self, library: Library, key: ModelKey, x: Tensor, usual: Usual | None = None, levels: int = 256
    ) -> None:
        self.library, self.key, self.x, self.usual, self.levels = library, key, x, usual, levels

    @cached_property
    def model(self) -> Any:
        return self.library.model(self.key)

    @cached_property
    def code(self) -> Any:
        """mu (N, D) and logvar, (N, D) or None."""
        return self.model.encode(self.x)

    @cached_property
    def x_hat(self) -> Tensor:
        """The reconstruction, (N, C, H, W)."""
        return self.model.decode(self.code.mu)

    @cached_property
    def error(self) -> np.ndarray:
        """Its mean squared error, (N,)."""
        return metrics.mse(self.x_hat, self.x).double().numpy()

    @cached_property
    def pca(self) -> np.ndarray:
        """That of PCA's with as many numbers, (N,)."""
        pca = self.library.model(self.key._replace(kind="pca", beta=1.0))
        return metrics.mse(pca.decode(pca.encode(self.x).mu), self.x).double().numpy()

    @cached_property
    def nats(self) -> np.ndarray:
        """-ELBO, (N,); of a Gaussian likelihood the discretised one."""
        mu, logvar = self.code
        eps = torch.randn(DRAWS, 1, mu.shape[1], generator=runtime.generator("reconstruct"))
        theta = self.model.likelihood_parameters(gaussian.sample(mu, logvar, eps).flatten(0, 1))
        costs = objectives.distortion(self.model, theta, self.x.repeat(DRAWS, 1, 1, 1), discretised=True)
        return (costs.unflatten(0, (DRAWS, -1)).mean(0) + gaussian.kl(mu, logvar).sum(1)).double().numpy()

    @cached_property
    def density(self) -> np.ndarray:
        """-log p(z) of the mixture in nats, (N,)."""
        return -self.library.mixture(self.key).log_prob(self.code.mu.double().numpy())

    @cached_property
    def files(self) -> np.ndarray:
        """Bits of a PNG file of each picture, (N,)."""
        return np.array([_png_bits(x, self.levels) for x in self.x.numpy()])

    @cached_property
    def statistics(self) -> np.ndarray:
        """float64 (N, 6): distortion and KL in nats, bits of a file, the log of both errors, -log p(z) in nats."""
        kl = gaussian.kl(*self.code).sum(1).double().numpy()
        errors = [np.log(error + TINY) for error in (self.error, self.pca)]
        return np.stack([self.nats - kl, kl, self.files, *errors, self.density], axis=1)

    @cached_property
    def coded(self) -> "Look":
        """The pictures whose bits -ELBO counts: of two levels where the model knows no more."""
        binary = self.model.config.likelihood == "bernoulli"
        return Look(self.library, self.key, (self.x > 0.5).float(), levels=2) if binary else self


def _bound(look: Look) -> np.ndarray:
    each = [
        objectives.importance_bound(look.model, x[None], BOUND_DRAWS, runtime.generator("bound")).item() for x in look.x
    ]
    return np.array(each)


def _distance(look: Look) -> np.ndarray:
    return look.library.mixture(look.key).distance(look.code.mu.double().numpy())


def _typicality(look: Look) -> np.ndarray:
    assert look.usual is not None  # scores_of asks first
    return np.abs(look.nats - look.usual.nats)


def _joint(look: Look) -> np.ndarray:
    assert look.usual is not None
    return _away(look.usual.mean, np.linalg.cholesky(look.usual.covariance.astype(float)), look.statistics)


def _ratio(look: Look) -> np.ndarray:
    return look.coded.nats / math.log(2) - look.coded.files


def _png_bits(x: np.ndarray, levels: int) -> int:
    image = to_image(x)
    if levels == 2 and image.mode == "L":
        image = image.convert("1", dither=Image.Dither.NONE)
    image.save(file := BytesIO(), "png", optimize=True)
    return 8 * len(file.getvalue())


class Score(NamedTuple):
    """of: a Look -> values (N,), higher for stranger pictures; unit: theirs; probable: whether a VAE is needed for it;
    mixture: whether one over the model's codes is."""

    of: Callable[[Look], np.ndarray]
    unit: str
    probable: bool = False
    mixture: bool = False


SCORES = {
    # Mean squared error of the reconstruction, and of PCA's with as many numbers.
    "error": Score(attrgetter("error"), "mean squared error"),
    # -ELBO, an upper bound on -log p(x), and the closer importance-weighted one (Burda et al. 2016). With a Bernoulli
    # likelihood they bound its mean over the binarisations of x.
    "elbo": Score(attrgetter("nats"), "nats", probable=True),
    "bound": Score(_bound, "nats", probable=True),
    # Mahalanobis distance of the mean code to the nearest Gaussian of the mixture (Lee et al. 2018), and -log p(z).
    "distance": Score(_distance, "standard deviations", mixture=True),
    "density": Score(attrgetter("density"), "nats", mixture=True),
    # |-ELBO - its mean over training pictures|: the typical set, for one picture (Nalisnick et al. 2019b, section 3).
    "typicality": Score(_typicality, "nats", probable=True),
    # Mahalanobis distance of six such figures together to those of training pictures (Morningstar et al. 2021).
    "joint": Score(_joint, "standard deviations", probable=True, mixture=True),
    # Bits by -ELBO less bits of a PNG file, a likelihood ratio to a general compressor (Serra et al. 2020). Where the
    # likelihood is Bernoulli, both are of the picture in two levels.
    "ratio": Score(_ratio, "bits", probable=True),
    "pca": Score(attrgetter("pca"), "mean squared error"),
}


def scores_of(library: Library, key: ModelKey, usual: Usual | None = None) -> list[str]:
    """The names of those SCORES that there are for a ModelKey's model; usual: what is for it, where the library does
    not know that."""
    variational, mixed = library.model(key).config.variational, library.has_mixture(key)
    have = {"pca": key.latent_dim in library.dims(key.domain, "pca")}
    have["typicality"] = usual is not None or library.reference(key) is not None
    have["joint"] = have["typicality"] and have["pca"]
    return [
        name
        for name, score in SCORES.items()
        if have.get(name, True) and (variational or not score.probable) and (mixed or not score.mixture)
    ]


def best_score(library: Library, key: ModelKey) -> str:
    """The score to begin with: joint where the model has that, else error."""
    return "joint" if "joint" in scores_of(library, key) else "error"


def _looks(library: Library, x: np.ndarray, key: ModelKey, usual: Usual | None = None) -> list[Look]:
    """A Look at every BATCH of pictures, checked."""
    return [Look(library, key, part, usual) for part in checked_pictures(x, library.domain(key.domain)).split(BATCH)]


@torch.no_grad()
def learn_usual(library: Library, x: np.ndarray, key: ModelKey) -> Usual:
    """What is Usual of training pictures x, float32 (N, C, H, W) in [0, 1], to a VAE with a mixture, PCA beside it; the
    covariance shrunk a little, so that few or equal pictures do."""
    looks = _looks(library, x, key)
    found = np.concatenate([look.statistics for look in looks])
    mean, factor = _fitted(found, np.maximum(found.std(0), TINY))
    return Usual(float(np.concatenate([look.nats for look in looks]).mean()), mean, factor @ factor.T)


@torch.no_grad()
def scores(
    library: Library, x: np.ndarray, key: ModelKey, names: Iterable[str] | None = None, usual: Usual | None = None
) -> dict[str, np.ndarray]:
    """{name of SCORES: float64 (N,)} of pictures x, float32 (N, C, H, W) in [0, 1], by a ModelKey's model; of the names
    asked for, or of all there are. A picture's scores do not depend on the pictures beside it. usual: what is for the
    model, where the library does not know that."""
    have, reference = scores_of(library, key, usual), library.reference(key)
    wanted = have if names is None else list(names)
    for name in wanted:
        if name not in have:
            raise ConfigError(f"there is no score {name!r} of {key}; choose from {', '.join(have)}")
    known = usual or (reference and reference.usual)
    return _of_looks(_looks(library, x, key, known), wanted)


def _of_looks(looks: list[Look], names: list[str]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([SCORES[name].of(look) for look in looks]) for name in names}


def known_scores(library: Library, key: ModelKey, name: str) -> np.ndarray | None:
    """A score of the known pictures, test pictures of the domain, float32 (N,); None where it was not derived."""
    reference = library.reference(key)
    return None if reference is None else reference.scores.get(key.domain, {}).get(name)


@torch.no_grad()
def codes(library: Library, x: np.ndarray, key: ModelKey) -> np.ndarray:
    """Mean codes, float32 (N, D), of pictures x, float32 (N, C, H, W) in [0, 1]."""
    return np.concatenate([look.code.mu.numpy() for look in _looks(library, x, key)])


class Judged(NamedTuple):
    """A picture as a model sees it: {name of SCORES: value} of all there are; class_scores, {name: (K,)}; its code and
    log error, (D + 1,), from which distances to what is Normal are taken; x_hat (C, H, W); and what the decoder makes
    of the codes of the known pictures nearest to it, (n, C, H, W), the nearest first, none where none are kept."""

    scores: dict[str, float]
    of_classes: dict[str, np.ndarray]
    seen: np.ndarray
    x_hat: np.ndarray
    nearest: np.ndarray


@torch.no_grad()
def judge(library: Library, x: np.ndarray, key: ModelKey, nearest: int = 0) -> Judged:
    """What a model makes of one picture x, float32 (C, H, W) in [0, 1]."""
    reference = library.reference(key)
    (look,) = _looks(library, x[None], key, reference and reference.usual)
    found = {name: float(values[0]) for name, values in _of_looks([look], scores_of(library, key)).items()}
    z = look.code.mu
    own = np.zeros((0, z.shape[1]), np.float32)
    if reference is not None and reference.known is not None:
        kept = reference.known.codes
        own = kept[np.argsort(((kept - z.numpy()) ** 2).sum(1), kind="stable")[:nearest]]
    near = look.model.decode(torch.from_numpy(own)).numpy() if len(own) else np.zeros((0, *x.shape), np.float32)
    of_classes = {name: values[0] for name, values in class_scores(library, z.numpy(), key).items()}
    return Judged(found, of_classes, _rows_of(z.numpy(), look.error)[0], look.x_hat[0].numpy(), near)


def class_scores(library: Library, z: np.ndarray, key: ModelKey) -> dict[str, np.ndarray]:
    """distance and density of codes z (N, D) by the mixture of each class of training pictures alone, {name: float64
    (N, K)}; nothing where the classes have none."""
    if not library.has_mixture(key):
        return {}
    try:
        mixtures = [library.mixture(key, c) for c in range(len(library.domain(key.domain).classes))]
    except UnknownModel:
        return {}
    z = z.astype(float)
    found = {"distance": [m.distance(z) for m in mixtures], "density": [-m.log_prob(z) for m in mixtures]}
    return {name: np.stack(values, axis=1) for name, values in found.items() if values}


def normal_key(library: Library, domain: str, kind: str | None, latent_dim: int | None, beta: float) -> ModelKey:
    """The ModelKey of a choice, as Library.key, for learn_normal: a latent dimension left out is the one closest to 8,
    with which 20 to 500 digits or clothes of one class were told best from the others."""
    key = library.key(domain, kind, latent_dim, beta)
    dims = library.dims(domain, key.kind, beta)
    return key if latent_dim or not dims else key._replace(latent_dim=min(dims, key=lambda d: abs(d - FEW_NUMBERS)))


class Normal(NamedTuple):
    """What is usual among some pictures to the model of a key: mean (D + 1,) and factor, the lower Cholesky factor of
    the covariance, of code and log error together; left_out (N,): how far each picture is from the others."""

    key: ModelKey
    mean: np.ndarray
    factor: np.ndarray
    left_out: np.ndarray


@torch.no_grad()
def learn_normal(library: Library, x: np.ndarray, key: ModelKey) -> Normal:
    """Normal of 20 to 500 pictures x, float32 (N, C, H, W) in [0, 1]. The covariance is shrunk towards a sphere, which
    fewer pictures than numbers are enough for (Ledoit & Wolf 2004)."""
    count = len(checked_pictures(x, library.domain(key.domain)))
    if not LEAST_NORMAL <= count <= MOST_NORMAL:
        raise ConfigError(
            f"the number of normal pictures is {count}; give {LEAST_NORMAL} to {MOST_NORMAL} that show what is normal"
        )
    seen = _seen_as(library, x, key)
    scale = np.maximum(seen.std(0), TINY)  # shrinking adds as much to every number
    left_out = [_away(*_fitted(np.delete(seen, i, 0), scale), seen[i : i + 1])[0] for i in range(count)]
    return Normal(key, *_fitted(seen, scale), np.array(left_out))


@torch.no_grad()
def distances(library: Library, normal: Normal, x: np.ndarray) -> np.ndarray:
    """How far pictures x, float32 (M, C, H, W) in [0, 1], are from what is Normal, (M,), in standard deviations."""
    return _away(normal.mean, normal.factor, _seen_as(library, x, normal.key))


def _seen_as(library: Library, x: np.ndarray, key: ModelKey) -> np.ndarray:
    """float64 (N, D + 1): code and log error of each picture."""
    return np.concatenate([_rows_of(look.code.mu.numpy(), look.error) for look in _looks(library, x, key)])


def _rows_of(codes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return np.c_[codes.astype(float), np.log(errors.astype(float) + TINY)]


def _fitted(seen: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(seen / scale)
    return seen.mean(0), np.linalg.cholesky(covariance + TINY * np.eye(len(scale))) * scale[:, None]


def _away(mean: np.ndarray, factor: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.linalg.solve(factor, (seen - mean).T), axis=0)
