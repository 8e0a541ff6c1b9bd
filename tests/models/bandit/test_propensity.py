"""Propensities: how probable it is to be best, whatever the counts, and a draw from that."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from models.bandit.propensity import (
    Floats,
    ShareLimits,
    draw,
    gaussian_best,
    probability_best,
    top_two,
    vector,
    with_floor,
    within_caps,
)

shapes = st.floats(1e-3, 1e7)
arms = st.lists(st.tuples(shapes, shapes), min_size=2, max_size=8)


def exactly(a: Floats, b: Floats) -> Floats:
    """By brute force: 2,000 quantiles of each arm, and how probable it is that others are less."""
    levels = (np.arange(2_000) + 0.5) / 2_000
    best = []
    for k in range(len(a)):
        value = special.betaincinv(a[k], b[k], levels)
        others = [special.betainc(a[i], b[i], value) for i in range(len(a)) if i != k]
        best.append(np.prod(others, axis=0).mean())
    scaled: Floats = np.array(best) / sum(best)
    return scaled


@given(arms)
def test_the_probabilities_of_being_best_are_a_distribution(
    posteriors: list[tuple[float, float]],
) -> None:
    """From a thousandth of a trial to ten million: no NaN, none negative, the sum is one."""
    best = probability_best(*np.array(posteriors).T)

    assert np.isfinite(best).all()
    assert (best >= 0.0).all()
    assert best.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([3, 5, 9, 2, 7], [40, 60, 80, 30, 70]),
        ([1.5, 1.5, 1.5], [28.5, 28.5, 28.5]),
        ([2, 11], [20, 55]),
        ([1_000, 1_050, 980], [19_000, 19_000, 19_000]),
        ([0.3, 0.9, 4.0], [29.7, 29.1, 90.0]),
        ([5_000_000, 3, 40], [95_000_000, 30, 700]),
        ([30, 900_000], [300, 9_100_000]),
    ],
    ids=["few", "priors", "two", "many", "rare", "very wide and very narrow", "narrow second"],
)
def test_the_quadrature_is_close_to_the_integral(a: list[float], b: list[float]) -> None:
    """Within three thousandths, even if one arm has millions of trials and another one none."""
    one, other = np.array(a, float), np.array(b, float)

    assert np.abs(probability_best(one, other) - exactly(one, other)).max() < 0.003


def test_random_posteriors_are_close_to_the_integral() -> None:
    """Thirty sets of two to eight arms, seed 0: 10 to a million trials, rates from .001 to .3."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        number = int(rng.integers(2, 9))
        trials, mean = 10 ** rng.uniform(1, 6, number), 10 ** rng.uniform(-3, -0.5, number)
        if rng.random() < 0.5:
            mean = mean[0] * (1 + 0.1 * rng.standard_normal(number)).clip(0.5)
        a, b = mean * trials, (1 - mean) * trials

        assert np.abs(probability_best(a, b) - exactly(a, b)).max() < 0.005


@given(arms, st.randoms(use_true_random=False))
def test_the_order_of_the_arms_does_not_matter(
    posteriors: list[tuple[float, float]], random: np.random.RandomState
) -> None:
    """Each arm keeps its probability, wherever it stands."""
    order = list(range(len(posteriors)))
    random.shuffle(order)
    best = probability_best(*np.array(posteriors).T)
    shuffled = probability_best(*np.array([posteriors[i] for i in order]).T)

    assert shuffled == pytest.approx(best[order], abs=1e-9)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50).filter(lambda shares: sum(shares) > 0),
    st.floats(0.0, 1.0),
)
def test_every_arm_gets_the_floor(shares: list[float], floor: float) -> None:
    """Or an equal share, when the floor asks for more than there is; the order stays."""
    best = np.array(shares) / sum(shares)
    mixed = with_floor(best, floor)

    assert math.fsum(mixed) == pytest.approx(1.0, abs=1e-12)
    assert min(mixed) >= min(floor, 1.0 / len(shares))
    assert all(
        (mixed[i] <= mixed[j]) or (best[i] > best[j])
        for i in range(len(shares))
        for j in range(len(shares))
        if best[i] <= best[j]
    )


