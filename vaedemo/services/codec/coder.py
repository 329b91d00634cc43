"""Integers to bytes and back, by asymmetric numeral systems (ANS: Duda 2013; the package constriction).

ANS is a stack: what is decoded first was pushed last. The file holds the words from the stack's top, so that a file
that ends early has lost only what is decoded last.
"""

from typing import Any

import constriction
import numpy as np

from vaedemo.errors import CodecError
from vaedemo.services.codec.tables import PRECISION, Tables

__all__ = ["Decoder", "Encoder"]

_LARGEST = 24  # bits of what an integer beyond its table may exceed it by


def _groups(index: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """[(scale's index, places)] of integers, those of one scale together."""
    order = np.argsort(index, kind="stable")
    starts = np.flatnonzero(np.diff(index[order], prepend=-1))
    return [(int(index[places[0]]), places) for places in np.split(order, starts[1:]) if len(places)]


def _uniform(bits: int) -> Any:
    return constriction.stream.model.Uniform(2**bits)


class Encoder:
    """Collects integers in the order of decoding; `finish` gives the bytes."""

    def __init__(self) -> None:
        self._pushes: list[tuple[np.ndarray | int, Any]] = []

    def integers(self, values: np.ndarray, index: np.ndarray, tables: Tables) -> np.ndarray:
        """Take integers (n,), each by the table of its scale's index (n,); their bits, float64 (n,)."""
        cost = np.empty(len(values))
        for i, places in _groups(index):
            table, those = tables(i), values[places]
            symbols = np.where(np.abs(those) <= table.bound, those + table.bound, 2 * table.bound + 1)
            self._pushes.append((symbols.astype(np.int32), table.model))
            cost[places] = PRECISION - np.log2(table.counts[symbols])
            for place in places[symbols > 2 * table.bound]:
                cost[place] += self._beyond(int(values[place]), table.bound)
        return cost

    def _beyond(self, value: int, bound: int) -> int:
        """Sign, number of bits, and bits of what exceeds the bound; how many bits that takes."""
        excess = abs(value) - bound
        bits = excess.bit_length() - 1
        self._pushes += [(int(value < 0), _uniform(1)), (bits, _uniform(5))]
        for first in range(0, bits, 12):
            some = min(12, bits - first)
            self._pushes.append((excess >> first & (1 << some) - 1, _uniform(some)))
        return 6 + bits

    def finish(self) -> bytes:
        coder = constriction.stream.stack.AnsCoder()
        for symbols, model in reversed(self._pushes):
            coder.encode_reverse(symbols, model)
        return coder.get_compressed()[::-1].astype("<u4").tobytes()


class Decoder:
    """Gives the integers back, in the order in which an Encoder took them."""

    def __init__(self, payload: bytes) -> None:
        words = np.frombuffer(payload[: len(payload) // 4 * 4], "<u4").astype(np.uint32)
        if len(words) and not words[0]:
            raise CodecError("The file is damaged; get another copy of it.")
        self._coder = constriction.stream.stack.AnsCoder(np.ascontiguousarray(words[::-1]))

    @property
    def empty(self) -> bool:
        """Whether all words are used: what is decoded from here on may be wrong where the file was cut."""
        return self._coder.pos()[0] == 0

    def integers(self, index: np.ndarray, tables: Tables) -> np.ndarray:
        """int64 (n,)."""
        values = np.empty(len(index), np.int64)
        for i, places in _groups(index):
            table = tables(i)
            those = self._coder.decode(table.model, len(places)).astype(np.int64) - table.bound
            for place in np.flatnonzero(those > table.bound):
                those[place] = self._beyond(table.bound)
            values[places] = those
        return values

    def _beyond(self, bound: int) -> int:
        negative, bits = self._coder.decode(_uniform(1)), int(self._coder.decode(_uniform(5)))
        bits = min(bits, _LARGEST)  # more are only read where the words have ended
        excess = 1 << bits
        for first in range(0, bits, 12):
            excess |= int(self._coder.decode(_uniform(min(12, bits - first)))) << first
        return (-1 if negative else 1) * (bound + excess)
