"""Damaged pictures restored, by networks and by the classical methods."""
