"""Prequential figures, against figures worked out by hand."""

import pytest

from models.evaluation.ranking import DEPTH, Evaluation, Scores

TWENTY = [f"item-{n}" for n in range(1, 21)]


def scored(*examples: tuple[int, list[str], str]) -> Scores:
    """Examples counted: session, what was offered, answer."""
    scores = Scores()
    for session, offered, answer in examples:
        scores.count(session, offered, answer, known=True)
    return scores


@pytest.mark.parametrize(
    ("rank", "hits", "reciprocal"),
    [(1, (1, 1, 1), 1.0), (2, (0, 1, 1), 0.5), (5, (0, 1, 1), 0.2), (6, (0, 0, 1), 1 / 6)],
)
def test_a_hit_counts_from_its_rank_on(
    rank: int, hits: tuple[int, int, int], reciprocal: float
) -> None:
    """At 1, 5 and 20; and one over the rank."""
    figures = scored((1, TWENTY, f"item-{rank}")).figures()

    assert hits == (figures["hr@1"], figures["hr@5"], figures["hr@20"])
    assert reciprocal == figures["mrr@20"]


def test_the_twentieth_is_the_last_that_counts() -> None:
    """However many were offered."""
    offered = [*TWENTY, "item-21"]

    assert 1 / 20 == scored((1, offered, "item-20")).figures()["mrr@20"]
    assert 0.0 == scored((1, offered, "item-21")).figures()["mrr@20"]
    assert 20 / 21 == scored((1, offered, "item-1")).coverage({*offered})


def test_no_example_has_no_rate() -> None:
    """Nothing was asked: that is not zero."""
    figures = Scores().figures()

    assert 0 == figures["examples"]
    assert {None} == {value for name, value in figures.items() if name != "examples"}
    assert Scores().coverage(set()) is None
    assert {} == Scores().intervals(10, seed=0)


def test_what_nobody_had_seen_is_cold() -> None:
    """One of two."""
    scores = Scores()
    scores.count(1, [], "bread", known=True)
    scores.count(1, [], "yeast", known=False)

    assert 0.5 == scores.figures()["cold_share"]


def test_cross_sell_neither_offers_nor_counts_what_the_session_has() -> None:
    """Bread again is an example of one regime only; without it, butter comes first."""
    both = Evaluation()
    both.count(1, {"bread"}, ["bread", "butter"], "bread", known=True)
    both.count(1, {"bread", "milk"}, ["bread", "butter"], "butter", known=True)
    published, cross_sell = (both.regimes[name].figures() for name in ("published", "cross_sell"))

    assert (2, 0.5, 0.75) == tuple(published[name] for name in ("examples", "hr@1", "mrr@20"))
    assert (1, 1.0, 1.0) == tuple(cross_sell[name] for name in ("examples", "hr@1", "mrr@20"))


def test_cross_sell_looks_beyond_the_items_of_the_session() -> None:
    """Twenty new ones are left when the session's own are taken out."""
    both = Evaluation()
    both.count(1, {"bread"}, ["bread", *TWENTY], "item-20", known=True)

    assert 1 / DEPTH == both.regimes["cross_sell"].figures()["mrr@20"]
    assert 0.0 == both.regimes["published"].figures()["mrr@20"]


def test_intervals_repeat_with_their_seed() -> None:
    """And only then are the same."""
    scores = scored(*((n, ["bread"], "bread" if n % 3 else "milk") for n in range(60)))

    assert scores.intervals(200, seed=1) == scores.intervals(200, seed=1)
    assert scores.intervals(200, seed=1) != scores.intervals(200, seed=2)


def test_intervals_are_those_of_sessions_not_of_examples() -> None:
    """100 sessions of 25 like examples each, half of them hits.

    The standard error is that of 100 draws, .05, so that the interval of 95 % is .196 wide; of
    2,500 draws it would be .039. Seed 0, 2,000 resamples: within 15 %.
    """
    scores = scored(
        *((n, ["bread"], "bread" if n % 2 else "milk") for n in range(100) for _ in range(25))
    )
    low, high = scores.intervals(2_000, seed=0)["hr@20"]

    assert 0.196 == pytest.approx(high - low, rel=0.15)
    assert low < 0.5 < high
