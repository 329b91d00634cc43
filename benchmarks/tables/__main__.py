"""make results: python -m benchmarks.tables"""

from .document import write

write()
