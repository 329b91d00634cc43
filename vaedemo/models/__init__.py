"""Models: one kind a file, registered in registry.MODELS."""

from vaedemo.models.registry import MODELS, build_model

__all__ = ["MODELS", "build_model"]
