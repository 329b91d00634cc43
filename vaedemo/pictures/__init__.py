"""Anything a person brings -> one clean array, or one plain sentence."""

import logging

# What is wrong with a stranger's file is said to the stranger, not to the log.
for _library in ("imagecodecs", "tifffile"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)
