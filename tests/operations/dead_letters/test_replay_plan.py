"""Which dead letters go again: those that may pass now, and whose successor has not come back."""

from dataclasses import replace

import pytest

from streams.clients.log_reader import Partition, RawRecord
from streams.contract.dead_letters import REASONS, Header, dead_letter_headers, replay_headers
from streams.contract.errors import InvalidEvent, Misconfigured
from streams.contract.events import encode
from streams.contract.schemas.examples import ITEM_VIEWED
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import OTHERS, DeadLetter, check_reason, kinds, opened
from streams.operations.dead_letters.replay_plan import ReplayRules, plan, successors
from tests.stories import NOON_MS

SETTINGS = Settings(topic_prefix="shop")
RULES = ReplayRules(SETTINGS, partitions=4)
EVENT = ITEM_VIEWED.model_copy(update={"session_id": "s1", "occurred_at_ms": NOON_MS})
WRONG_KEY = InvalidEvent("wrong_key", "the record's key is not the event's session_id")


def letter(
    offset: int = 0,
    *,
    error: InvalidEvent = WRONG_KEY,
    key: bytes | None = b"s1",
    value: bytes | None = None,
    partition: int = 3,
    original: tuple[Header, ...] = (),
) -> DeadLetter:
    """A dead letter, by default one that would pass now."""
    headers = dead_letter_headers(
        topic=SETTINGS.topics.events,
        partition=partition,
        offset=offset,
        timestamp_ms=NOON_MS,
        error=error,
        original=original,
    )
    at = Partition(SETTINGS.topics.dead_letters, 0)
    return opened(RawRecord(at, offset, NOON_MS + offset, key, value or encode(EVENT), headers))


def came_back(of: DeadLetter, offset: int) -> DeadLetter:
    """The letter that a replay of another one ended as."""
    assert of.cause is not None
    return letter(offset, original=tuple(replay_headers(of.cause, of.id)))


def test_what_will_fail_again_stays_and_says_why() -> None:
    """Bytes are sent as they are; what passes under the contract as it is now goes."""
    keyless = letter(0, key=b"somebody")
    broken = letter(1, value=b"{")
    fine = letter(2)
    made = plan([keyless, broken, fine], RULES)

    assert ["0:2"] == made.allowed
    assert "will fail again, its bytes are unchanged: wrong_key" in made.refused["0:0"]
    assert "--key-from session_id mends it" in made.refused["0:0"]
    assert "invalid_json" in made.refused["0:1"]
    assert ["0:0", "0:1", "0:2"] == plan(
        [keyless, broken, fine], RULES._replace(anyway=True)
    ).allowed


def test_a_wrong_key_is_mended_from_the_event() -> None:
    """Where the event has such a field, and it is a text."""
    mending = RULES._replace(key_from="session_id")
    wrong, nameless = letter(0, key=b"somebody"), letter(1, value=b'{"session_id": 7}')
    other, deep = RULES._replace(key_from="nosuch"), letter(2, value=b"[" * 100_000)
    made = plan([wrong, nameless, deep], mending)

    assert (["0:0"], b"s1") == (made.allowed, mending.key(wrong))
    assert "no session_id" in made.refused["0:1"]
    assert "0:2" in made.refused
    assert [] == plan([wrong], other).allowed


def test_what_came_back_is_not_sent_again_but_its_successor_is() -> None:
    """However often everything is replayed: two letters stay two."""
    first, second = letter(0), letter(1)
    again = [came_back(first, 2), came_back(second, 3)]
    thrice = [came_back(again[0], 4), came_back(again[1], 5)]
    for found, goes in (
        ([first, second], ["0:0", "0:1"]),
        ([first, second, *again], ["0:2", "0:3"]),
        ([first, second, *again, *thrice], ["0:4", "0:5"]),
    ):
        made = plan(found, RULES, successors(found))

        assert goes == made.allowed

    assert "it was sent again, and came back as 0:2" == made.refused["0:0"]


def test_what_was_sent_again_stays_and_goes_once_more_when_it_is_wanted() -> None:
    """One that came back stays in any case; a letter that is not there is not told as sent."""
    once, back, never = letter(0), letter(1), letter(2)
    came, sent_ms = {"0:1": "0:9"}, {"0:0": NOON_MS, "0:1": NOON_MS}
    made = plan([once, back, never], RULES, came, sent_ms)
    again = plan([once, back, never], RULES._replace(again=True), came, sent_ms)
    made.refuse_missing(["0:0", "0:7"])

    assert ["0:2"] == made.allowed
    assert {"0:0"} == made.sent_before.keys()
    assert "sent again 2026-01-01 12:00 UTC; --again sends it once more" in made.sent_before["0:0"]
    assert {"0:1", "0:7"} == made.refused.keys()
    assert (["0:0", "0:2"], {}) == (again.allowed, again.sent_before)


def test_a_letter_of_a_partition_that_is_gone_stays_and_the_rest_goes() -> None:
    """By its key it may go to another one."""
    gone, there = letter(0, partition=9), letter(1)

    assert ["0:1"] == plan([gone, there], RULES).allowed
    assert "its partition 9 is gone" in plan([gone, there], RULES).refused["0:0"]
    assert ["0:0"] == plan([gone], RULES._replace(key_from="session_id")).allowed


def test_letters_are_counted_by_reason_and_message() -> None:
    """Whatever numbers are in it; the newest of a kind is named."""
    late = [
        letter(n, error=InvalidEvent("future", f"occurred_at_ms={NOON_MS + n} is ahead"))
        for n in range(17)
    ]
    keys = [letter(20), letter(21)]
    foreign = replace(letter(30), cause=None)
    counted = kinds([*late, *keys, foreign])

    assert [("future", 17, "0:16"), ("wrong_key", 2, "0:21"), ("unknown", 1, "0:30")] == [
        (kind.reason, kind.count, kind.newest_id) for kind in counted
    ]
    assert "occurred_at_ms=N is ahead" == counted[0].message


def test_kinds_beyond_number_are_counted_together() -> None:
    """Memory does not grow with what others send."""
    words = (f"r{chr(97 + n % 26) * (n // 26 + 1)}" for n in range(3000))
    counted = kinds(letter(n, error=InvalidEvent(word, "")) for n, word in enumerate(words))

    assert 1_001 >= len(counted)
    assert 3_000 == sum(kind.count for kind in counted)
    assert OTHERS == counted[0].reason


def test_a_known_reason_may_be_of_none() -> None:
    """A script that looks for wrong keys finds none on a good day: that is no error."""
    for reason in (None, *REASONS):
        check_reason(reason, {})
    with pytest.raises(Misconfigured, match="there are: none"):
        check_reason("nosuch", {})
