"""Results files as tables: what a benchmark prints, and what `make results` writes into docs/RESULTS.md and README.md.

Pure Python, so that the papers are written without torch, and so that each bar and each row stands in one place.
"""
