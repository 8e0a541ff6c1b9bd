"""Dead letters are counted once each, whatever Kafka does in between."""

import pytest

from streams.contract.errors import KafkaUnreachable
from streams.operations.console.watching.letters import AT_START, LetterFold
from tests.operations.console.eyes import NOW_MS, Eyes


def test_after_kafka_was_away_no_letter_is_counted_twice(eyes: Eyes) -> None:
    """Nor those that were passed over at the start."""
    for _ in range(AT_START + 5):
        eyes.bury(b"{")
    fold, log = LetterFold(), eyes.letters
    log.breaks_after = 30
    with pytest.raises(KafkaUnreachable):
        fold.look(log, NOW_MS)
    log.breaks_after = None
    seen = fold.look(log, NOW_MS)

    assert (AT_START, AT_START) == (sum(kind.count for kind in seen.kinds), seen.lately)
    assert 5 == seen.earlier
    assert len({letter.id for letter in seen.newest}) == len(seen.newest)


def test_an_end_that_is_too_low_for_one_look_is_not_believed(eyes: Eyes) -> None:
    """A new leader tells it. Of a topic that was made anew it stays low, and that is read."""
    for _ in range(40):
        eyes.bury(b"{")
    fold, log = LetterFold(), eyes.letters
    fold.look(log, NOW_MS)
    whole, log.records = log.records, log.records[:30]
    assert 40 == fold.look(log, NOW_MS).lately
    log.records = whole
    assert 40 == fold.look(log, NOW_MS).lately
    log.records = whole[:30]
    fold.look(log, NOW_MS)
    assert 30 == fold.look(log, NOW_MS).lately
