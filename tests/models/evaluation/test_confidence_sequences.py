"""Confidence sequences: the formulae of those who published them, and what they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammainc, gammaln

from models.evaluation.confidence_sequences import (
    GammaExponential,
    asymptotic_half_width,
    asymptotic_p,
    best_rho,
)

CONFSEQ = GammaExponential(c=2.0, v_opt=100.0, alpha_opt=0.05)
"""The mixture that confseq's own unit test is about."""


def mixed(s: float, v: float, c: float, rho: float) -> float:
    """The gamma-exponential mixture by its definition: an integral over all bets.

    A bet of size lambda has wealth exp(lambda * s - psi(lambda) * v); 1/c - lambda is spread as a
    gamma variable of shape rho / c**2 that is cut off at 1/c (Howard et al. 2021, appendix A).
    """
    shape, rate = rho / c**2, rho / c
    norm = shape * math.log(rate) - gammaln(shape) - math.log(gammainc(shape, shape))

    def wealth(left: float) -> float:  # left = 1/c - lambda
        bet = 1.0 / c - left
        psi = (-math.log(c * left) - c * bet) / c**2
        prior = norm + (shape - 1.0) * math.log(left) - rate * left
        return math.exp(bet * s - psi * v + prior)

    return float(quad(wealth, 1e-12, 1.0 / c, limit=400)[0])


def test_the_mixture_is_what_confseq_computes() -> None:
    """Its test/uniform_boundaries_unittest.cpp: V_OPT = 100, ALPHA = ALPHA_OPT = .05, c = 2."""
    assert pytest.approx(-0.2490165, abs=1e-6) == float(CONFSEQ.log_e_value(10.0, 100.0))
    assert pytest.approx(33.02017, abs=1e-5) == float(CONFSEQ.bound(100.0, alpha=0.05))
    assert pytest.approx(12.60056, abs=1e-5) == best_rho(100.0, 0.025)


@pytest.mark.parametrize(("s", "v"), [(0.0, 50.0), (10.0, 100.0), (40.0, 100.0), (25.0, 3.0)])
def test_the_mixture_is_the_integral_that_it_is_said_to_be(s: float, v: float) -> None:
    """The closed form against quadrature."""
    rho = best_rho(100.0, 0.05)

    assert pytest.approx(mixed(s, v, 2.0, rho), rel=1e-6) == math.exp(CONFSEQ.log_e_value(s, v))


@given(st.floats(0.0, 1e6), st.floats(1e-6, 0.5), st.floats(0.5, 100.0))
def test_the_bound_is_where_the_evidence_suffices(v: float, alpha: float, c: float) -> None:
    """Neither more nor less, whatever the size of things."""
    sequence = GammaExponential(c, 5.0 * c * c)
    at = float(sequence.log_e_value(sequence.bound(v, alpha), v))

    assert pytest.approx(math.log(1.0 / alpha), abs=1e-6) == at


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5))
def test_more_variance_needs_more_and_more_deviation_says_more(v: float, more: float) -> None:
    """The bound rises with V, the evidence with S."""
    low, high = CONFSEQ.bound(np.array([v, v + more]), alpha=0.05)

    assert low <= high * (1 + 1e-9)  # each is searched for, and found nearly
    assert CONFSEQ.log_e_value(more + 1.0, v) >= CONFSEQ.log_e_value(more, v) - 1e-9


def test_a_mixture_without_sense_is_refused() -> None:
    """With the numbers."""
    with pytest.raises(ValueError, match=r"alpha_opt=0\.7"):
        GammaExponential(1.0, 1.0, 0.7)


@pytest.mark.parametrize(
    ("alpha", "n_tuned", "half"),
    [
        (0.05, 5_000.0, 0.009950465412194456),
        (0.05, 20_000.0, 0.009658023560950628),
        (0.01, 5_000.0, 0.011624747529704854),
    ],
)
def test_the_asymptotic_sequence_is_growthbooks(alpha: float, n_tuned: float, half: float) -> None:
    """From gbstats 0.8.0: SequentialTwoSidedTTest(ProportionStatistic(n=10000, sum=500), ...570).

    With SequentialConfig(difference_type="absolute", alpha=..., sequential_tuning_parameter=...):
    half the width of its ci.
    """
    se = math.sqrt(0.05 * 0.95 / 10_000 + 0.057 * 0.943 / 10_000)

    assert pytest.approx(half, abs=1e-12) == asymptotic_half_width(se, 20_000, alpha, n_tuned)


def test_the_asymptotic_p_is_growthbooks() -> None:
    """The same call's p_value, and what is certain."""
    se = math.sqrt(0.05 * 0.95 / 10_000 + 0.057 * 0.943 / 10_000)

    assert pytest.approx(0.5480093820849327, abs=1e-9) == asymptotic_p(0.007, se, 20_000)
    assert (1.0, 0.0) == (asymptotic_p(0.0, 0.0, 10), asymptotic_p(0.1, 0.0, 10))


def test_the_sequence_holds_at_every_look_where_the_interval_does_not() -> None:
    """1,000 fair coins of 1 in 50, weighted by 1 / 0.2, looked at 200 times: bound 5 % (seed 3).

    The textbook's interval misses at some look in more than 20 %.
    """
    rng = np.random.default_rng(3)
    floor, rate, runs, looks, step = 0.2, 0.02, 1_000, 200, 50
    hits = rng.binomial(step, rate * floor, (runs, looks)).cumsum(axis=1)
    n = np.arange(1, looks + 1) * step
    off, v = np.abs(hits / floor - n * rate), hits / floor**2
    sequence = GammaExponential(1.0 / floor, 5.0 / floor**2)
    missed = (sequence.log_e_value(off, v) > math.log(2 / 0.05)).any(axis=1).mean()
    textbook = (off > 1.96 * np.sqrt(np.maximum(v, 1.0)))[:, 10:].any(axis=1).mean()

    assert missed <= 0.05
    assert textbook > 0.2
