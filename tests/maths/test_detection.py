"""Detection: closed forms, invariances, and errors against a bootstrap."""

import numpy as np
import pytest

from vaedemo.errors import ConfigError
from vaedemo.maths.detection import auroc, pixel_auroc, stranger_share, threshold


def test_the_area_of_scores_that_one_counts_by_hand():
    # Of six pairs the foreign one is higher in four, and one pair is tied.
    assert auroc([1, 2, 5], [2, 6]).value == pytest.approx((1 + 0.5 + 0 + 3) / 6)
    assert auroc([0, 1], [2, 3]) == (1, 0)
    assert auroc([2, 3], [0, 1]) == (0, 0)
    assert auroc([1, 1, 1], [1, 1]).value == 0.5


def test_the_area_is_that_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    r = np.random.default_rng(0)
    known, foreign = r.integers(0, 20, 300), r.integers(5, 25, 200)  # many ties
    truth = np.repeat([0, 1], [300, 200])
    assert auroc(known, foreign).value == pytest.approx(roc_auc_score(truth, np.concatenate([known, foreign])))


def test_the_area_of_two_gaussians_and_its_error():
    """Of N(0, 1) and N(1, 1) it is Phi(1 / sqrt 2); the error is the spread of many such samples."""
    from scipy.stats import norm

    r = np.random.default_rng(1)
    found = [auroc(r.normal(0, 1, 150), r.normal(1, 1, 100)) for _ in range(400)]
    values = np.array([f.value for f in found])
    assert values.mean() == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.005)
    assert np.mean([f.error for f in found]) == pytest.approx(values.std(), rel=0.1)


def test_the_area_knows_only_the_order():
    r = np.random.default_rng(2)
    known, foreign = r.normal(0, 1, 50), r.normal(0.5, 1, 60)
    assert auroc(known, foreign) == pytest.approx(auroc(np.exp(known), np.exp(foreign)))
    swapped = auroc(-known, -foreign)
    assert swapped.value == pytest.approx(1 - auroc(known, foreign).value)
    assert swapped.error == pytest.approx(auroc(known, foreign).error)


@pytest.mark.parametrize(("share", "at"), [(0.05, 20), (0.09, 20), (0.1, 19), (0.3, 15), (0.99, 2)])
def test_a_threshold_lets_so_many_further_known_pictures_pass(share, at):
    """Of 19 known pictures and a further one, each as likely to be the strangest."""
    known = np.random.default_rng(3).permutation(np.arange(2, 21))
    assert threshold(known, share) == at
    for score in np.arange(0.5, 22):
        assert (score > at) == (stranger_share(known, score) <= share)


def test_ties_do_not_raise_the_false_alarms():
    known = [1, 2, 2, 2, 2]
    assert threshold(known, 0.4) == 2
    assert (np.array(known) > 2).mean() == 0


def test_the_share_that_is_stranger_counts_the_picture_itself():
    assert stranger_share([1, 2, 3], 4) == 0.25
    assert stranger_share([1, 2, 3], 0) == 1
    assert stranger_share([1, 2, 3], 2) == 0.75


def test_it_is_uniform_for_known_pictures():
    r = np.random.default_rng(4)
    shares = [stranger_share(r.normal(size=99), r.normal()) for _ in range(2000)]
    assert np.mean(np.array(shares) <= 0.1) == pytest.approx(0.1, abs=3 * np.sqrt(0.09 / 2000))


def test_a_share_that_cannot_be_told_is_refused():
    for share in (-0.1, 0, 1, float("nan"), 0.3):
        with pytest.raises(ConfigError, match="of 2 known pictures it can be 0.33 or more, and less than 1"):
            threshold([1, 2], share)


@pytest.mark.parametrize("call", [lambda: auroc([1], [1, 2]), lambda: auroc([1, 2], []), lambda: threshold([], 0.5)])
def test_too_few_scores_are_refused(call):
    with pytest.raises(ConfigError, match="scores"):
        call()


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ConfigError, match="not numbers"):
        auroc([1, float("nan")], [1, 2])


def pixels(r, pictures=60, each=30):
    """Scores and damage, those of a picture alike, with ties."""
    own, damaged = r.normal(0, 1, (pictures, 1)), r.random((pictures, each)) < r.uniform(0, 0.4, (pictures, 1))
    return np.round(0.7 * own + r.normal(0, 1, (pictures, each)) + damaged * (1 + 0.3 * own), 1), damaged


def test_the_area_over_pixels_is_that_of_scikit_learn_and_of_any_shape():
    from sklearn.metrics import roc_auc_score

    scores, damaged = pixels(np.random.default_rng(4))
    found = pixel_auroc(scores, damaged)
    assert found.value == pytest.approx(roc_auc_score(damaged.ravel(), scores.ravel()))
    assert pixel_auroc(scores.reshape(60, 5, 6), damaged.reshape(60, 5, 6)) == found
    assert pixel_auroc(-scores, damaged) == pytest.approx((1 - found.value, found.error))


def test_the_error_over_pixels_is_the_spread_of_such_sets_of_pictures():
    r = np.random.default_rng(5)
    found = [pixel_auroc(*pixels(r)) for _ in range(300)]
    assert np.mean([f.error for f in found]) == pytest.approx(np.std([f.value for f in found]), rel=0.12)


def test_of_one_pixel_a_picture_the_area_and_its_error_are_the_usual_ones():
    r = np.random.default_rng(6)
    known, foreign = r.normal(0, 1, 150), r.normal(1, 1, 150)
    found = pixel_auroc(np.concatenate([known, foreign])[:, None], np.repeat([[False], [True]], 150, axis=0))
    assert found == pytest.approx(auroc(known, foreign), rel=5e-3)


def test_pixels_that_are_all_alike_are_refused():
    with pytest.raises(ConfigError, match="2 pictures have 0 damaged pixels of 6"):
        pixel_auroc(np.zeros((2, 3)), np.zeros((2, 3), bool))
    with pytest.raises(ConfigError, match="1 pictures have 1 damaged pixels of 2"):
        pixel_auroc([[0, 1]], [[True, False]])
