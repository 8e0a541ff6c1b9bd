"""The shop learns that bread goes with butter, and says so to the next one who takes bread."""

from tests.scenarios.storefront import Storefront
from tests.stories import Story


def test_what_others_bought_with_bread_is_offered(storefront: Storefront, now_ms: int) -> None:
    """Ten baskets of bread and butter later, bread asks for butter, with the evidence."""
    for number in range(10):
        past = Story(f"past-{number}", start_ms=now_ms)
        storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    story = Story("ann", start_ms=now_ms + 60_000)
    bread = story.add("bread")
    storefront.send(bread)
    prompt = storefront.answer_to(bread)

    assert "butter" in {item.item_id for item in prompt.items}
    assert ("basket", "bread") == (prompt.placement, prompt.anchor)
    assert 0 < prompt.propensity <= 1
    assert prompt.reason.text


def test_a_prompt_that_sells_leaves_outcomes(storefront: Storefront, now_ms: int) -> None:
    """Shown, clicked, added, bought: each stage is a record, and together they are worth one."""
    past = Story("past", start_ms=now_ms)
    storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    story = Story("ann", start_ms=now_ms + 60_000)
    bread = story.add("bread")
    storefront.send(bread)
    prompt = storefront.answer_to(bread)
    item = prompt.items[0].item_id
    storefront.send(
        story.see(prompt),
        story.click(prompt),
        story.add(item, receipt=prompt.receipt),
        story.order("bread", item),
    )
    stages = ["shown", "clicked", "added", "bought"]

    def sold() -> bool:
        return {(prompt.prompt_id, stage) for stage in stages} <= {
            (outcome.prompt_id, outcome.stage) for outcome in storefront.outcomes()
        }

    assert storefront.wait_for(sold, "outcome of each stage")
    earned = {o.stage: o.reward for o in storefront.outcomes() if o.prompt_id == prompt.prompt_id}
    assert abs(sum(earned.values()) - 1.0) < 1e-9
