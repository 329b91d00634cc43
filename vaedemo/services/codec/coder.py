"""Integers to bytes and back, by asymmetric numeral systems (ANS: Duda 2013), or where they are few by a range coder
(Martin 1979); both of the package constriction.

ANS is a stack: what is popped first was pushed last. Files hold its words from the top, so that a file that ends early
has lost only what is popped last.
"""

import contextlib
import math
from typing import Any

import constriction
import numpy as np

from vaedemo.errors import CodecError
from vaedemo.models.entropy import PRECISION
from vaedemo.services.codec.tables import Tables

__all__ = ["Encoder", "Push", "Queue", "Stack", "shortest"]

_LENGTH, _CHUNK = 5, 12  # bits of the number of bits of what an integer exceeds its table by; how many at a time
_LARGEST = 2**_LENGTH - 1  # of those bits; bits back pops integers out of any bits, and has to push all of them again

Push = tuple[Any, ...]  # symbols, their model, and its parameters: what AnsCoder.encode_reverse takes


def _groups(index: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """[(scale's index, places)] of integers, those of one scale together."""
    order = np.argsort(index, kind="stable")
    starts = np.flatnonzero(np.diff(index[order], prepend=-1))
    return [(int(index[places[0]]), places) for places in np.split(order, starts[1:]) if len(places)]


def _uniform(bits: int) -> Any:
    return constriction.stream.model.Uniform(2**bits)


def _beyond(value: int, bound: int) -> tuple[list[Push], int]:
    """Sign, number of bits, and bits of what exceeds the bound; and how many bits that takes."""
    excess = abs(value) - bound
    bits = excess.bit_length() - 1
    assert bits <= _LARGEST, "latents are far smaller"
    pushes: list[Push] = [(int(value < 0), _uniform(1)), (bits, _uniform(_LENGTH))]
    for first in range(0, bits, _CHUNK):
        some = min(_CHUNK, bits - first)
        pushes.append((excess >> first & (1 << some) - 1, _uniform(some)))
    return pushes, 1 + _LENGTH + bits


def _pushes(values: np.ndarray, index: np.ndarray, tables: Tables) -> tuple[list[Push], np.ndarray]:
    """What integers (n,), each by the table of its scale's index (n,), are to the coder, in the order of popping; and
    the bits of each, float64 (n,)."""
    pushes, cost = list[Push](), np.empty(len(values))
    for i, places in _groups(index):
        table, those = tables(i), values[places]
        symbols = np.where(np.abs(those) <= table.bound, those + table.bound, 2 * table.bound + 1)
        pushes.append((symbols.astype(np.int16), table.model))  # they wait for all others, of 12 megapixels 15 million
        cost[places] = PRECISION - np.log2(table.counts[symbols])
        for place in places[symbols > 2 * table.bound]:
            more, bits = _beyond(int(values[place]), table.bound)
            pushes += more
            cost[place] += bits
    return pushes, cost


def _whole(push: Push) -> Push:
    """A push as constriction takes it: symbols of 32 bits."""
    symbols, *model = push
    return (symbols.astype(np.int32) if isinstance(symbols, np.ndarray) else symbols, *model)


class _Decoder:
    """Pops what was pushed."""

    _coder: Any

    def get(self, *model: Any) -> Any:
        """Pop what was put: a model, and its parameters or how many symbols."""
        return self._coder.decode(*model)

    def pop(self, index: np.ndarray, tables: Tables) -> np.ndarray:
        """Integers int64 (n,), each by the table of its scale's index (n,)."""
        values = np.empty(len(index), np.int64)
        for i, places in _groups(index):
            table = tables(i)
            those = self.get(table.model, len(places)).astype(np.int64) - table.bound
            for place in np.flatnonzero(those > table.bound):
                those[place] = self._pop_beyond(table.bound)
            values[places] = those
        return values

    def _pop_beyond(self, bound: int) -> int:
        negative, bits = self.get(_uniform(1)), int(self.get(_uniform(_LENGTH)))
        excess = 1 << bits
        for first in range(0, bits, _CHUNK):
            excess |= int(self.get(_uniform(min(_CHUNK, bits - first)))) << first
        return (-1 if negative else 1) * (bound + excess)


class Stack(_Decoder):
    """The coder: pushes integers, and pops them in the opposite order."""

    def __init__(self, payload: bytes = b"") -> None:
        """payload: what `payload` gave; of bytes that are not a multiple of four the last are not used."""
        words = np.frombuffer(payload[: len(payload) // 4 * 4], "<u4").astype(np.uint32)
        if len(words) and not words[0]:
            raise CodecError("The file is damaged; get another copy of it.")
        self._coder = constriction.stream.stack.AnsCoder(np.ascontiguousarray(words[::-1]))

    @property
    def empty(self) -> bool:
        """Whether all words are used: what was popped last may be wrong where the payload was cut."""
        return self._coder.pos()[0] == 0

    @property
    def bits(self) -> int:
        """How many bits are on the stack."""
        return self._coder.num_valid_bits()

    def payload(self) -> bytes:
        """The words, from the top."""
        return self._coder.get_compressed()[::-1].astype("<u4").tobytes()

    def put(self, pushes: list[Push]) -> None:
        """Push what is to be popped in this order."""
        for push in reversed(pushes):
            self._coder.encode_reverse(*_whole(push))

    def push(self, values: np.ndarray, index: np.ndarray, tables: Tables) -> np.ndarray:
        """Push integers (n,), each by the table of its scale's index (n,); their bits, float64 (n,)."""
        pushes, cost = _pushes(values, index, tables)
        self.put(pushes)
        return cost

    def pop_known(self, index: np.ndarray, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
        """As pop, of a payload that may have been cut: integers int64 (n,), zeros from where it ends, and bool (n,):
        which of them it still had."""
        values, known = np.zeros(len(index), np.int64), np.zeros(len(index), bool)
        for i, places in _groups(index):
            table, beyond, first = tables(i), list[int](), 0
            while first < len(places):
                words = self._coder.pos()[0]
                some = places[first : first + max(1, 32 * (words - 1) // PRECISION)]  # which do not reach the end
                those = self.get(table.model, len(some)).astype(np.int64) - table.bound
                if self.empty:
                    return values, known
                inside = those <= table.bound
                values[some[inside]], known[some[inside]] = those[inside], True
                beyond += some[~inside].tolist()
                first += len(some)
            for place in beyond:
                value = self._pop_beyond(table.bound)
                if self.empty:
                    return values, known
                values[place], known[place] = value, True
        return values, known


class Queue(_Decoder):
    """Pops from the bytes of `shortest` in the order in which they were coded; CodecError where they are of no such."""

    def __init__(self, data: bytes) -> None:
        words = np.frombuffer(data + bytes(8 - len(data) % 4), ">u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def get(self, *model: Any) -> Any:
        try:
            return super().get(*model)
        except AssertionError:
            raise CodecError("The code is damaged; encode the picture anew.") from None


def shortest(values: np.ndarray, index: np.ndarray, tables: Tables) -> tuple[bytes, np.ndarray]:
    """(the fewest bytes, but enough for their bits, from which a Queue pops integers (n,), as if zeros followed; the
    bits of each, float64 (n,)). A Stack ends with a whole word, of which a few numbers would take their share."""
    pushes, cost = _pushes(values, index, tables)
    coder = constriction.stream.queue.RangeEncoder()
    for push in pushes:
        coder.encode(*_whole(push))
    whole = coder.get_compressed().astype(">u4").tobytes()
    # Of the numbers with so many digits only the two beside the whole one may lie within its interval.
    for length in range(math.ceil(cost.sum() / 8), len(whole)):
        below = int.from_bytes(whole[:length])
        for number in range(below, min(below + 2, 256**length)):
            data = number.to_bytes(length)
            with contextlib.suppress(CodecError):
                if np.array_equal(Queue(data).pop(index, tables), values):
                    return data, cost
    return whole, cost


class Encoder:
    """Takes integers in the order in which a Stack is to pop them."""

    def __init__(self) -> None:
        self._pushes: list[Push] = []

    def integers(self, values: np.ndarray, index: np.ndarray, tables: Tables) -> np.ndarray:
        """As Stack.push."""
        pushes, cost = _pushes(values, index, tables)
        self._pushes += pushes
        return cost

    def payload(self) -> bytes:
        stack = Stack()
        stack.put(self._pushes)
        return stack.payload()
