"""make figures: python -m benchmarks.figures"""

from .drawing import write

write()
