"""Drawn answers: results files as figures for a projector, docs/questions/*.svg, which docs/QUESTIONS.md shows.

python -m benchmarks.figures, or `make figures`. A figure has axes with units, bars of one standard error, the page's
colours on white, and a title that states what was found; FINDINGS of each module are those statements, which a test
holds against the results file.
"""

from . import beta, dimension, trainingset

FIGURES = (dimension.FIGURE, beta.FIGURE, trainingset.FIGURE)
