"""Endpoints of the latent space: walk, traverse, map."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vaedemo.services import walk as latent
from vaedemo.store import maps
from vaedemo.store.key import ModelKey
from vaedemo.store.library import encode
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import key_of, prepared, whole
from vaedemo.ui.server.service import Service

__all__ = ["functions"]


def functions(service: Service) -> tuple[Callable[..., Any], ...]:
    """walk, traverse and map over a Service."""
    library = service.library

    def codes(
        sources: Sequence[Any], domain: str, kind: str, latent_dim: int, beta: float, fit: str, polarity: str
    ) -> tuple[list[np.ndarray], ModelKey]:
        """(codes, ModelKey) of pictures and codes, which are lists of numbers, not of rows; a latent_dim of 0 is the
        first code's length, or the domain's largest."""
        asked = whole(latent_dim, "latent_dim", 0, 4096)
        wire.model_key(domain, kind, asked or 1, beta)  # refused before a picture is fetched
        given: list[Any] = []
        name = domain
        for source in sources:
            if isinstance(source, list) and source and not any(isinstance(part, list) for part in source):
                given.append(wire.numbers(source))
            else:
                given.append(seen := prepared(service, source, name, fit, polarity))
                name = seen.row.name
        d = asked or next((len(code) for code in given if isinstance(code, np.ndarray)), None)
        key = library.key(library.domain(name or library.modelled("digits")).name, kind, d, beta)
        with service.models_turn:
            return [one if isinstance(one, np.ndarray) else encode(library, one.x, key)[0] for one in given], key

    def walk(
        start: str | dict | list,
        end: str | dict | list,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 0,
        beta: float = 1.0,
        steps: int = 11,
        path: str = "straight",
        animation: str = "",
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """What lies between two pictures or codes. start, end: a list of numbers is a code; else a picture in any form
        that reconstruct takes. domain: "" for the one that the first picture suits, digits for codes. latent_dim: 0 for
        a code's length, else the domain's largest. steps: 2 to 128 pictures, ends included. path: straight, or
        spherical, on the arc about the origin. Gives the codes z, their pictures as PNG data URIs and step_mse, the
        mean squared difference of neighbours; and with animation "gif" or "webp" that, there and back."""
        if not isinstance(path, str) or animation not in ("", "gif", "webp"):
            raise wire.RequestError('path has to be a text, and animation "gif", "webp" or ""')
        n = whole(steps, "steps", 2, latent.MAX_STEPS)
        (a, b), key = codes((start, end), domain, kind, latent_dim, beta, fit, polarity)
        with service.models_turn:
            found = latent.walk(library, a, b, key, n, path)
        moving = None
        if animation:
            data = base64.b64encode(latent.animation(found.x_hat, animation.upper())).decode()
            moving = f"data:image/{animation};base64,{data}"
        return {
            **key._asdict(),
            "z": [wire.rounded(z, 7) for z in found.z],
            "pictures": wire.pngs(found.x_hat),
            "step_mse": wire.rounded(found.step_mse),
            "animation": moving,
        }

    def traverse(
        picture: str | dict | list | None = None,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 0,
        beta: float = 1.0,
        span: float = 3.0,
        steps: int = 9,
        rows: int = 10,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """One number of a code changed at a time, the most important first. picture: where to start, a picture or a
        code as for walk, or null for the origin (the mean code of a model without a prior). span: how far to either
        side, in sigmas of the prior, without one in standard deviations of the code. steps: 2 to 128 values a row.
        Gives dims, the numbers that change, from 0; of each the values, the pictures as PNG data URIs, its importance
        in `unit` (nats: mean KL of a vae; variance: of the code) and whether it is active; and z, the start."""
        n, most = whole(steps, "steps", 2, latent.MAX_STEPS), whole(rows, "rows", 1, 100)
        sources = () if picture is None else (picture,)
        start, key = codes(sources, domain, kind, latent_dim, beta, fit, polarity)
        with service.models_turn:
            found = latent.traverse(library, start[0] if start else None, key, span=span, n=n, rows=most)
        known = found.importance
        return {
            **key._asdict(),
            "z": wire.rounded(found.z, 7),
            "dims": found.dims.tolist(),
            "values": [wire.rounded(v) for v in found.values],
            "pictures": [wire.pngs(row) for row in found.x_hat],
            "unit": known.unit,
            "importance": wire.rounded(known.value[found.dims]),
            "active": known.active[found.dims].tolist(),
        }

    def map(domain: str = "", kind: str = "", latent_dim: int = 2, beta: float = 1.0) -> dict:
        """Where the test pictures lie in a latent space. kind: ae or vae. latent_dim: 2, or more: then in the plane of
        the codes' two leading principal components, point = components (code - mean), with `explained`, their shares of
        the variance. Gives points, rows of two coordinates in the order of the test set, labels, the number of each
        one's class, classes, their names; of 2 dimensions also low and high, the corners of the map that the page
        draws, and for a vae sigma, the median of the posteriors' standard deviations."""
        row = library.domain(library.modelled("digits") if domain == "" else domain)
        key = key_of(service, row.name, kind, latent_dim, beta)
        library.model(key)  # UnknownModel, if there is none
        folder = library.folder / maps.FOLDER
        if key.latent_dim == 2:
            low, high, points, labels, sigma, _ = maps.read_map(folder, row.name, key.kind)
            own = {"low": wire.rounded(low), "high": wire.rounded(high), "sigma": wire.rounded(sigma)}
        else:
            mean, axes, explained, points, labels = maps.read_plane(folder, key)
            own = {"mean": wire.rounded(mean), "components": [wire.rounded(axis) for axis in axes]}
            own["explained"] = wire.rounded(explained, 4)
        return {
            **key._asdict(),
            **own,
            "points": [wire.rounded(p) for p in points],
            "labels": labels.tolist(),
            "classes": list(row.classes),
        }

    return walk, traverse, map
