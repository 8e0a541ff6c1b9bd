"""Hit rates: what is a hit, and in which window it counts."""

from streams.lab.replay.score import WINDOW_EVENTS, Score, hits


def test_only_what_comes_later_is_a_hit() -> None:
    """An item that is in the basket already, or enters it now, was not foretold."""
    assert [False, False] == hits(["bread", "butter"], [["bread"], ["butter", "bread"]])


def test_an_offer_may_come_true_at_any_later_place() -> None:
    """The same basket later: not only the very next item."""
    assert [True, True, False] == hits(["bread", "jam", "milk"], [["milk"], ["milk"], ["milk"]])


def test_silence_and_the_last_add_are_misses_for_both() -> None:
    """Both rates have every add in their denominator."""
    score = Score()
    score.count(0, ["bread", "butter"], [[], ["jam"]], [["butter"], ["bread"]], ["", "popular"])

    window = score.summary()["first_60000"]
    assert (2, 0.0, 0.5) == (window["examples"], window["hit_rate"], window["hit_rate_popular"])
    assert {"examples": 1, "continued": 0, "hit_rate": 0.0, "hit_rate_continued": None} == window[
        "arms"
    ]["popular"]


def test_the_last_add_of_a_basket_is_no_miss_where_baskets_went_on() -> None:
    """Nothing can be foretold there: the second pair of rates leaves it out, for both."""
    score = Score()
    score.count(0, ["bread", "butter"], [["butter"], ["jam"]], [["butter"], []], ["popular"] * 2)

    window = score.summary()["first_60000"]
    assert (2, 0.5, 0.5) == (window["examples"], window["hit_rate"], window["hit_rate_popular"])
    assert (1, 1.0) == (window["continued"], window["hit_rate_continued"])
    assert 1.0 == window["hit_rate_popular_continued"]


def test_an_arm_is_judged_by_its_own_prompts() -> None:
    """Their hits, of their number: silences and the prompts of others are not in it."""
    score = Score()
    offers, arms = [["c"], ["c"], ["x"], []], ["best_fit", "popular", "best_fit", ""]
    score.count(0, ["a", "b", "c", "d"], offers, [[], [], [], []], arms)

    rates = {name: arm["hit_rate"] for name, arm in score.first.summary()["arms"].items()}
    assert {"best_fit": 0.5, "popular": 1.0} == rates


def test_a_window_ends_within_a_basket() -> None:
    """An example belongs to a window by its own number, not by its basket's."""
    score = Score()
    offers = [["c"], ["c"], ["c"]]
    score.count(WINDOW_EVENTS - 1, ["a", "b", "c"], offers, [[], [], []], ["popular"] * 3)

    assert (1, 1) == (score.first.examples, score.first.hits)
    assert (2, 1) == (score.rest.examples, score.rest.hits)


def test_no_example_is_no_rate() -> None:
    """A window without examples has None, not a division by zero."""
    assert Score().summary()["rest"]["hit_rate"] is None
