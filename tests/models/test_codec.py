"""The codec's networks: exact where they must be, and any size, quality and number of channels."""

import pytest
import torch

from vaedemo.errors import ConfigError
from vaedemo.models import build_model
from vaedemo.models.codec import Codec
from vaedemo.models.entropy import (
    LAMBDAS,
    CodecConfig,
    EntropyModel,
    ExactConv,
    Hyper,
    bits_logistic,
    bits_normal,
    interpolate,
    nearest,
)
from vaedemo.models.restorer import padded
from vaedemo.store.checkpoints import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = CodecConfig(
    channels=40, slices=(4, 8, 12, 16), hidden=(8, 8, 12, 12), layers=(1, 1, 2, 1), hyper=6, context=16, width=8,
    rising=(8, 8), trunk=16, inner=8,
)  # fmt: skip


def rough(module, seed=0):
    """The module with random parameters, so that what starts at zero is not."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(torch.randn(p.shape, generator=g) * (0.3 / p[0].numel() ** 0.5 if p.ndim == 4 else 0.3))
    return module.eval()


def cosines():
    """An orthonormal basis (40, 768) whose first three rows are constant blocks, and falling deviations."""
    g = torch.Generator().manual_seed(3)
    flat = torch.block_diag(*[torch.full((1, 256), 1 / 16)] * 3)
    rows = torch.linalg.qr(torch.cat([flat, torch.randn(37, 768, generator=g)]).T)[0].T
    return rows, 4 * 0.8 ** torch.arange(40.0)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("size", [1, 3])
def test_a_convolution_is_the_same_in_int64_float64_and_fake_quantised_float32(last, size, generator):
    conv = rough(ExactConv(20, 30, size, last, bound=512.0 if last else 32.0))
    x = torch.randint(-2048, 2049, (2, 20, 7, 9), generator=generator)
    integers = conv.integers(x)
    assert integers.dtype == torch.int64
    assert torch.equal(integers.double(), conv.integers(x.double()))
    assert torch.equal(integers, (64 * conv(x.double() / 64)).long())
    difference = (64 * conv(x.float() / 64)).long() - integers
    assert difference.abs().max() <= 1 and (difference != 0).float().mean() < 1e-3


def test_rounded_weights_are_integers_of_eight_bits():
    conv = rough(ExactConv(20, 30))
    with torch.no_grad():
        conv.weight.mul_(torch.logspace(-3, 1, 30)[:, None, None, None])
    integers = conv.rounded().double() * torch.exp2(conv.exponents().double())
    assert torch.equal(integers, integers.round()) and integers.abs().max() <= 127
    assert integers.abs().amax((1, 2, 3))[-15:].min() >= 63  # all eight bits are used


def test_rounding_passes_the_gradient_except_further_out():
    x = torch.tensor([0.3, 5.0, 5.0, -5.0], requires_grad=True)
    y = nearest(x, 2.0, 4.0)
    assert y.tolist() == [0.5, 4.0, 4.0, -4.0]
    (y * torch.tensor([1.0, 1.0, -1.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert nearest(torch.tensor([0.5, -0.5, 1.5])).tolist() == [1.0, 0.0, 2.0]  # halves up


def test_tables_are_interpolated_between_qualities():
    table = torch.tensor([[0.0, 8.0], [1.0, 4.0], [3.0, 0.0]])
    found = interpolate(table, torch.tensor([0.0, 0.5, 1.25, 2.0]))
    assert found.shape == (4, 2, 1, 1)
    assert found.flatten(1).tolist() == [[0, 8], [0.5, 6], [1.5, 3], [3, 0]]


def _latents(model, z, q, size, dtype, symbols):
    mean, _ = model.prior(q, dtype)
    hyper = model.hyper_synthesis(z.to(dtype) + mean, q, size)
    return model.latents(hyper, q, torch.ones(1, 40, 1, 1, dtype=dtype), symbols)[0]


@torch.no_grad()
def test_the_decoder_walks_to_the_encoder_s_latents():
    model = rough(EntropyModel(SMALL))
    g, size, q = torch.Generator().manual_seed(1), (6, 9), torch.tensor([2.3125])
    z = torch.randint(-3, 4, (1, 6, 2, 3), generator=g)
    y = 3 * torch.randn(1, 40, *size, generator=g, dtype=torch.float64)
    sent = []

    def encode(part, mu, log2_scale):
        r = torch.floor(y[:, part.first : part.last] - mu + 0.5)
        sent.append(r * part.where)
        return r

    def decode(part, mu, log2_scale):
        return queue.pop(0).to(mu.dtype)

    encoded = _latents(model, z, q, size, torch.float64, encode)
    assert len(sent) == 6  # four slices, two of them in two steps
    for threads in (1, 2):
        queue = list(sent)
        torch.set_num_threads(threads)
        assert torch.equal(_latents(model, z, q, size, torch.float64, decode), encoded)
    torch.set_num_threads(1)
    assert (encoded - y).abs().max() <= 0.5
    queue = list(sent)
    difference = (_latents(model, z, q, size, torch.float32, decode).double() - encoded).abs()
    assert difference.max() <= 4 / 64 and (difference > 0).double().mean() < 0.02


@torch.no_grad()
def test_means_and_scales_lie_on_their_grids():
    model, seen = rough(EntropyModel(SMALL)), []
    z = torch.randint(-9, 10, (1, 6, 2, 2), generator=torch.Generator().manual_seed(1))

    def symbols(part, mu, log2_scale):
        seen.append((mu, log2_scale))
        return torch.ones_like(mu)

    _latents(model, z, torch.tensor([4.0625]), (5, 7), torch.float64, symbols)
    for mu, log2_scale in seen:
        assert torch.equal(64 * mu, (64 * mu).round())
        assert torch.equal(8 * log2_scale, (8 * log2_scale).round())
        assert log2_scale.min() >= -3.5 and log2_scale.max() <= 7


@pytest.mark.parametrize("bits", [bits_normal, bits_logistic])
@pytest.mark.parametrize("scale", [-3.5, 0.0, 3.0, 7.0])
def test_bits_are_of_a_distribution(bits, scale):
    v = torch.arange(-2000, 2001.0)
    mass = torch.exp2(-bits(v, torch.full_like(v, scale)).double())
    assert abs(float(mass.sum()) - 1) < 1e-3


def test_a_far_symbol_still_has_a_gradient():
    v = torch.tensor([300.0], requires_grad=True)
    bits_normal(v, torch.tensor([-3.5])).backward()
    assert torch.isfinite(v.grad).all() and v.grad > 0


@pytest.mark.parametrize("size", [(1, 1), (17, 50), (64, 64)])
@torch.no_grad()
def test_any_size_and_any_number_of_channels(size, generator):
    model = build_model(SMALL).eval()
    (x,) = padded(16, torch.rand(1, 3, *size, generator=generator))
    for keep in (1, 20, 40):
        out = model(x, torch.tensor([float(len(LAMBDAS) - 1)]), torch.tensor([keep]))
        assert out.x_hat.shape == x.shape and torch.isfinite(out.bits_y).all() and torch.isfinite(out.bits_z).all()


@torch.no_grad()
def test_channels_that_are_not_kept_do_not_reach_those_that_are():
    model = rough(Codec(SMALL))
    q, g = torch.tensor([3.0]), torch.Generator().manual_seed(2)
    h, y = torch.rand(1, 16, 4, 4, generator=g), 5 * torch.randn(1, 40, 4, 4, generator=g)
    h = torch.round(64 * h) / 64
    kept = model.kept(torch.tensor([14]), y)

    def latents(y):
        return model.entropy.latents(
            Hyper(h, y[:, :4] * 0), q, kept, lambda p, mu, s: torch.round(y[:, p.first : p.last] - mu)
        )[0]

    other = torch.cat([y[:, :14], -y[:, 14:]], 1)
    assert torch.equal(latents(y), latents(other))
    assert latents(y)[:, :14].any() and not latents(y)[:, 14:].any()


@torch.no_grad()
def test_it_starts_as_the_block_transform_of_its_basis(generator):
    model, (basis, deviation) = build_model(SMALL).eval(), cosines()
    model.start(basis, deviation)
    x, q = 0.5 + 0.1 * torch.randn(2, 3, 32, 48, generator=generator), torch.tensor([0.0, 6.0])
    blocks = (x - 0.5).unflatten(2, (2, 16)).unflatten(4, (3, 16)).permute(0, 2, 4, 1, 3, 5).flatten(3)
    step = (12 * 2.16 / torch.tensor([LAMBDAS[0], LAMBDAS[6]])).sqrt() / 255
    wanted = (blocks @ basis.T).permute(0, 3, 1, 2) / step[:, None, None, None]
    y = model.analyse(x, q)
    assert torch.allclose(y, wanted, atol=1e-3)
    assert (model.entropy.direct.weight.flatten(1).diag() == torch.tensor([4.0, 4.0, 4.0, 0.0])).all()
    # each coefficient is at most half a step wrong, so a block at most the root of 40 / 4 steps
    out = model(x, q)
    projected = (wanted * step[:, None, None, None]).permute(0, 2, 3, 1) @ basis
    back = (out.x_hat - 0.5).unflatten(2, (2, 16)).unflatten(4, (3, 16)).permute(0, 2, 4, 1, 3, 5).flatten(3)
    assert ((back - projected).norm(dim=3) <= step[:, None, None] * 10**0.5 + 1e-4).all()


def test_noise_stands_in_for_rounding(generator, monkeypatch):
    monkeypatch.setattr("vaedemo.models.codec.bits_coded", bits_normal)  # of pictures that are noise, all is far tails
    model, (basis, deviation) = build_model(SMALL), cosines()
    model.start(basis, deviation)
    x, q = torch.rand(2, 3, 80, 32, generator=generator), torch.tensor([1.0, 4.5])
    noise = model.noise(2, 80, 32, generator)
    assert noise.y.shape == (2, 40, 5, 2) and noise.z.shape == (2, 6, 2, 1)
    assert noise.y.abs().max() <= 0.5 and abs(noise.y.mean()) < 0.05
    noisy, plain = model(x, q, noise=noise), model(x, q)
    assert torch.equal(noisy.x_hat, plain.x_hat)  # the decoder sees the rounded
    assert not torch.equal(noisy.bits_y, plain.bits_y)
    assert torch.allclose(noisy.bits_y, plain.bits_y, rtol=0.2)
    (noisy.bits_y.sum() + noisy.bits_z.sum() + noisy.x_hat.square().sum()).backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())
    assert all(p.grad is not None for p in model.slow)


def test_a_checkpoint_keeps_what_is_exact(tmp_path):
    model = rough(Codec(SMALL))
    save_checkpoint(tmp_path / "codec.safetensors", model, "photos")
    again, _, _ = load_checkpoint(tmp_path / "codec.safetensors")
    layers = [(a, b) for a, b in zip(model.modules(), again.modules(), strict=True) if isinstance(a, ExactConv)]
    assert len(layers) == 18
    for before, after in layers:
        assert torch.equal(before.rounded(), after.rounded())
        assert torch.equal(before.exponents(), after.exponents())


def test_a_checkpoint_describes_itself(tmp_path):
    model = build_model(SMALL)
    save_checkpoint(tmp_path / "codec.safetensors", model, "photos")
    again, domain, _ = load_checkpoint(tmp_path / "codec.safetensors")
    assert again.config == SMALL and domain == "photos"
    state = model.state_dict()
    assert all(torch.allclose(v, state[k], atol=0.01) for k, v in again.state_dict().items())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"channels": 41}, "channels = 41"),
        ({"two_step": 5}, "two_step"),
        ({"layers": (1, 1)}, "layers"),
        ({"hidden": (8, 0, 8, 8)}, "1 or more"),
        ({"hyper": 3}, "hyper"),
    ],
)
def test_a_wrong_setting_is_named(changes, word):
    sizes = {"channels": 40, "slices": (4, 8, 12, 16), "hyper": 6}
    with pytest.raises(ConfigError, match=word):
        CodecConfig(**(sizes | changes))


def test_the_usual_size_stays_below_six_million_parameters():
    with torch.device("meta"):
        assert sum(p.numel() for p in Codec(CodecConfig()).parameters()) <= 6_000_000


@torch.no_grad()
def test_a_convolution_in_parts_is_the_same(generator, monkeypatch):
    conv = rough(ExactConv(5, 7, 3))
    x = torch.randint(-2048, 2049, (2, 5, 9, 6), generator=generator)
    whole = conv.integers(x)
    monkeypatch.setattr("vaedemo.models.entropy.AT_ONCE", 5 * 9 * 6 * 2)
    assert torch.equal(conv.integers(x), whole)
