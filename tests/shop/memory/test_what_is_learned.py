"""What each event teaches the shop's recommenders, and what it does not."""

from typing import Any

import pytest

from streams.contract.events import Event
from streams.shop.memory.teaching import UNSEEN_MAX
from tests.stories import NOON_MS, Story, Till

NOON_S = NOON_MS / 1000


def served(*events: Event, **settings: Any) -> Till:
    """A shop to which just this happened."""
    shop = Till(**{"together_min": 1, **settings})
    for event in events:
        shop.serve(event)
    return shop


def together(shop: Till, item: str) -> dict[str, int]:
    """What was bought with an item, and how often."""
    found = shop.shop.learned.baskets.recommend([item], 10, time_s=NOON_S)
    return {candidate.item: candidate.together for candidate in found}


def viewed_together(shop: Till, item: str) -> dict[str, int]:
    """What was looked at in the same visits as an item, and how often."""
    found = shop.shop.learned.browsing.recommend([item], 10, time_s=NOON_S)
    return {candidate.item: candidate.together for candidate in found}


def popular(shop: Till) -> dict[str, float]:
    """The weight of each item in popularity, in what an add weighs."""
    found = shop.shop.learned.popularity.recommend((), 10, time_s=NOON_S)
    return {candidate.item: round(candidate.score, 3) for candidate in found}


# Views


def test_what_is_looked_at_in_one_visit_is_paired() -> None:
    """A view of bread, then one of butter: the two go together for those who look."""
    story = Story()
    shop = served(story.view("bread"), story.view("butter"))

    assert {"butter": 1} == viewed_together(shop, "bread")
    assert {} == together(shop, "bread")


def test_to_look_again_pairs_an_item_with_what_came_between_never_with_itself() -> None:
    """Back from the butter to the bread: the two have met once more."""
    story = Story()
    shop = served(story.view("bread"), story.view("butter"), story.view("bread"))

    assert {"butter"} == set(viewed_together(shop, "bread"))
    assert {"bread"} == set(viewed_together(shop, "butter"))


def test_what_was_looked_at_before_a_pause_is_another_visits() -> None:
    """After half an hour the shopper looks for something else."""
    story = Story()
    shop = served(story.view("bread"), story.view("butter", after_s=1801))

    assert {} == viewed_together(shop, "bread")


def test_a_view_counts_for_less_than_an_add() -> None:
    """A tenth, by the settings; nothing at all where the weight is nothing."""
    story = Story()
    events = story.view("bread"), story.add("butter")

    assert popular(served(*events))["butter"] == pytest.approx(
        10 * popular(served(*events))["bread"], rel=0.01
    )
    assert {"butter"} == set(popular(served(*events, view_weight=0.0)))
    assert {"bread"} == set(popular(served(*events, add_weight=0.0)))


# Adds


def test_an_add_is_paired_with_what_is_in_the_basket() -> None:
    """Not with what was only looked at, nor with what was taken out again."""
    story = Story()
    shop = served(
        story.view("jam"),
        story.add("toast"),
        story.remove("toast"),
        story.add("bread"),
        story.add("butter"),
    )

    assert {"butter": 1} == together(shop, "bread")


def test_more_of_what_is_in_the_basket_teaches_nothing() -> None:
    """A second loaf is the same purchase."""
    story = Story()
    events = [story.add("bread"), story.add("butter")]
    once, twice = served(*events), served(*events, story.add("butter"))

    assert together(once, "bread") == together(twice, "bread")
    assert popular(once) == popular(twice)


def test_an_add_that_only_lets_two_items_meet_counts_in_pairs_alone() -> None:
    """Bread that was taken out comes back beside the jam: no news of the bread itself."""
    story = Story()
    shop = served(story.add("bread"), story.remove("bread"), story.add("jam"), story.add("bread"))

    assert {"jam": 1} == together(shop, "bread")
    assert popular(shop)["bread"] == pytest.approx(popular(shop)["jam"], rel=0.01)


# Orders


def test_an_order_pairs_what_the_basket_never_saw_with_all_of_it_once() -> None:
    """What was added before has been learned then."""
    story = Story()
    shop = served(story.add("bread"), story.add("butter"), story.order("bread", "butter", "jam"))

    assert {"butter": 1, "jam": 1} == together(shop, "bread")
    assert {"bread": 1, "jam": 1} == together(shop, "butter")


def test_lines_that_no_basket_saw_count_in_popularity() -> None:
    """As adds do."""
    shop = served(Story().order("pasta", "sauce"))

    assert {"pasta", "sauce"} == set(popular(shop))


