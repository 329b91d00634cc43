"""Endpoints of generation: sample, arithmetic."""

from collections.abc import Callable
from typing import Any

from vaedemo.services import generate
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import key_of, prepared, whole
from vaedemo.ui.server.service import Service

__all__ = ["functions"]

MAX_SAMPLES = 100


def functions(service: Service) -> tuple[Callable[..., Any], ...]:
    """sample and arithmetic over a Service."""
    library = service.library

    def sample(
        domain: str = "",
        kind: str = "",
        latent_dim: int = 32,
        prior: str = "",
        n: int = 16,
        seed: int = 0,
        temperature: float = 1.0,
        label: int | None = None,
    ) -> dict:
        """Pictures that a model makes. domain: digits, fashion, objects, shapes. kind: ae, vae, dense, pca, or ""
        for vae, or where a domain has none for what it has. prior:
        normal (N(0, I)), mixture (of Gaussians fitted to the codes; ae and vae), gaussian (pca), or "" for the best of
        the kind. n: 1 to 100. temperature: 0 to 5. label: the number of a class, of a mixture only. Gives n pictures as
        PNG data URIs, their codes z, and the class and confidence that a small classifier finds in each."""
        row = library.domain(library.modelled("digits") if domain == "" else domain)
        key = key_of(service, row.name, kind, latent_dim, 1.0)
        chosen = None if label is None else whole(label, "label", 0, len(row.classes) - 1)
        count, start = whole(n, "n", 1, MAX_SAMPLES), whole(seed, "seed", 0, wire.MAX_SEED)
        prior = prior or generate.best_prior(library, key.domain, key.kind)
        with service.models_turn:
            samples = generate.generate(library, key, prior, count, start, temperature, chosen, judged=True)
        return {
            "domain": row.name,
            "kind": key.kind,
            "latent_dim": key.latent_dim,
            "prior": prior,
            "pictures": wire.pngs(samples.x_hat),
            "z": [wire.rounded(z, 7) for z in samples.z],
            "classes": None if samples.label is None else [row.classes[i] for i in samples.label],
            "confidence": wire.rounded(samples.confidence),
        }

    def arithmetic(
        a: str | dict | list,
        b: str | dict | list,
        c: str | dict | list,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 32,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """A - B + C with pictures: their codes combined, and the picture of the result. a, b, c: pictures in any form
        that reconstruct takes. domain: "" for the one that picture a suits. Gives x (what the model saw of each) and
        x_hat as PNG data URIs, and the code z of the result."""
        first = prepared(service, a, domain, fit, polarity)
        key = key_of(service, first.row.name, kind, latent_dim, beta)
        xs = [first.x, *(prepared(service, picture, key.domain, fit, polarity).x for picture in (b, c))]
        with service.models_turn:
            _, z, x_hat = generate.arithmetic(library, xs, key)
        return {"domain": key.domain, "x": wire.pngs(xs), "x_hat": wire.png(x_hat), "z": wire.rounded(z, 7)}

    return (sample, arithmetic)
