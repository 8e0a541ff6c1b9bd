"""The probability that two items replace each other is calibrated, and falls with what is taken."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from models.recommenders.pair_table.substitutes import (
    COMPLETING,
    REPLACING,
    substitute_probability,
)

COUNTS = st.integers(0, 10_000)
SEED, PAIRS, BOUND = 20261129, 60_000, 0.04
"""Some 1,700 pairs a bin at least, so that the bound is three standard errors and more."""


def test_of_pairs_said_to_replace_each_other_with_a_probability_so_many_do() -> None:
    """Drawn from the two kinds alike; in ten bins of which each with 1,000 pairs is judged."""
    chance, bins = Random(SEED), [[0, 0, 0.0] for _ in range(10)]
    for _ in range(PAIRS):
        replaces = chance.random() < 0.5
        share = chance.betavariate(*(REPLACING if replaces else COMPLETING))
        could = chance.randrange(1, 40)
        both = sum(chance.random() < share for _ in range(could))
        p = substitute_probability(could, both, prior=0.5)
        told = bins[min(9, int(10 * p))]
        told[0], told[1], told[2] = told[0] + 1, told[1] + replaces, told[2] + p
    judged = [(said / pairs, true / pairs) for pairs, true, said in bins if pairs >= 1000]

    assert len(judged) >= 7
    assert max(abs(said - true) for said, true in judged) < BOUND


@given(COUNTS, COUNTS, st.floats(0, 1))
def test_who_takes_both_speaks_against_it(could: int, both: int, prior: float) -> None:
    """One more who took both never makes it more probable; without any count it is the prior."""
    both = min(could, both)
    p = substitute_probability(could, both, prior)

    assert 0.0 <= p <= 1.0
    assert substitute_probability(could + 1, both + 1, prior) <= p + 1e-9
    assert substitute_probability(could + 1, both, prior) >= p - 1e-9
    assert abs(substitute_probability(0, 0, prior) - prior) < 1e-9
