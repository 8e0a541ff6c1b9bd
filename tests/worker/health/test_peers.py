"""Who is there, by what workers say in one topic: by offset, by the broker's time, by group."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.health.peers import Peers, Statement

SILENCE_MS = 10_000


class Topic:
    """Bob's view of the topic; the broker's clock is far ahead of his."""

    AHEAD_MS = 1_000_000

    def __init__(self) -> None:
        self.peers = Peers("shop", "bob", "bob-1", SILENCE_MS)
        self.end = 0

    def say(self, worker: str, standing: Any, at_ms: int, **more: Any) -> int:
        """Append what a worker says, at this time of bob's clock; the offset of it."""
        fields = {"group": "shop", "life": f"{worker}-1", "told": {"salt": worker}, **more}
        said = Statement(worker=worker, standing=standing, **fields)
        return self.put(said.model_dump_json().encode(), at_ms)

    def put(self, value: bytes | None, at_ms: int) -> int:
        """Append a record."""
        self.peers.note(self.end, at_ms + self.AHEAD_MS, value, at_ms)
        self.end += 1
        return self.end - 1

    def there(self, at_ms: int, before: int | None = None) -> list[str]:
        """The names of those who are there."""
        return [peer.worker for peer in self.peers.there(before, at_ms)]


@pytest.fixture
def topic() -> Topic:
    """An empty topic."""
    return Topic()


def test_a_worker_is_there_from_its_claim_on_until_it_is_silent_for_too_long(topic: Topic) -> None:
    """By the broker's time, whatever the clock here says."""
    topic.say("ann", "here", at_ms=0)

    assert topic.there(SILENCE_MS) == ["ann"]
    assert topic.there(SILENCE_MS + 1) == []


def test_a_worker_keeps_its_place_while_it_says_that_it_is_there(topic: Topic) -> None:
    """What counts is the offset of its claim."""
    ann = topic.say("ann", "here", at_ms=0)
    bob = topic.say("bob", "here", at_ms=1000)
    topic.say("ann", "here", at_ms=9000, since=ann)

    assert topic.there(19_000, before=bob) == ["ann"]
    assert topic.peers.there(None, 19_000)[0].since == ann


def test_who_comes_later_is_in_nobodys_way(topic: Topic) -> None:
    """Of two who claim at once, the lower offset is the first."""
    bob = topic.say("bob", "here", at_ms=0)
    topic.say("ann", "here", at_ms=0)

    assert topic.there(0, before=bob) == []
    assert topic.there(0) == ["ann"]


@pytest.mark.parametrize("standing", ["waiting", "gone"])
def test_who_waits_or_has_ended_is_not_there(topic: Topic, standing: str) -> None:
    """Nobody waits for such a one."""
    topic.say("ann", "here", at_ms=0)
    topic.say("ann", standing, at_ms=1)

    assert topic.there(1) == []


def test_nobody_is_a_peer_of_itself_nor_of_another_group(topic: Topic) -> None:
    """A worker that was killed starts again with other settings at once."""
    topic.say("bob", "here", at_ms=0, life="bob-0")
    topic.say("ann", "here", at_ms=0, group="another")

    assert topic.there(0) == []


def test_those_who_are_there_come_in_the_order_of_their_claims(topic: Topic) -> None:
    """The first one is named first."""
    carl = topic.say("carl", "here", at_ms=0)
    topic.say("ann", "here", at_ms=1)
    topic.say("carl", "here", at_ms=2, since=carl)

    assert topic.there(2) == ["carl", "ann"]


def test_nobody_is_gone_because_the_broker_was_away(topic: Topic) -> None:
    """Who waits could say nothing either: from then on the others have a whole timeout again."""
    topic.say("ann", "here", at_ms=0)
    topic.say("bob", "waiting", at_ms=1000)
    back_ms = 61_000
    topic.say("bob", "waiting", at_ms=back_ms)

    assert topic.there(back_ms + SILENCE_MS) == ["ann"]
    assert topic.there(back_ms + SILENCE_MS + 1) == []


def test_who_waits_sees_that_another_one_ended_however_often_it_speaks_itself(
    topic: Topic,
) -> None:
    """A pause of just a timeout between two words of ours is none."""
    topic.say("bob", "waiting", at_ms=0)
    topic.say("ann", "here", at_ms=1)
    topic.say("bob", "waiting", at_ms=SILENCE_MS)

    assert topic.there(SILENCE_MS + 1) == ["ann"]
    assert topic.there(SILENCE_MS + 2) == []


def test_who_was_killed_long_ago_keeps_nobody_waiting_at_a_start(topic: Topic) -> None:
    """The first that this life of ours says is no end of a silence."""
    topic.say("bob", "here", at_ms=0, life="bob-0")
    topic.say("ann", "here", at_ms=0)
    topic.say("bob", "here", at_ms=61_000)

    assert topic.there(61_000) == []


@given(st.binary() | st.none())
def test_what_is_no_statement_is_passed_over(value: bytes | None) -> None:
    """Anybody may write into a topic."""
    topic = Topic()
    topic.say("ann", "here", at_ms=0)
    topic.put(value, at_ms=1)

    assert topic.there(1) == ["ann"]
