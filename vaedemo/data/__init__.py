"""Domains, their sets of pictures, and how pictures are damaged."""
