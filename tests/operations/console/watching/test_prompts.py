"""The tail of the prompts topic: each prompt once."""

from streams.contract.schemas.examples import PROMPT_WITHDRAWN
from streams.operations.console.watching.prompts import AT_ONCE, PromptTail
from tests.operations.console.eyes import Eyes, prompt


def test_an_end_that_is_too_low_for_one_look_shows_nothing_twice(eyes: Eyes) -> None:
    """A new leader tells it; of a topic that was made anew it stays low."""
    eyes.publish(*(prompt(number) for number in range(10)))
    tail, log = PromptTail(), eyes.prompts
    tail.look(log, 0.0)
    whole, log.records = log.records, log.records[:6]
    low = tail.look(log, 2.0)
    log.records = whole
    again = tail.look(log, 4.0)

    assert (10, 0.0) == (len(low.newest), low.per_s)
    assert (10, 0.0) == (len(again.newest), again.per_s)
    log.records = whole[:6]
    tail.look(log, 6.0)
    assert 16 == len(tail.look(log, 8.0).newest)


def test_what_is_withdrawn_is_no_prompt(eyes: Eyes) -> None:
    """A shopper who takes what was offered, or leaves, makes about as many of these."""
    tail, log = PromptTail(), eyes.prompts
    assert tail.look(log, 0.0).per_s is None
    for number in range(6):
        eyes.publish(prompt(number))
        log.say(PROMPT_WITHDRAWN.to_json())

    assert 3.0 == tail.look(log, 2.0).per_s


def test_of_what_was_not_read_as_many_are_prompts_as_of_what_was(eyes: Eyes) -> None:
    """Of a flood the end of each look is read."""
    tail, log = PromptTail(), eyes.prompts
    tail.look(log, 0.0)
    for number in range(4 * AT_ONCE):
        eyes.publish(prompt(number))
        log.say(PROMPT_WITHDRAWN.to_json(), PROMPT_WITHDRAWN.to_json(), PROMPT_WITHDRAWN.to_json())
    per_s = tail.look(log, 10.0).per_s

    assert per_s is not None
    assert 8 <= per_s <= 12
