"""Off-policy estimates: formulae by hand, truth on average, and the refusal to guess."""

import numpy as np
import pytest

from models.evaluation.off_policy import (
    OffPolicyEstimate,
    TooFewEffective,
    effective_size,
    evaluate,
)

RATES = np.array([0.04, 0.08, 0.15])
LOGGING = np.array([0.6, 0.3, 0.1])
TARGET = np.array([0.1, 0.3, 0.6])
GUESSES = np.array([0.05, 0.05, 0.1])
TRUTH = float(RATES @ TARGET)
ALWAYS = "difference_always_valid"


def judged(
    rng: np.random.Generator, n: int = 4_000, floor: float | None = None
) -> OffPolicyEstimate:
    """The target policy, by a log of the first one."""
    drawn = rng.choice(3, n, p=LOGGING)
    return evaluate(
        (rng.random(n) < RATES[drawn]).astype(np.float64),
        LOGGING[drawn],
        TARGET[drawn],
        expected=GUESSES[drawn],
        expected_by_target=np.full(n, float(GUESSES @ TARGET)),
        floor=floor,
    )


def test_estimates_are_their_formulae() -> None:
    """Three decisions, reckoned by hand."""
    verdict = evaluate(
        rewards=np.array([1.0, 0.0, 0.5]),
        propensities=np.array([0.5, 0.25, 0.25]),
        target=np.array([0.25, 0.5, 0.25]),  # weights .5, 2 and 1
        expected=np.array([0.4, 0.2, 0.2]),
        expected_by_target=np.array([0.3, 0.3, 0.3]),
        effective_min=2.0,
    )

    assert pytest.approx(1.0 / 3.0) == verdict.ips.value
    assert pytest.approx(1.0 / 3.5) == verdict.snips.value
    assert verdict.dr is not None
    assert pytest.approx(0.3 + (0.5 * 0.6 - 2 * 0.2 + 0.3) / 3.0) == verdict.dr.value
    assert pytest.approx(3.5**2 / 5.25) == verdict.effective_n
    assert (3, 2.0, 0.5) == (verdict.n, verdict.weight_max, verdict.logged.value)


def test_estimates_are_true_on_average_and_their_intervals_cover() -> None:
    """300 logs (seed 4): 95 % intervals hold it in at least 92 %, bounds at every look in 95 %."""
    rng = np.random.default_rng(4)
    verdicts = [judged(rng, floor=0.1) for _ in range(300)]
    more = TRUTH - float(RATES @ LOGGING)
    truths = dict.fromkeys(("ips", "snips", "dr", "always_valid"), TRUTH)
    for name, truth in (truths | dict.fromkeys(("difference", ALWAYS), more)).items():
        found = [getattr(verdict, name) for verdict in verdicts]
        covered = np.mean([one.low <= truth <= one.high for one in found])

        assert pytest.approx(truth, rel=0.03) == np.mean([one.value for one in found])
        assert covered >= (0.95 if "always" in name else 0.92), name


def test_where_the_target_stays_silent_it_earns_nothing() -> None:
    """Half of the decisions are none of its own: by each estimate it earns half (seed 9)."""
    rng = np.random.default_rng(9)
    values = []
    for _ in range(600):
        acts = rng.random(2_000) < 0.5
        drawn = rng.random(2_000) < 0.5
        rewards = (rng.random(2_000) < 0.4).astype(np.float64)
        found = evaluate(
            rewards, np.full(2_000, 0.5), (acts & drawn).astype(float), acts=acts.astype(float)
        )
        ips, snips = found.ips, found.snips
        values.append((ips.value, snips.value, snips.low <= 0.2 <= snips.high))

    assert [pytest.approx(0.2, abs=0.002)] * 2 == list(np.mean(values, axis=0)[:2])
    assert 0.92 <= np.mean(values, axis=0)[2] <= 0.98


def test_guesses_make_the_estimate_steadier() -> None:
    """That is what the doubly robust estimate is for: with fair guesses, a little (seed 6)."""
    rng = np.random.default_rng(6)
    verdicts = [judged(rng) for _ in range(100)]

    assert np.mean([v.dr.se for v in verdicts if v.dr]) < np.mean([v.ips.se for v in verdicts])


def test_a_policy_too_unlike_the_log_is_refused() -> None:
    """With the numbers that say why."""
    target = np.zeros(1_000)
    target[:7] = 1.0
    with pytest.raises(TooFewEffective, match=r"1,000 decisions are worth 7\.0 .* at least 100 "):
        evaluate(np.ones(1_000), np.full(1_000, 0.5), target)


def test_nothing_at_all_is_refused() -> None:
    """An empty log, and a policy that would have done nothing of it."""
    for n in (0, 10):
        with pytest.raises(TooFewEffective):
            evaluate(np.ones(n), np.ones(n), np.zeros(n))


def test_a_floor_that_is_none_is_refused() -> None:
    """Bounds at every look would be too narrow."""
    with pytest.raises(ValueError, match=r"0\.01 is below"):
        evaluate(np.ones(200), np.full(200, 0.01), np.ones(200), floor=0.05)


def test_the_same_policy_is_worth_what_it_earned() -> None:
    """All weights are one."""
    rewards = np.where(np.arange(200) % 2, 0.5, 0.0)
    verdict = evaluate(rewards, np.full(200, 0.3), np.full(200, 0.3))

    assert 200.0 == effective_size(np.ones(200)) == verdict.effective_n
    assert verdict.logged == verdict.ips
    assert pytest.approx(verdict.logged.value) == verdict.snips.value
