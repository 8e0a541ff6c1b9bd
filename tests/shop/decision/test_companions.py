"""What goes with the items of a basket: by what is added after what, then by what met at all."""

import pytest

from models import Candidate
from streams.shop.decision.policy.companions import (
    Met,
    companion,
    companion_fit,
    companions,
)
from streams.shop.decision.policy.offer_fits import SHARES, SOURCES
from streams.shop.memory.learned import Learned
from tests.shop.memory.test_sequences import WORTH
from tests.stories import Story, Till


@pytest.fixture(scope="module")
def learned() -> Learned:
    """A case is added after a camera; tea and cake come in any order; milk is in most baskets."""
    till = Till(**WORTH)
    till.teach("camera", "case", times=8)
    till.teach("tea", "cake", times=3)
    till.teach("cake", "tea", times=3)
    till.teach("milk", "camera", times=6)
    for number in range(60):
        till.serve(Story(f"milk-{number}").add("milk"))
    found: Learned = till.shop.learned
    return found


def fits(learned: Learned, *mains: str) -> dict[tuple[int, str], int]:
    """How much speaks for what, by the item that it goes with."""
    met = companions(learned, mains)
    found = {(one.place, one.item): one.fit for one in met}
    assert len(found) == len(met)
    return found


def test_who_is_added_after_the_other_is_a_companion_and_the_other_is_of_a_lesser_class(
    learned: Learned,
) -> None:
    """A case beside a camera; a camera beside a case met as often, and has a class of its own."""
    found = fits(learned, "camera", "case")

    assert {(0, "case"), (1, "camera")} == found.keys()
    assert found[0, "case"] >= SHARES
    assert 0 == found[1, "camera"] // SHARES


def test_what_comes_in_either_order_is_a_companion_both_ways(learned: Learned) -> None:
    """Cake beside tea and tea beside cake, as much the one as the other."""
    found = fits(learned, "tea", "cake")

    assert found[0, "cake"] == found[1, "tea"] >= SHARES


def test_what_met_by_chance_is_no_companion(learned: Learned) -> None:
    """Milk is in four of five baskets: that a camera is, too, says nothing."""
    assert {"case"} == {one.item for one in companions(learned, ["camera"])}
    assert [] == companions(learned, ["milk", "nothing"])
    assert [] == companions(learned, [])


def test_one_by_one_it_is_what_it_is_of_many(learned: Learned) -> None:
    """Of all items that go with any."""
    mains = ["camera", "case", "tea", "cake", "milk"]
    for place, item, fit in companions(learned, mains):
        assert fit == companion_fit(learned, companion(learned, mains[place], item))


def test_what_is_told_counts_baskets_whatever_the_order(learned: Learned) -> None:
    """Three of six had the cake after the tea; six had both. The score is left open."""
    told = Candidate("cake", 0.0, 6, 6, "tea", SOURCES[0])

    assert told == companion(learned, "tea", "cake")
    assert told._replace(item="case", together=8, of=14, anchor="camera") == companion(
        learned, "camera", "case"
    )
    assert Met(0, "case", companion_fit(learned, companion(learned, "camera", "case"))) in (
        companions(learned, ["camera"])
    )


def test_where_a_pair_of_baskets_is_forgotten_what_is_known_of_its_order_is_told(
    learned: Learned,
) -> None:
    """In no fewer cases than those in which they met."""
    without = Learned(**{**vars(learned), "baskets": Till(**WORTH).shop.learned.baskets})

    assert Candidate("case", 0.0, 8, 8, "camera", SOURCES[0]) == companion(
        without, "camera", "case"
    )


def test_where_nothing_was_learned_nothing_is_a_companion() -> None:
    """Nothing is divided by no baskets."""
    learned = Till(**WORTH).shop.learned

    assert [] == companions(learned, ["camera", "case"])
    assert companion_fit(learned, companion(learned, "camera", "case")) < SHARES