def test_arms_are_drawn_as_often_as_their_propensities_say() -> None:
    """50,000 seeds: each count within 4.5 standard deviations (one in 100,000 falls outside)."""
    propensities = {"bought_together": 0.62, "buy_again": 0.25, "curated": 0.05, "popular": 0.08}
    seeds = 50_000
    drawn = [draw(propensities, f"event-{n}".encode()) for n in range(seeds)]
    for arm, p in propensities.items():
        assert abs(drawn.count(arm) - seeds * p) < 4.5 * math.sqrt(seeds * p * (1 - p))


def test_a_seed_always_draws_the_same_arm() -> None:
    """A worker that takes over answers as its predecessor did."""
    propensities = {"curated": 0.5, "popular": 0.5}

    assert draw(propensities, b"event-1") == draw(dict(propensities), b"event-1")


def test_an_arm_of_no_probability_is_never_drawn() -> None:
    """Not even when rounding leaves the sum a little below one."""
    drawn = {draw({"never": 0.0, "popular": 1.0 - 1e-9}, str(n).encode()) for n in range(1_000)}

    assert {"popular"} == drawn


@pytest.mark.parametrize(
    ("means", "deviations"),
    [
        ([0.0, 1.0], [1.0, 1.0]),
        ([0.05, 0.06, 0.04], [0.02, 0.01, 0.03]),
        ([0.5, 0.5, 0.5, 0.5], [0.001, 0.1, 0.2, 0.3]),
        ([-3.0, -2.5, 4.0], [2.0, 1.0, 5.0]),
        ([0.05] * 40, [0.01 + 0.001 * n for n in range(40)]),
    ],
    ids=["two", "rare", "narrow and wide", "below nothing", "forty"],
)
def test_of_gaussians_the_quadrature_is_close_to_the_integral(
    means: list[float], deviations: list[float]
) -> None:
    """By brute force: 2,000 quantiles of each arm, and how probable it is that others are less."""
    mean, sd = np.array(means), np.array(deviations)
    levels = special.ndtri((np.arange(2_000) + 0.5) / 2_000)
    best = [
        np.prod(
            [
                special.ndtr((mean[k] + sd[k] * levels - mean[i]) / sd[i])
                for i in range(len(mean))
                if i != k
            ],
            axis=0,
        ).mean()
        for k in range(len(mean))
    ]

    assert gaussian_best(mean, sd) == pytest.approx(best, abs=0.003)


@pytest.mark.parametrize("gaussian", [False, True])
def test_a_posterior_that_is_no_number_is_refused(gaussian: bool) -> None:
    """Rather than drawn from."""
    with pytest.raises(ValueError, match="NaN"):
        vector(((math.nan, 1.0), (0.5, 1.0)), 0.05, False, gaussian)


@pytest.mark.parametrize("gaussian", [False, True])
def test_a_posterior_beyond_all_limits_is_as_one_at_its_limit(gaussian: bool) -> None:
    """No integral overflows: what is certain is certain."""
    largest = ((1e30, 1e-30), (1e-30, 1e30)) if not gaussian else ((1e30, 0.0), (-1e30, 1e30))

    assert vector(largest, 0.0, False, gaussian)[0] > 0.6
    assert 1.0 == pytest.approx(math.fsum(vector(largest, 0.0, False, gaussian)))


def test_of_two_arms_top_two_draws_each_as_often_however_sure_it_is() -> None:
    """The challenger of one is the other; of one arm alone, itself."""
    for best in (0.5, 0.9, 1.0 - 1e-12, 1.0):
        assert [0.5, 0.5] == pytest.approx(top_two(np.array([best, 1.0 - best])).tolist())
    assert [1.0] == top_two(np.array([1.0])).tolist()


def test_arms_beyond_the_floors_room_share_evenly() -> None:
    """Twenty by a twentieth, and more: nothing is left to be shared by merit."""
    for arms in (20, 30):
        posteriors = tuple((1.0 + n, 10.0) for n in range(arms))

        assert [1.0 / arms] * arms == pytest.approx(list(vector(posteriors, 0.05)))


@pytest.mark.parametrize("sure", [3e-13, 1.33e-13, 7e-14])
def test_top_two_is_a_distribution_to_the_last_bit(sure: float) -> None:
    """However little is left to others than the leader."""
    drawn = top_two(np.array([1.0 - sure, sure / 3, sure * 2 / 3]))

    assert math.fsum(drawn) == pytest.approx(1.0, rel=0, abs=1e-15)
    assert [0.5, 1 / 6, 1 / 3] == pytest.approx(drawn.tolist())


