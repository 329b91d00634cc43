"""The decoder in the browser gives the pictures of model.decode, with SIMD and without: every shipped ae and vae."""

import base64

import numpy as np
import pytest
import torch

from vaedemo.configs import ModelConfig
from vaedemo.models import build_model
from vaedemo.store.checkpoints import decoder_bytes, save_checkpoint
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


DECODE_BYTES = DECODE.replace("const answer = await fetch(new URL(`../../decoders/${name}`, page));", "").replace(
    "await answer.arrayBuffer()", "Uint8Array.from(atob(name), (c) => c.charCodeAt(0)).buffer"
)


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


@pytest.mark.parametrize("depth", [1, 3])
def test_a_dense_model_that_was_trained_in_the_page_is_decoded_too(page, tmp_path, depth):
    config = ModelConfig(kind="dense-vae", latent_dim=2, channels=3, size=28, hidden=40, depth=depth)
    model = build_model(config, seed=3).half().float()
    save_checkpoint(tmp_path / "model.safetensors", model, "digits", small=False)
    data = base64.b64encode(decoder_bytes(tmp_path / "model.safetensors")).decode()
    z = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32) * 4
    made = np.array(page.evaluate(DECODE_BYTES, [data, z.tolist(), True]))
    with torch.no_grad():
        exact = model.decode(torch.from_numpy(z)).reshape(5, -1).numpy()
    assert exact.std() > 0.001 and np.abs(made - np.round(255 * exact)).max() <= 1
