"""An arm in shadow is never shown, and what it would have offered is told beside what was."""

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.shadows import shadowed
from streams.shop.memory.answer import Silence
from streams.shop.memory.session import Session
from tests.stories import Story, Till


def till(*shadow: str) -> Till:
    """A shop where butter goes with bread and salt is what everybody buys."""
    shop = Till(prompt_items_max=1)
    shop.teach("bread", "butter")
    shop.teach("salt", times=30)
    for arm in shadow:
        shop.controls.put(f"arms.{arm}.state", "shadow", 0)
    return shop


def test_what_it_would_have_offered_is_another_item_or_the_same() -> None:
    """By its first one."""
    shop = till("popular")
    answer = shop.serve(Story("s1").view("bread"))
    assert answer.prompt is not None
    assert ["butter"] == [item.item_id for item in answer.prompt.items]
    assert (("popular", "other"),) == answer.shadowed

    shop.controls.put("items.hidden", ["salt"], 0)
    shop.catalog = Catalog()
    shop.catalog.hidden = shop.controls.hidden
    answer = shop.serve(Story("s2").view("bread"))
    assert (("popular", "same"),) == answer.shadowed
    assert () == answer.withheld


def test_where_it_alone_has_something_to_offer_nothing_is_shown() -> None:
    """And where it has nothing, that is told."""
    answer = till("bought_together", "popular", "buy_again").serve(Story("s1").view("bread"))
    told = {("bought_together", "alone"), ("popular", "alone"), ("buy_again", "nothing")}

    assert (Silence("arms_off"), told) == (answer.silence, {*answer.shadowed})


def test_who_must_not_be_spoken_to_is_no_occasion_to_compare() -> None:
    """Nothing would have been offered then either."""
    shop = till("popular")
    shop.controls.put("prompts.paused", True, 0)
    assert () == shop.serve(Story("s1").view("bread")).shadowed
    assert () == till().serve(Story("s1").view("bread")).shadowed


def test_the_catalogue_holds_for_a_shadow_and_it_counts_nothing_as_withheld() -> None:
    """What was withheld from nobody was withheld by nobody."""
    shop = till("popular")
    shop.catalog = Catalog()
    for item in ("salt", "butter"):
        shop.catalog.put(CatalogItem(item_id=item, hidden=item == "salt"))
    answer = shop.serve(Story("s1").view("bread"))

    assert (("popular", "same"),) == answer.shadowed
    assert () == answer.withheld


def test_the_first_item_of_a_shadow_decides_whether_it_is_the_same() -> None:
    """Of an arm with several: what it would have offered beside that does not matter."""
    shop = till()
    shop.teach("pepper", times=20)
    popular = shop.shop.decision.arms["popular"]
    query = CandidateQuery(Session("s", 0, 0), "bread", 0.0, (), 2)
    assert ["salt", "pepper"] == [c.item for c in popular.candidates(shop.shop.learned, query)]

    for shown, said in (("salt", "same"), ("pepper", "other")):
        told = shadowed({"popular": popular}, ["popular"], shop.shop.learned, query, [shown])
        assert (("popular", said),) == told
