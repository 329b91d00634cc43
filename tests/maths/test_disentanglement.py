"""Scores of disentanglement: closed forms, and codes of which one knows what they should score."""

import math

import numpy as np
import pytest

from vaedemo.errors import ConfigError
from vaedemo.maths.disentanglement import _scores, binned, dci, entropy, mig, mutual_information, phases

N = 3000


@pytest.fixture(scope="module")
def factors():
    """Three labels, and two uniform factors of which the last is a phase; none is in any training set."""
    rng = np.random.default_rng(0)
    return np.c_[rng.integers(0, 3, N), rng.random((N, 2))]


def scores(z, factors):
    mi, entropies = mutual_information(z, factors)
    return mig(mi, entropies)[0], dci(z, factors, 2000, circular=(2,), trees=10)


def test_entropy_in_closed_form():
    assert entropy([7] * 5) == 0
    assert entropy(np.repeat(range(8), 3)) == pytest.approx(math.log(8))
    assert entropy([0, 0, 0, 1]) == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_bins_hold_equally_many_and_know_no_scale():
    x = np.random.default_rng(0).normal(size=1000)
    bins = binned(x)
    assert np.bincount(bins).tolist() == [50] * 20
    assert np.array_equal(binned(np.exp(3 * x)), bins) and np.array_equal(binned(-x, 4), 3 - binned(x, 4))
    assert np.ptp(binned(np.ones(100))) == 0


def test_a_phase_is_what_the_picture_repeats_after():
    angle = np.array([0.1, 0.1 + math.pi / 2, 0.1 + math.pi, 6.0])
    assert np.allclose(phases(angle, math.pi / 2)[:3], 0.2 / math.pi)
    share = 0.1 / math.pi
    assert np.allclose(phases(angle, np.array([1, 1, 1, 2]) * math.pi), [share, 0.5 + share, share, 3 / math.pi])


def test_mutual_information_of_a_gaussian_pair():
    rng, r = np.random.default_rng(0), 0.8
    a, e = rng.normal(size=(2, 200_000))
    mi, entropies = mutual_information(a[:, None], (r * a + math.sqrt(1 - r * r) * e)[:, None], categorical=())
    assert entropies[0] == pytest.approx(math.log(20), abs=1e-3)
    assert mi[0, 0] == pytest.approx(-0.5 * math.log(1 - r * r), rel=0.06)  # bins lose a little


def test_what_is_independent_tells_nothing_and_a_copy_everything(factors):
    noise = np.random.default_rng(1).normal(size=(N, 4))
    mi, entropies = mutual_information(np.c_[factors, noise], factors)
    assert np.allclose(np.diag(mi), entropies, atol=1e-9)
    assert mi[:, 3:].max() < 0.03  # without the correction, 0.06


def test_disentangled_codes_score_one(factors):
    z = np.c_[factors[:, 0], np.exp(factors[:, 1]), np.random.default_rng(1).normal(size=N), -(factors[:, 2] ** 3)]
    gap, made = scores(z, factors)
    assert gap > 0.98
    assert made.disentanglement > 0.98 and made.completeness > 0.98 and made.informativeness > 0.98
    assert made.importance.shape == (4, 3) and np.allclose(made.importance.sum(0), 1)
    assert made.importance[[0, 1, 3], [0, 1, 2]].min() > 0.99


def test_rotated_codes_score_low_but_inform(factors):
    q, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    gap, made = scores((factors - factors.mean(0)) / factors.std(0) @ q, factors)
    assert gap < 0.2 and made.disentanglement < 0.5 and made.completeness < 0.5
    assert made.informativeness > 0.8


def test_noise_informs_of_nothing(factors):
    gap, made = scores(np.random.default_rng(1).normal(size=(N, 3)), factors)
    assert gap < 0.02 and made.informativeness < 0.05


