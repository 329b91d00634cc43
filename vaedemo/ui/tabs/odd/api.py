"""Endpoint of anomaly detection: score."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaedemo.maths import detection
from vaedemo.services import anomaly
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import key_of, prepared, whole
from vaedemo.ui.server.service import Service

__all__ = ["functions"]


def functions(service: Service) -> tuple[Callable[..., Any], ...]:
    """score over a Service."""
    library = service.library

    def score(
        picture: str | dict | list,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 0,
        beta: float = 1.0,
        false_alarms: float = 0.01,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """How strange a picture is to a model. picture: in any form that reconstruct takes. domain: what the model
        knows: digits, fashion, objects, shapes, or "" for what the picture suits. kind: ae, vae, dense, pca, or "" for
        vae, or where a domain has none for what it has. latent_dim: 0 for the largest. Gives every score there is of
        the model, higher for stranger pictures, the one to begin with first: name, value, unit; where scores of known
        pictures are kept, share (of known pictures at least as strange), threshold (above which at most false_alarms
        of them are) and strange (whether the value is above it), else null."""
        wire.number({"false_alarms": false_alarms}, "false_alarms", 0.001, 0.999)
        whole(latent_dim, "latent_dim", 0, 4096)
        seen = prepared(service, picture, domain, fit, polarity)
        chosen = latent_dim or library.key(seen.row.name, kind if isinstance(kind, str) else None, None, 1.0).latent_dim
        key = key_of(service, seen.row.name, kind, chosen, beta)
        with service.models_turn:
            found = anomaly.scores(library, seen.x[None], key)
            best = anomaly.best_score(library, key)
        rows = [
            told(name, values[0], anomaly.known_scores(library, key, name), false_alarms)
            for name, values in found.items()
        ]
        rows.sort(key=lambda row: row["name"] != best)
        return {**key._asdict(), "scores": rows}

    def told(name: str, value: float, known: np.ndarray | None, false_alarms: float) -> dict[str, Any]:
        row = {"name": name, "value": wire.rounded(value), "unit": anomaly.SCORES[name].unit}
        if known is None:
            return row | {"share": None, "threshold": None, "strange": None}
        limit = detection.threshold(known, false_alarms)
        share = detection.stranger_share(known, value)
        return row | {
            "share": wire.rounded(share),
            "threshold": wire.rounded(limit),
            "strange": bool(value > limit),
        }

    return (score,)