def test_hundreds_of_narrow_arms_are_no_trouble() -> None:
    """The product of all their distributions is far from the end of floats."""
    shares = vector(tuple((1_000.0 + n, 100_000.0) for n in range(200)), 0.0)

    assert 1.0 == pytest.approx(math.fsum(shares))
    assert sorted(shares) == list(shares)


@pytest.mark.parametrize("floor", [-0.1, 1.1, math.nan])
def test_a_floor_is_a_share(floor: float) -> None:
    """Between nothing and all, both of them included."""
    with pytest.raises(ValueError, match="floor"):
        with_floor(np.array([0.5, 0.5]), floor)
    assert [0.5, 0.5] == with_floor(np.array([0.5, 0.5]), 0.0)
    assert [0.5, 0.5] == with_floor(np.array([1.0, 0.0]), 1.0)


def test_what_rounding_leaves_is_the_last_arms_that_has_a_chance() -> None:
    """Here it leaves half: of a hundred seeds, none finds no arm, and none one without a chance."""
    propensities = {"first": 0.25, "last": 0.25, "never": 0.0}
    drawn = Counter(draw(propensities, str(n).encode()) for n in range(100))

    assert {"first", "last"} == set(drawn)
    assert drawn["last"] > 2 * drawn["first"]


@pytest.mark.parametrize("propensities", [{}, {"never": 0.0, "nor": 0.0}])
def test_where_no_arm_has_a_chance_none_is_drawn(propensities: dict[str, float]) -> None:
    """It is an error, and says so."""
    with pytest.raises(ValueError, match="no arm has a chance"):
        draw(propensities, b"event-1")


@pytest.mark.parametrize("best", [[0.5, 0.3, 0.2], [0.1, 0.2, 0.3, 0.4], [0.25] * 4, [0.9, 0.1]])
def test_a_challenger_is_as_probable_as_it_is_to_be_best_of_the_others(best: list[float]) -> None:
    """Half of the draws are the leader's, half the challenger's of each leader there may be."""
    expected = [
        0.5 * mine + 0.5 * sum(other * mine / (1 - other) for j, other in enumerate(best) if j != i)
        for i, mine in enumerate(best)
    ]

    assert expected == pytest.approx(top_two(np.array(best)).tolist())


# Within caps


def limited(draws: st.DrawFn) -> tuple[list[float], list[float]]:
    """Shares that sum to one, as a posterior gives them, and a cap for each."""
    weights = draws(st.lists(parts, min_size=2, max_size=8).filter(lambda all_: sum(all_) > 0.01))
    total = math.fsum(weights)
    return [weight / total for weight in weights], [draws(caps) for _ in weights]


parts = st.floats(0.0, 1.0) | st.just(0.0)
caps = st.floats(0.001, 1.0) | st.just(1.0)
shares_and_caps = st.composite(limited)()


@given(shares_and_caps)
def test_no_share_is_above_its_cap_and_they_sum_to_one(given: tuple[list[float], ...]) -> None:
    """Unless all caps together are less than one: then they are as the caps to each other."""
    shares, most = given
    found = within_caps(shares, most)

    assert math.fsum(found) == pytest.approx(1.0, abs=1e-12)
    assert min(found) >= 0.0
    room = min(1.0, math.fsum(most))
    assert all(room * share <= cap * (1 + 1e-12) for share, cap in zip(found, most, strict=True))


@given(shares_and_caps)
def test_nobody_pays_for_the_cap_of_another(given: tuple[list[float], ...]) -> None:
    """A share falls to its cap at most, so a floor is kept by all whose cap is not below it."""
    shares, most = given
    found = within_caps(shares, most)

    if math.fsum(most) > 1.0:
        for share, cap, now in zip(shares, most, found, strict=True):
            assert now >= min(share, cap) * (1 - 1e-12)


def test_what_is_cut_off_goes_on_to_those_who_have_room() -> None:
    """The second would be above its own cap by what the first gives; two keep their odds."""
    found = within_caps([0.6, 0.2, 0.1, 0.1], caps=[0.1, 0.3, 1.0, 1.0])

    assert [0.1, 0.3, 0.3, 0.3] == pytest.approx(found)