def test_the_order_of_the_code_changes_nothing(factors):
    z = factors + 0.2 * np.random.default_rng(2).normal(size=factors.shape)
    mi, entropies = mutual_information(z, factors)
    other, _ = mutual_information(z[:, ::-1] * [-2, 5, 0.1], factors)
    assert np.allclose(other[:, ::-1], mi, atol=0.02)
    assert mig(other, entropies)[0] == pytest.approx(mig(mi, entropies)[0], abs=0.01)


def test_a_gap_in_closed_form():
    mean, gaps = mig([[1.0, 0.25, 0.5], [0.0, 0.2, 0.2]], [2.0, 1.0])
    assert gaps.tolist() == [0.25, 0.0] and mean == 0.125
    with np.errstate(all="raise"):
        mean, gaps = mig([[0.4, 0.1], [1.0, 0.25]], [0.5, 0.0])  # nothing can be told of what never changes
    assert gaps == pytest.approx([0.6, 0]) and mean == pytest.approx(0.3)
    assert mig([[1.0]], [2.0])[0] == 0.5 and mig([[0.25, 1.0]], [2.0])[0] == 0.375


def test_scores_of_an_importance_in_closed_form():
    """A factor that no number tells of is not captured; a number that tells of nothing does not count."""
    perfect = np.eye(3)
    assert _scores(perfect) == pytest.approx((1, 1))
    assert _scores(np.c_[perfect, np.zeros(3)]) == pytest.approx((1, 0.75))
    assert _scores(np.r_[perfect, np.zeros((2, 3))]) == pytest.approx((1, 1))
    assert _scores(np.full((3, 2), 1 / 3)) == pytest.approx((0, 0))
    with np.errstate(all="raise"):
        assert _scores(np.zeros((3, 2))) == (0, 0)
    assert _scores(np.array([[0.5, 0.0]])) == pytest.approx((1, 0.5))  # one number, which tells of one of two factors
    share = 1 + (0.75 * math.log(0.75) + 0.25 * math.log(0.25)) / math.log(2)
    assert _scores(np.array([[0.75], [0.25]])) == pytest.approx((1, share))


def test_what_never_changes_is_told_by_nothing(factors):
    z = factors.copy()
    z[:, 1] = 3.0  # a number of the code that is switched off
    known = np.c_[factors, np.full(N, 0.5), np.ones(N)]
    mi, entropies = mutual_information(z, known, categorical=(0, 4))
    assert entropies[3] == entropies[4] == 0 and np.abs(mi[:, 1]).max() < 1e-9
    mean, gaps = mig(mi, entropies)
    assert gaps[3] == gaps[4] == 0 and np.isfinite(mean)
    made = dci(z, known, 2000, categorical=(0, 4), circular=(2,), trees=5)
    assert np.isfinite(made.importance).all() and made.importance[1, [0, 2]].max() < 1e-9
    assert made.score[3] == made.score[4] == 0 and made.score[1] < 0.05
    assert made.completeness < 0.7  # of five factors three have nothing that follows them


def test_two_numbers_that_share_a_factor_are_less_complete(factors):
    one = np.c_[factors[:, 1], factors[:, 0], factors[:, 2]]
    two = np.c_[factors[:, 1] > 0.5, factors[:, 1] % 0.5, factors[:, 0], factors[:, 2]].astype(float)
    whole, split = (dci(z, factors, 2000, circular=(2,), trees=10) for z in (one, two))
    assert split.completeness < whole.completeness - 0.1
    assert split.disentanglement > 0.95


def test_all_samples_cannot_fit(factors):
    with pytest.raises(ConfigError):
        dci(factors, factors, N)


def test_bins_of_values_that_repeat():
    assert binned([0, 1, 2], 2).tolist() == [0, 1, 1]  # a value on an edge is above it
    assert binned([5, 5, 1, 9], 4).tolist() == [2, 2, 0, 3] and binned(np.arange(40)).tolist() == [
        i // 2 for i in range(40)
    ]


