"""Measures and distributions: pure functions of tensors and arrays."""