def test_a_share_of_nothing_takes_what_nobody_else_may_have() -> None:
    """An arm that is never best, beside one that is capped."""
    assert (0.25, 0.75) == within_caps([1.0, 0.0], caps=[0.25, 1.0])


@pytest.mark.parametrize("caps", [[0.0, 1.0], [1.5, 1.5]], ids=["nothing", "more than all"])
def test_a_cap_of_nothing_or_of_more_than_all_is_no_cap(caps: list[float]) -> None:
    """Such an arm is not on offer at all; or somebody has taken per cent for shares."""
    with pytest.raises(ValueError, match="cap="):
        within_caps([0.5, 0.5], caps=caps)


def test_where_nobody_is_capped_there_are_no_caps() -> None:
    """Not one of 1 for each: policies that know of none are asked as ever."""
    assert () == ShareLimits(floor=0.1).of(["popular", "curated"])


LED = ShareLimits(leader="best_worth", led=("popular", "buy_again"))
"""Of two arms that a third one leads."""


LEADS, LITTLE_KNOWN, SURELY_BETTER = (9.0, 91.0), (2.0, 9.0), (30.0, 70.0)
"""What is known of a leader; P(little known > leader) is .83, P(surely better > leader) .9999."""


def test_who_is_led_and_not_surely_better_has_the_floor() -> None:
    """Who is not led is free, and a cap that is lower than the floor stays."""
    known = {
        "best_worth": LEADS,
        "buy_again": SURELY_BETTER,
        "curated": LITTLE_KNOWN,
        "popular": LITTLE_KNOWN,
    }

    assert (1.0, 1.0, 1.0, 0.05) == LED.caps_of(known, 0.05, False, False)
    capped = LED._replace(caps=(("popular", 0.01), ("buy_again", 0.5)))
    assert (1.0, 0.5, 1.0, 0.01) == capped.caps_of(known, 0.05, False, False)
    without_floor = LED.caps_of(known, 0.0, False, False)
    assert 0.0 < without_floor[-1] < 1e-9


def test_an_arm_that_is_better_than_both_makes_nobody_surely_better_than_the_leader() -> None:
    """Of the two that lose to it, the little known one is the best of all more often."""
    known = {"best_fit": (0.2, 0.01), "best_worth": (0.1, 0.005), "popular": (0.08, 0.05)}

    assert (1.0, 1.0, 0.05) == LED.caps_of(known, 0.05, False, True)
    surely = known | {"popular": (0.15, 0.005)}
    assert (1.0, 1.0, 1.0) == LED.caps_of(surely, 0.05, False, True)


def test_who_is_not_on_offer_or_has_a_cap_leads_nobody() -> None:
    """What it leaves is the others'."""
    known = {"best_worth": LEADS, "popular": LITTLE_KNOWN}

    assert () == LED.caps_of({"popular": LEADS, "buy_again": LEADS}, 0.05, False, False)
    ramped = LED._replace(caps=(("best_worth", 0.2),))
    assert (0.2, 1.0) == ramped.caps_of(known, 0.05, False, False)


def test_who_surely_earns_more_is_sure_of_it_whatever_the_floor() -> None:
    """What the leader is drawn for by a floor does not say that it may be better."""
    known = {"best_worth": (1.0, 1000.0), "popular": (900.0, 100.0)}

    assert [(1.0, 1.0)] * 3 == [LED.caps_of(known, floor, False, False) for floor in (0, 0.05, 0.2)]


def test_nobody_is_led_while_arms_are_told_apart() -> None:
    """Nor where no arm leads."""
    known = {"best_worth": (9.0, 10.0), "popular": (1.0, 90.0)}

    assert (1.0, 0.05) == LED.caps_of(known, 0.05, False, False)
    assert () == LED.caps_of(known, 0.05, True, False)
    assert () == ShareLimits().caps_of(known, 0.05, False, False)


@given(arms, st.floats(0.0, 0.1))
def test_without_caps_the_vector_is_the_same_to_the_bit(
    posteriors: list[tuple[float, float]], floor: float
) -> None:
    """Caps of one bound nothing."""
    free = vector(tuple(posteriors), floor)

    assert free == vector(tuple(posteriors), floor, caps=())
    assert free == vector(tuple(posteriors), floor, caps=(1.0,) * len(posteriors))