def test_what_was_ordered_is_not_paired_with_what_comes_next() -> None:
    """The basket is empty after the order."""
    story = Story()
    shop = served(story.add("bread"), story.order("bread"), story.add("soap"))

    assert {} == together(shop, "bread")


def test_who_bought_is_remembered_line_by_line() -> None:
    """Where we know who it is, whatever the basket saw."""
    ann = Story(shopper_id="ann")
    shop = served(ann.add("bread"), ann.order("bread", "milk"), Story("s2").order("tea"))
    bought = shop.shop.learned.repeats.bought_since("ann", NOON_S)

    assert {"bread", "milk"} == bought


def test_what_a_return_takes_back_of_an_item_that_was_counted_before_is_its_pairs_alone() -> None:
    """The bread counts since it was added; the order only let it meet the jam."""
    story = Story()
    shop = served(story.add("bread"), story.remove("bread"), story.add("jam"))
    before = shop.shop.learned.popularity.state()
    shop.serve(story.order("jam", "bread"))
    assert {"jam": 1} == together(shop, "bread")
    shop.serve(story.cancel())

    assert {} == together(shop, "bread")
    assert before == shop.shop.learned.popularity.state()


def test_what_a_basket_has_taught_is_not_taught_again_where_it_goes_on() -> None:
    """One basket, one meeting, though two sessions have seen it."""
    before, after = Story("before"), Story("after")
    shop = served(
        before.add("bread"),
        before.add("butter"),
        after.set_basket("bread", "butter"),
        after.order("bread", "butter"),
    )

    assert {"butter": 1} == together(shop, "bread")
    assert popular(shop)["bread"] == pytest.approx(popular(shop)["butter"], rel=0.01)
    assert 1 == shop.shop.learned.baskets.lift("bread", "butter").sessions


# Paths


def next_after(shop: Till, item: str) -> set[str]:
    """What the learned ranker knows to follow an item."""
    fit = shop.shop.learned.fit
    assert fit is not None
    return {candidate.item for candidate in fit.recommend([item], 10, time_s=NOON_S)}


def test_the_ranker_learns_what_follows_what() -> None:
    """Looked at, taken, or only in the order: each is a step from the one before."""
    stories = [Story(f"s{number}") for number in range(3)]
    shop = served(
        *(event for story in stories for event in (story.view("bread"), story.view("butter"))),
        *(event for story in stories for event in (story.add("jam"), story.order("jam", "tea"))),
        best_fit=True,
    )

    assert "butter" in next_after(shop, "bread")
    assert "jam" in next_after(shop, "butter")
    assert "tea" in next_after(shop, "jam")


def test_to_take_what_one_looks_at_is_no_step() -> None:
    """A view of bread and its add are one wish: the ranker learns the same of both."""
    looked, took = Story("s1"), Story("s1")
    one = served(*(looked.view(item) for item in ("soap", "bread", "jam")), best_fit=True)
    other = served(
        *(took.view(item) for item in ("soap", "bread")),
        took.add("bread"),
        took.view("jam", after_s=0),
        best_fit=True,
    )
    paths = [shop.shop.sessions[0].find("s1") for shop in (one, other)]

    assert [["soap", "bread", "jam"]] * 2 == [session.path for session in paths if session]
    assert next_after(one, "bread") == next_after(other, "bread")


def test_to_order_what_was_taken_out_again_is_no_step() -> None:
    """It was one when it was taken; what no basket ever saw is one."""
    story = Story()
    shop = served(
        story.add("bread"),
        story.remove("bread"),
        story.add("tea"),
        story.order("bread", "tea", "milk"),
        best_fit=True,
    )
    session = shop.shop.sessions[0].find("s1")

    assert session is not None
    assert ["bread", "tea", "milk"] == session.path


def test_where_nobody_learns_from_paths_none_are_kept() -> None:
    """Neither of views and adds nor of what only an order has."""
    story = Story()
    shop = served(story.view("bread"), story.add("jam"), story.order("jam", "tea"))
    session = shop.shop.sessions[0].find("s1")

    assert session is not None
    assert [] == session.path


def test_a_huge_order_teaches_its_first_lines_only() -> None:
    """Pairs grow by the square: nobody waits for an order of 500 lines."""
    till = Till()
    for number in range(3):
        till.serve(Story(f"s{number}").order(*(f"item-{place}" for place in range(500))))
    known = till.shop.learned.popularity.state()["tallies"]

    assert UNSEEN_MAX == len(known)
    assert f"item-{UNSEEN_MAX}" not in known