@pytest.mark.parametrize("categorical", [(0, 1), ()])
def test_mutual_information_of_a_table_in_closed_form(categorical):
    """Three codes, of which the second is the first times a factor's number, against two factors; Miller 1955."""
    rng = np.random.default_rng(4)
    v = np.c_[rng.integers(0, 4, 200), rng.integers(0, 3, 200)] * [7, -2]
    z = np.c_[v[:, 0] + 0.0, v[:, 1] * v[:, 0], rng.integers(0, 15, 200)]
    mi, entropies = mutual_information(z, v, categorical=categorical)
    assert mi.shape == (2, 3)

    def nats(*columns):
        _, counts = np.unique(np.stack(columns, 1), axis=0, return_counts=True)
        return -(counts / 200 * np.log(counts / 200)).sum() + (len(counts) - 1) / 400

    def bins(column):
        return np.searchsorted(np.unique(np.quantile(column, np.arange(1, 20) / 20)), column, side="right")

    for k in range(2):
        u = v[:, k] if categorical else bins(v[:, k])
        assert entropies[k] == pytest.approx(nats(u), abs=1e-12)
        for i in range(3):
            c = bins(z[:, i])
            assert mi[k, i] == pytest.approx(max(0, nats(c) + nats(u) - nats(c, u)), abs=1e-12)
    assert (mi > 0.5).any() and (mi >= 0).all()


def test_labels_are_not_put_into_bins_and_the_number_of_bins_is_chosen():
    v = np.arange(300.0) % 30
    z = np.c_[v, v]
    assert mutual_information(z, v[:, None])[1] == pytest.approx(math.log(30) + 29 / 600)
    mi, entropies = mutual_information(z, v[:, None], bins=3, categorical=())
    assert entropies == pytest.approx(math.log(3) + 2 / 600) and mi == pytest.approx(np.full((1, 2), entropies[0]))


@pytest.mark.parametrize("seed", [0, 3])
def test_dci_is_what_random_forests_tell(seed, factors):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    v = factors[:150] * [1, 1, 1]
    v[:100, 0] = np.minimum(v[:100, 0], 1)  # the third label comes to be measured only
    z = v @ np.random.default_rng(5).normal(size=(3, 4)) + 0.1 * np.random.default_rng(6).normal(size=(150, 4))
    made = dci(z, v, 100, circular=(2,), seed=seed, trees=3)
    options = {"n_estimators": 3, "min_samples_leaf": 5, "random_state": seed}
    forests = [
        RandomForestClassifier(max_features=None, **options),
        *(RandomForestRegressor(**options) for _ in range(2)),
    ]
    angle = 2 * np.pi * v[:, 2]
    targets = [v[:, 0], v[:, 1], np.stack([np.cos(angle), np.sin(angle)], 1)]
    for k, (forest, target) in enumerate(zip(forests, targets, strict=True)):
        forest.fit(z[:100], target[:100])
        assert np.allclose(made.importance[:, k], forest.feature_importances_, atol=1e-12)
        got = forest.score(z[100:], target[100:])
        if k == 0:
            most = np.bincount(v[100:, 0].astype(int)).max() / 50
            got = (got - most) / (1 - most)
        assert made.score[k] == pytest.approx(max(0, got), abs=1e-12)
    assert made.score[1] > 0.1 and made.informativeness == pytest.approx(made.score.mean())
    assert made[:2] == pytest.approx(_scores(made.importance)) and made.score.shape == (3,)
    usual = dci(z, v, 100, circular=(2,), trees=3)
    assert np.array_equal(usual.importance, made.importance) == (seed == 0)


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
def test_one_sample_may_fit_and_one_may_measure(factors):
    v = np.c_[np.arange(8) % 2, np.arange(8.0), np.arange(8) / 8]
    for train in (1, 7):
        assert np.isfinite(dci(v, v, train, categorical=(0,), trees=1).disentanglement)
    for train in (0, 8):
        with pytest.raises(ConfigError, match=f"^train is {train} of 8 samples; leave some to measure$"):
            dci(v, v, train)
    assert dci(v, v, 4, trees=1, categorical=(0, 1)).score.max() <= 1
