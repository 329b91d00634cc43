"""Models: one kind a file, registered in registry.MODELS."""

from vaedemo.models.registry import CONFIGS, MODELS, build_model

__all__ = ["CONFIGS", "MODELS", "build_model"]
