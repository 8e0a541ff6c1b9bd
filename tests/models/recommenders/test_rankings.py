"""Rankings: what is asked of a recommender more than once for one event is worked out once."""

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

from models import Candidate, Popularity, Recommender
from models.recommenders.recommender import DEEPER, LOOKED_AT, NOTHING, Rankings

MONDAY = 1_767_225_600


class Counting(Recommender):
    """Offers as many numbers as are asked for, up to a bound, and remembers how it was asked."""

    def __init__(self, half_life_s: float = 3600.0, most: int = 1000) -> None:
        super().__init__(half_life_s)
        self.most = most
        self.asked: list[tuple[tuple[str, ...], int, str]] = []

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Nothing is learned."""

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
        shopper: str = "",
    ) -> list[Candidate]:
        """The first numbers."""
        self.asked.append((tuple(x), k, shopper))
        return [Candidate(f"{n}", 1 / (1 + n), 0, 0) for n in range(min(k, self.most))]

    def state(self) -> dict[str, Any]:
        """Its arguments: it has learned nothing."""
        return {"params": self._get_params()}

    def _restore(self, state: dict[str, Any]) -> None:
        """There is nothing to restore."""


def test_a_context_is_asked_about_once_however_many_look() -> None:
    """Whoever looks next sees what was ranked for those before, from the first one on."""
    source, rankings = Counting(), Rankings()
    first = rankings.of(source, ["bread"], MONDAY)
    looked_at = [next(first).item for _ in range(3)]
    again = [one.item for one in islice(rankings.of(source, ["bread"], MONDAY), 5)]

    assert ["0", "1", "2"] == looked_at == again[:3]
    assert "3" == next(first).item
    assert [(("bread",), LOOKED_AT, "")] == source.asked


def test_nothing_is_ranked_before_somebody_looks_and_more_only_where_more_is_looked_at() -> None:
    """A few first, then many more; of a short list the end is known."""
    source, rankings = Counting(most=30), Rankings()
    ranked = rankings.of(source, ["bread"], MONDAY)
    assert [] == source.asked
    every = [*ranked]

    assert [f"{n}" for n in range(30)] == [one.item for one in every]
    assert [LOOKED_AT, DEEPER * LOOKED_AT] == [k for _, k, _ in source.asked]


def test_another_context_another_source_and_another_shopper_have_rankings_of_their_own() -> None:
    """And another moment: in each of these the answer may be another one."""
    source, other, rankings = Counting(), Counting(), Rankings()
    for asked in (source, other):
        next(rankings.of(asked, ["bread"], MONDAY))
    next(rankings.of(source, ["bread", "jam"], MONDAY))
    next(rankings.of(source, ["bread"], MONDAY, {"shopper": "ada"}))
    next(rankings.of(source, ["bread"], MONDAY + 1))
    next(rankings.of(source, ["bread"], MONDAY, {}))

    bread = ("bread",)
    assert [bread, ("bread", "jam"), bread, bread] == [x for x, _, _ in source.asked]
    assert ["", "", "ada", ""] == [shopper for *_, shopper in source.asked]
    assert 1 == len(other.asked)


def test_popular_items_are_counted_as_far_as_somebody_looks() -> None:
    """In the order of the list that is kept, with the evidence that `recommend` gives them."""
    popular = Popularity()
    for n in range(9):
        popular.learn_one((), f"item-{n % 4}", time_s=MONDAY + n)
    ranked = popular.ranked(())

    assert next(ranked) == popular.recommend((), 1)[0]
    assert [*ranked] == popular.recommend((), 9)[1:]


def test_what_somebody_else_ranks_is_ranked_once_too_and_as_far_as_anybody_looks() -> None:
    """By what was asked: another question has a ranking of its own."""
    source, rankings = Counting(most=30), Rankings()
    found = [
        [one.item for one in islice(rankings.once(("mine", main), lambda: source.ranked([])), 2)]
        for main in ("bread", "bread", "jam")
    ]

    assert [["0", "1"]] * 3 == found
    assert [LOOKED_AT] * 2 == [k for _, k, _ in source.asked]
