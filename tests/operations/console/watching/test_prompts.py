"""The tail of the prompts topic: each prompt once."""

from streams.operations.console.watching.prompts import PromptTail
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
