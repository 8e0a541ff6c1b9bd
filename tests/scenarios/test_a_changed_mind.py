"""A shopper takes things out again, and adds the offered item by herself: prompts follow."""

from tests.scenarios.storefront import Storefront
from tests.stories import Story


def test_an_offer_is_withdrawn_when_the_shopper_helps_herself(
    storefront: Storefront, now_ms: int
) -> None:
    """Butter in the basket: butter is not to be offered on the page any more."""
    past = Story("past", start_ms=now_ms)
    storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    story = Story("ann", start_ms=now_ms + 60_000)
    bread = story.add("bread")
    storefront.send(bread)
    prompt = storefront.answer_to(bread)
    storefront.send(story.add(prompt.items[0].item_id))

    def withdrawn() -> bool:
        return any(prompt.prompt_id == w.prompt_id for w in storefront.withdrawals())

    assert storefront.wait_for(withdrawn, "withdrawal")


def test_what_was_taken_out_may_be_offered_again(storefront: Storefront, now_ms: int) -> None:
    """The basket is real: removing butter makes butter a companion of bread once more."""
    for number in range(3):
        past = Story(f"past-{number}", start_ms=now_ms)
        storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    story = Story("ann", start_ms=now_ms + 60_000)
    bread = story.add("bread")
    storefront.send(story.add("butter"), story.remove("butter"), bread)

    assert "butter" in {item.item_id for item in storefront.answer_to(bread).items}
