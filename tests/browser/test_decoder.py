"""The decoder in the browser gives the pictures of model.decode, with SIMD and without: every shipped ae and vae."""

import numpy as np
import pytest
import torch

from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder

LIBRARY = Library(checkpoints_folder())
MODELS = [e for e in LIBRARY.entries if e.key.kind in ("ae", "vae")]
# What the browser makes of codes.
DECODE = """async ([name, codes, simd]) => {
  const page = document.querySelector('link[href$="frame/page.css"]').href;
  const { createDecoder } = await import(new URL("../maths/decoder.js", page));
  const answer = await fetch(new URL(`../../decoders/${name}`, page));
  const decoder = createDecoder(await answer.arrayBuffer(), { simd });
  const { channels, size } = decoder.config;
  const out = new Uint8Array(channels * size * size);
  return codes.map((z) => [...decoder.decode(z, out)]);
}"""


def compared(page, entry, simd, count):
    """Differences in grey levels between the browser's pictures and model.decode, for codes near and far."""
    random = np.random.default_rng(entry.key.latent_dim)
    z = random.normal(size=(count, entry.key.latent_dim)) * random.choice([1, 4, 30], (count, 1))
    name = f"{entry.key.domain}/{entry.path.name}"
    made = np.array(page.evaluate(DECODE, [name, z.astype(np.float32).tolist(), simd]))
    model = LIBRARY.model(entry.key)
    with torch.no_grad():
        exact = model.decode(torch.from_numpy(z).float()).reshape(count, -1).numpy()
    assert made.shape == exact.shape and exact.std() > 0.02
    return np.abs(made - np.round(255 * exact))


@pytest.mark.parametrize("entry", MODELS, ids=lambda e: str(e.key))
def test_the_browser_decodes_what_the_model_decodes(page, entry):
    difference = compared(page, entry, True, 4)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.003  # a sum in another order may round otherwise


@pytest.mark.parametrize("entry", [e for e in MODELS if e.key.latent_dim == 2], ids=lambda e: str(e.key))
def test_a_browser_without_simd_decodes_the_same(page, entry):
    difference = compared(page, entry, False, 2)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.003
