"""Moments of a run: figures against others' code, a plane that turns little, and few bytes."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from vaedemo.data.datasets import Pictures
from vaedemo.data.taught import FOLLOWED, Taught
from vaedemo.errors import NotFinite
from vaedemo.training.moments import LEVELS, SIDE, Watch, neighbours_right
from vaedemo.training.plain import SIZES, Plain, PlainConfig


def watched(kind="dense-vae", channels=1, size=28, n=60, classes=None, **settings):
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (n + 20, channels, size, size), generator=generator, dtype=torch.uint8)
    pictures = Pictures(x, None if classes is None else torch.arange(n + 20) % classes)
    taught = Taught(pictures.rows(slice(n)), pictures.rows(slice(n, None)))
    run = Plain(PlainConfig(kind=kind, width=32, steps=9, **settings), taught.seen)
    return run, Watch(run, taught)


@pytest.mark.parametrize("d", [2, 7])
def test_neighbours_are_those_of_scikit_learn(d):
    generator = torch.Generator().manual_seed(d)
    labels = torch.randint(3, (200,), generator=generator)
    codes = torch.randn(200, d, generator=generator) + 0.7 * labels[:, None]
    own = torch.randint(3, (50,), generator=generator)
    new = torch.randn(50, d, generator=generator) + 0.7 * own[:, None]
    judge = KNeighborsClassifier(5)
    assert neighbours_right(codes, labels, new, own) == pytest.approx(judge.fit(codes, labels).score(new, own))
    rows = np.arange(200)
    left_out = [judge.fit(codes[rows != i], labels[rows != i]).score(codes[i : i + 1], labels[i : i + 1]) for i in rows]
    assert neighbours_right(codes, labels) == pytest.approx(np.mean(left_out))


def test_the_plane_of_many_numbers_turns_as_little_as_it_can():
    _, watch = watched(latent_dim=5)
    generator = torch.Generator().manual_seed(1)
    mu = torch.randn(300, 5, generator=generator) * torch.tensor([3.0, 2.9, 1, 1, 1])
    centre, first = watch._plane(mu)
    assert torch.allclose(first @ first.T, torch.eye(2), atol=1e-5) and torch.allclose(centre, mu.mean(0))
    turned = torch.randn(300, 5, generator=generator) * torch.tensor([2.9, 3.0, 1, 1, 1])  # the axes change places
    _, second = watch._plane(turned)
    span = torch.linalg.svd(turned - turned.mean(0), full_matrices=False).Vh[:2]
    assert torch.allclose(second.T @ second, span.T @ span, atol=1e-5)  # the very plane of greatest spread
    distance = (second - first).norm()
    for angle in torch.linspace(0, 2 * torch.pi, 73):
        turn = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]])
        for flip in (1, -1):
            other = (turn * torch.tensor([[1.0], [flip]])) @ second
            assert distance <= (other - first).norm() + 1e-5
    again = watch._plane(turned)[1]
    assert torch.allclose(again, second, atol=1e-5)


def test_a_moment_says_where_the_codes_lie_and_what_they_decode_to():
    run, watch = watched(classes=10)
    start = watch.moment(None)
    assert start.told["step"] == 0 and not start.probe and "loss" not in start.told
    moment = watch.moment(run.step())
    mu = run.model.eval().encode(watch.taught.seen[:]).mu.detach()
    codes = torch.from_numpy(np.frombuffer(moment.codes, np.int16).reshape(-1, 2).copy())
    span = moment.told["span"]
    assert (codes / LEVELS * span - mu).abs().max() < 1e-3 or mu.abs().max() > span
    assert moment.told["kl_each"] and moment.told["active"] <= 2
    assert {"right", "right_unseen"} <= set(moment.told)
    with Image.open(io.BytesIO(moment.rows)) as rows:
        found = np.asarray(rows).reshape(28, FOLLOWED, 28).transpose(1, 0, 2) / 255
    eight = torch.cat([watch.taught.seen[:4], watch.taught.unseen[4:8]])
    assert torch.equal(watch.taught.followed(), eight)
    back = run.model.decode(run.model.encode(eight).mu)
    assert np.abs(found - back[:, 0].detach().numpy()).max() < 0.01
    assert moment.told["unseen"] == watch.moment(None).told["unseen"] > 0  # the same draws each time
    with Image.open(io.BytesIO(moment.map)) as image:
        assert image.size == (28 * SIDE, 28 * SIDE)
        cell = np.asarray(image)[:28, -28:] / 255
    corner = torch.tensor([[0.9, 0.9]]) * span
    assert np.abs(cell - run.model.decode(corner)[0, 0].detach().numpy()).max() < 0.01


def test_to_look_leaves_the_run_as_it_was():
    (run, watch), (other, _) = watched(), watched()
    for _ in range(3):
        watch.moment(run.step())
        other.step()
    assert all(torch.equal(p, q) for p, q in zip(run.model.parameters(), other.model.parameters(), strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["ae", "vae", "dense", "dense-vae"])
def test_300_moments_fit_into_30_mb_even_of_noise(kind, size, channels):
    run, watch = watched(kind, channels, size, n=20, depth=0, latent_dim=64)
    step = run.step()
    moment = watch.moment(step._replace(x_hat=torch.rand(step.x_hat.shape, generator=torch.Generator().manual_seed(0))))
    watch.count = 2000  # of codes
    run.model.decode = lambda z: torch.rand(len(z), channels, size, size, generator=torch.Generator().manual_seed(0))
    noisy = watch.moment(step._replace(x_hat=torch.rand(step.x_hat.shape)))
    for found in (moment, noisy):
        assert len(found.map) + len(found.rows) + len(found.probe) + len(found.codes) + len(str(found.told)) <= 100_000


def test_codes_that_run_away_are_a_sentence():
    run, watch = watched()
    with torch.no_grad():
        for p in run.model.encoder.parameters():
            p.fill_(1e30)
    with pytest.raises(NotFinite, match="codes are not finite"):
        watch.moment(None)
