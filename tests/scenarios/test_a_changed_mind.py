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


def test_what_was_taken_out_is_not_offered_in_this_visit(
    storefront: Storefront, now_ms: int
) -> None:
    """She has just put the butter back; somebody else is offered it."""
    for number in range(3):
        past = Story(f"past-{number}", start_ms=now_ms)
        storefront.send(*map(past.add, ("bread", "butter", "jam")))
        storefront.send(past.order("bread", "butter", "jam"))
    ann, bob = (Story(who, start_ms=now_ms + 60_000) for who in ("ann", "bob"))
    for_ann, for_bob = (story.add("bread", after_s=9) for story in (ann, bob))
    storefront.send(ann.add("butter"), ann.remove("butter"), for_ann, for_bob)
    offered = [
        {item.item_id for item in storefront.answer_to(bread).items} for bread in (for_ann, for_bob)
    ]

    assert [{"jam"}, {"butter", "jam"}] == offered
