"""Anything a person brings -> one clean array, or one plain sentence."""
