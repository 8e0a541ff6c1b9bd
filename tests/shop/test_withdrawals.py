"""Which of the prompts that were said are taken back, by which event."""

import pytest

from streams.contract.prompts import Prompt
from tests.stories import Story, Till


def offered(**settings: float) -> tuple[Till, Story, Prompt]:
    """A shop that has just offered butter to somebody who looks at bread."""
    shop, story = Till(**settings), Story()
    shop.teach("bread", "butter")
    return shop, story, shop.prompt(story.view("bread"))


def test_an_add_of_something_else_withdraws_nothing() -> None:
    """The offer stands."""
    shop, story, _ = offered()

    assert () == shop.serve(story.add("toast")).withdrawals


def test_a_view_of_what_is_offered_withdraws_nothing() -> None:
    """To look at it is what the prompt is for."""
    shop, story, prompt = offered()

    assert () == shop.serve(story.view(prompt.items[0].item_id)).withdrawals


@pytest.mark.parametrize(("early_ms", "withdrawn"), [(0, False), (1, True)])
def test_what_has_expired_needs_no_withdrawal(early_ms: int, withdrawn: bool) -> None:
    """From its expiry on nobody shows it, to the millisecond."""
    shop, story, prompt = offered(prompt_ttl_s=60.0)
    order = story.order("toast", after_s=60 - early_ms / 1000)

    assert prompt.expires_at_ms - early_ms == order.occurred_at_ms
    assert withdrawn == bool(shop.serve(order).withdrawals)


def test_a_withdrawal_says_whose_it_was_why_and_when() -> None:
    """Whoever shows the prompt finds it by these."""
    shop, story, prompt = offered()
    add = story.add(prompt.items[0].item_id)
    (withdrawn,) = shop.serve(add).withdrawals

    assert (prompt.prompt_id, "s1", "added", add.event_id, add.occurred_at_ms) == (
        withdrawn.prompt_id,
        withdrawn.session_id,
        withdrawn.because,
        withdrawn.caused_by,
        withdrawn.occurred_at_ms,
    )


def test_other_sessions_keep_their_prompts() -> None:
    """What one shopper buys is no news to another."""
    shop, _, _ = offered()

    assert () == shop.serve(Story("s2").order("butter")).withdrawals


def test_what_was_withdrawn_is_withdrawn_once() -> None:
    """And no longer counts as said."""
    shop, story, prompt = offered()
    item = prompt.items[0].item_id
    first, second = (shop.serve(story.add(item)).withdrawals for _ in range(2))

    assert [prompt.prompt_id] == [each.prompt_id for each in first]
    assert prompt.prompt_id not in {each.prompt_id for each in second}


def test_an_order_that_is_told_once_more_withdraws_nothing() -> None:
    """What was offered after it stands, whichever event tells its number again."""
    shop, story, _ = offered()
    shop.serve(story.order("toast", order_id="o-7"))
    shop.prompt(story.view("bread"))

    assert () == shop.serve(story.order("toast", order_id="o-7")).withdrawals
