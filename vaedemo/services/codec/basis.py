"""The linear part of the codec as pictures, beside JPEG's cosines and the principal components of a photograph."""

from typing import NamedTuple

import numpy as np

from vaedemo.models.codec import Codec
from vaedemo.models.entropy import BLOCK

__all__ = ["Tiles", "cosines", "learned", "principal"]

JPEG_BLOCK = 8


class Tiles(NamedTuple):
    """tiles uint8 (N, S, S, 3): each basis vector around mid-grey, as strong as it may be without being cut; share
    float64 (N,): of the bits, or of the variance, in [0, 1]; number int (N,): its place in the whole basis."""

    tiles: np.ndarray
    share: np.ndarray
    number: np.ndarray


def _shown(vectors: np.ndarray) -> np.ndarray:
    """uint8 (N, S, S, 3) of vectors (N, S, S, 3)."""
    most = np.abs(vectors).max((1, 2, 3), keepdims=True)
    return np.rint(127.5 + 127.5 * vectors / np.maximum(most, 1e-12)).astype(np.uint8)


def learned(codec: Codec, bits: np.ndarray, count: int) -> Tiles:
    """The count channels of the learned synthesis that took most of the bits (M,) of a picture, the dearest first."""
    order = np.argsort(-bits, kind="stable")[:count]
    vectors = codec.synthesis_basis.detach()[order.copy()].float().numpy()
    tiles = vectors.reshape(len(order), 3, BLOCK, BLOCK).transpose(0, 2, 3, 1)
    return Tiles(_shown(tiles), bits[order] / max(float(bits.sum()), 1e-12), order)


def cosines() -> Tiles:
    """The 64 cosines of JPEG's 8 x 8 blocks in its zigzag order (ITU-T T.81, A.3.3 and figure A.6); of equal share."""
    n = np.arange(JPEG_BLOCK)
    wave = np.cos((2 * n + 1) * np.pi * n[:, None] / (2 * JPEG_BLOCK))  # (frequency, pixel)

    def place(pair: tuple[int, int]) -> tuple[int, int]:
        diagonal = sum(pair)
        return diagonal, pair[0] if diagonal % 2 else pair[1]

    pairs = [(row, column) for row in range(JPEG_BLOCK) for column in range(JPEG_BLOCK)]
    order = sorted(pairs, key=place)
    vectors = np.stack([np.outer(wave[row], wave[column]) for row, column in order])[..., None].repeat(3, 3)
    return Tiles(_shown(vectors), np.full(len(order), 1 / len(order)), np.arange(len(order)))


def principal(picture: np.ndarray, count: int, most: int = 20_000) -> Tiles:
    """The first principal components of the 16 x 16 blocks of a picture uint8 (H, W, 3), around mid-grey as the codec
    began, of at most so many blocks; their shares of the second moment. Fewer where a picture has fewer blocks."""
    height, width = (side // BLOCK * BLOCK for side in picture.shape[:2])
    blocks = picture[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).swapaxes(1, 2)
    flat = blocks.reshape(-1, 3 * BLOCK**2)
    flat = flat[:: max(1, -(-len(flat) // most))].astype(np.float64) / 255 - 0.5
    values, vectors = np.linalg.eigh(flat.T @ flat)
    kept = min(count, len(flat))
    values, vectors = values[::-1], vectors.T[::-1][:kept]
    tiles = _shown(vectors.reshape(kept, BLOCK, BLOCK, 3))
    return Tiles(tiles, values[:kept] / max(float(values.sum()), 1e-12), np.arange(kept))
