"""The examples say what the shop would say."""

from streams.contract.schemas.examples import PROMPT
from streams.shop.decision.languages.messages import reason


def test_the_example_of_a_prompt_gives_the_reason_that_the_shop_would_give() -> None:
    """It is written as data, so that the contract imports no decision."""
    said = reason(PROMPT.arm, anchor=PROMPT.anchor, locale="en-GB")

    assert said == PROMPT.reason.model_dump(exclude_none=True)
