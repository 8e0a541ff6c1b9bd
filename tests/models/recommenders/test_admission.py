"""Who is admitted to a full row: the true top of a long tail, and few strangers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import CoOccurrence
from models.decay import admission
from models.recommenders.best_fit.counts import pairs
from models.recommenders.session_index.records import PAIR, blank
from tests.models.recommenders import twins

MONDAY = 1_767_225_600
PARTNERS = 3_000
TOP = 20
numbers = st.integers(0, 2**56 - 1)


def tail(seed: int, events: int = 20_000) -> list[int]:
    """Partners that an item meets, by a Zipf law of exponent 0.8."""
    shares = np.arange(1, PARTNERS + 1) ** -0.8
    drawn = np.random.default_rng(seed).choice(PARTNERS, events, p=shares / shares.sum())
    return [int(partner) for partner in drawn]


@given(numbers, numbers, numbers)
def test_a_draw_is_a_hash_of_who_asks_whom_and_when(owner: int, newcomer: int, time: int) -> None:
    """The same wherever it is reckoned."""
    assert twins.draw(owner, newcomer, time) == admission.draw(owner, newcomer, time)


def test_draws_are_even() -> None:
    """Of many, a tenth is below a tenth, and so on; none depends on the one before."""
    drawn = np.array([[admission.draw(5, b, n) for n in range(100)] for b in range(100)])
    tenths = np.histogram(drawn, bins=10, range=(0, 1))[0]

    assert np.abs(tenths - 1_000).max() < 150
    assert abs(np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]) < 0.05


def test_a_row_holds_the_top_of_a_long_tail() -> None:
    """Not whoever came last, with the weight of all before."""
    found = []
    for seed in range(5):
        met, row = tail(seed), blank(1, PAIR, 64)[0]
        for session, partner in enumerate(met):
            pairs.add(row, 7, partner, 1.0, session)
        best = row[np.argsort(-row["weight"], kind="stable")][:TOP]
        found.append(len({*range(TOP)} & {*best["item"].tolist()}))
        true = Counter(met)
        over = [one["weight"] / true[int(one["item"])] for one in best]
        assert np.median(over) < 1.1

    assert np.mean(found) >= 17


def test_the_top_of_a_long_tail_is_recommended() -> None:
    """Of the true top twenty, and with evidence that is never more than the truth."""
    found = []
    for seed in range(3):
        met, model = tail(seed), CoOccurrence(popularity_norm=0.0)
        for n, partner in enumerate(met):
            model.learn_one([], "bread", time_s=MONDAY + n)
            model.learn_one(["bread"], f"partner-{partner}", time_s=MONDAY + n)
        true = Counter(met)
        offered = model.recommend(["bread"], TOP)
        ids = [int(one.item.removeprefix("partner-")) for one in offered]
        found.append(len({*range(TOP)} & {*ids}))
        assert all(one.together <= true[n] for one, n in zip(offered, ids, strict=True))

    assert np.mean(found) >= 17


@pytest.mark.parametrize("session", range(20))
def test_looking_again_in_a_session_is_no_second_draw(session: int) -> None:
    """A loop does not get into a row by trying."""
    row = blank(1, PAIR, 2)[0]
    for partner in (1, 2):
        for n in range(9):
            pairs.add(row, 7, partner, 1.0, 100 + n)
    pairs.add(row, 7, 3, 1.0, session)
    once = row.copy()
    if 3 not in once["item"]:
        for _ in range(50):
            pairs.add(row, 7, 3, 1.0, session)

        assert once.tolist() == row.tolist()


def test_what_came_right_after_an_item_last_is_known() -> None:
    """In a full row of next items a newcomer takes the lightest's place, whatever the chance."""
    nexts = blank(20, PAIR, 4)
    session = np.array([1, 0, 0], np.int32)
    for newcomer in [*range(1, 5), *range(1, 5), 6, 7]:
        pairs.add_next(nexts, session, newcomer, 1.0)

    assert 7 in nexts[0]["item"]


def test_what_weighs_nothing_is_not_admitted() -> None:
    """And what meets nothing but nothing is."""
    assert not admission.admits(0.0, 0.0, 1, 2, 3)
    assert not admission.admits(5.0, 0.0, 1, 2, 3)
    assert all(admission.admits(0.0, 1e-300, 1, newcomer, 3) for newcomer in range(100))
