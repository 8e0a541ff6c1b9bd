"""Hit rates: what is a hit, and in which window it counts."""

from streams.replay.score import WINDOW_EVENTS, Score, hits


def test_only_what_comes_later_is_a_hit() -> None:
    """An item that is in the basket already, or enters it now, was not foretold."""
    assert [False, False] == hits(["bread", "butter"], [["bread"], ["butter", "bread"]])


def test_an_offer_may_come_true_at_any_later_place() -> None:
    """The same basket later: not only the very next item."""
    assert [True, True, False] == hits(["bread", "jam", "milk"], [["milk"], ["milk"], ["milk"]])


def test_silence_and_the_last_add_are_misses_for_both() -> None:
    """Both rates have every add in their denominator."""
    score = Score()
    score.count(0, ["bread", "butter"], [[], ["jam"]], [["butter"], ["bread"]])

    expected = {"examples": 2, "hit_rate": 0.0, "hit_rate_popular": 0.5}
    assert expected == score.summary()["first_60000"]


def test_a_window_ends_within_a_basket() -> None:
    """An example belongs to a window by its own number, not by its basket's."""
    score = Score()
    offers = [["c"], ["c"], ["c"]]
    score.count(WINDOW_EVENTS - 1, ["a", "b", "c"], offers, [[], [], []])

    assert {"examples": 1, "hit_rate": 1.0, "hit_rate_popular": 0.0} == score.first.summary()
    assert {"examples": 2, "hit_rate": 0.5, "hit_rate_popular": 0.0} == score.rest.summary()


def test_no_example_is_no_rate() -> None:
    """A window without examples has None, not a division by zero."""
    assert Score().summary()["rest"]["hit_rate"] is None
