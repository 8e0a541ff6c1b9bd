"""Headers of dead letters, and which letters may be sent again."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import streams
from streams.clients.log_reader import Partition, RawRecord
from streams.contract.dead_letters import (
    CUT,
    NOT_OURS,
    REASONS,
    REPLAYED_FROM,
    REPLAYS,
    REPLAYS_MAX,
    Header,
    cause,
    dead_letter_headers,
    next_step,
    replay_headers,
)
from streams.contract.errors import BadInput, InvalidEvent, InvalidReceipt
from streams.contract.settings import Settings
from streams.contract.wire.header_names import header_name
from streams.operations.dead_letters.letters import DeadLetter, newest, opened
from streams.worker.delivery import OutgoingRecord, fitted

SETTINGS = Settings(topic_prefix="shop")
ERROR = InvalidEvent("invalid_json", "EOF while parsing")
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([REPLAYED_FROM, "__connect.errors.topic", "goeswith.errors.reason"])
        | st.text(max_size=20),
        st.none() | st.binary(max_size=20),
    ),
    max_size=15,
)


def headers(
    original: list[Header], error: BadInput = ERROR, topic: str = "shop.events"
) -> list[Header]:
    """Those of a dead letter."""
    return dead_letter_headers(
        topic=topic, partition=3, offset=41, timestamp_ms=1_000, error=error, original=original
    )


def letter(
    original: list[Header], *, offset: int = 0, timestamp_ms: int = 0, topic: str = "shop.events"
) -> DeadLetter:
    """A dead letter as the office sees it."""
    at = Partition("shop.dead-letters", 0)
    return opened(RawRecord(at, offset, timestamp_ms, b"s", b"{", headers(original, topic=topic)))


@given(HEADERS)
def test_original_headers_survive(original: list[Header]) -> None:
    """All of them, in order, whatever they are called: ours come behind."""
    letter_headers = headers(original)
    read = cause(letter_headers)

    assert original == letter_headers[: len(original)]
    assert read is not None
    assert tuple(original) == read.original


@given(st.lists(st.tuples(st.binary(max_size=4).map(header_name), st.none() | st.binary())))
def test_names_of_headers_survive_whatever_they_are(original: list[Header]) -> None:
    """They are written as UTF-8, which every client writes, and read as they were sent."""
    letter_headers = headers(original)
    read = cause(letter_headers)

    assert all(
        type(name) is str and name.encode("utf-8", "strict") is not None
        for name, _ in letter_headers
    )
    assert read is not None
    assert [(name.encode(), value) for name, value in original] == [
        (name.encode(), value) for name, value in read.original
    ]


@given(HEADERS)
def test_a_replay_carries_the_original_headers_and_one_count(original: list[Header]) -> None:
    """What an earlier replay added is replaced, not heaped up."""
    read = cause(headers(original))
    assert read is not None
    sent = replay_headers(read, "3:17")
    again = cause(headers(sent))

    kept = [header for header in original if header[0] not in (REPLAYED_FROM, REPLAYS)]
    assert [*kept, (REPLAYED_FROM, b"3:17"), (REPLAYS, b"1")] == sent
    assert again is not None
    assert 1 == again.replays


def test_headers_are_named_as_kafka_connect_names_them() -> None:
    """And are all strings, so that tools made for Connect read them."""
    said = {name: (value or b"").decode() for name, value in headers([])}

    assert {
        "__connect.errors.topic": "shop.events",
        "__connect.errors.partition": "3",
        "__connect.errors.offset": "41",
        "__connect.errors.connector.name": "goeswith",
        "__connect.errors.stage": "VALUE_CONVERTER",
        "__connect.errors.exception.class.name": "streams.contract.errors.InvalidEvent",
        "__connect.errors.exception.message": "EOF while parsing",
        "goeswith.errors.reason": "invalid_json",
        "goeswith.errors.timestamp_ms": "1000",
    } == said


def test_the_stage_tells_key_value_and_belief_apart() -> None:
    """In the words of Connect."""
    stages = [
        dict(headers([], error))["__connect.errors.stage"]
        for error in (ERROR, InvalidEvent("wrong_key", ""), InvalidReceipt("receipt_forged", ""))
    ]

    assert [b"VALUE_CONVERTER", b"KEY_CONVERTER", b"TASK_PUT"] == stages


def test_a_record_that_came_back_three_times_stays() -> None:
    """The loop guard: counts are followed through replays, and nonsense counts as too many."""
    counts = (b"2", b"3", b"4", b"many", b"")
    stay = [bool(letter([(REPLAYS, count)]).because_not(SETTINGS)) for count in counts]

    assert 3 == REPLAYS_MAX
    assert [False, True, True, True, True] == stay


def test_letters_go_back_to_our_events_only() -> None:
    """Headers come from a topic that others may write to."""
    ours = letter([])
    foreign = letter([], topic="payments")
    unsigned = DeadLetter(ours.record._replace(headers=[("sender", b"bakery")]), None)

    assert "" == ours.because_not(SETTINGS)
    assert "payments" in foreign.because_not(SETTINGS)
    assert "no dead letter" in unsigned.because_not(SETTINGS)


def test_a_letter_that_was_cut_is_known_and_says_so() -> None:
    """Its value is not the event that was sent, so it stays."""
    sent = OutgoingRecord("shop.dead-letters", 0, b"s", b"bread" * 1000, tuple(headers([])))
    cut = fitted(sent, bytes_max=2_000)
    at = Partition("shop.dead-letters", 0)
    found = opened(RawRecord(at, 7, 0, cut.key, cut.value, list(cut.headers)))

    assert "invalid_json" == found.reason
    assert 5_000 == found.to_json()["cut_from_bytes"]
    assert "cut from 5,000 bytes" in found.because_not(SETTINGS)


def test_a_letter_that_lost_key_and_headers_to_the_cut_is_known() -> None:
    """Only what we say of it is left."""
    large = ("sender", b"bakery" * 1000)
    sent = OutgoingRecord("shop.dead-letters", 0, b"s" * 3000, b"{", tuple(headers([large])))
    cut = fitted(sent, bytes_max=2_000)
    read = cause(cut.headers)

    assert cut.key is None
    assert read is not None
    assert ((), 1) == (read.original, read.value_bytes)


def test_counts_of_any_length_are_no_reason_to_fail() -> None:
    """Headers are the sender's to write, at first."""
    read = cause(headers([(REPLAYS, b"9" * 5000)]))

    assert read is not None
    assert REPLAYS_MAX == read.replays


def test_the_newest_letters_are_listed_newest_last() -> None:
    """By time, and not by partition."""
    found = [letter([], offset=n, timestamp_ms=t) for n, t in enumerate((5, 1, 9, 3, 7, 2, 8))]

    assert [7, 8, 9] == [one.record.timestamp_ms for one in newest(found, 3)]


BAD_INPUT = ("InvalidEvent", "InvalidReceipt", "BadInput")
EXPLAINED = re.compile(r'return "(\w+)"')
"""How `_explained` of the codec tells a reason."""


def raised() -> Iterator[str]:
    """The reason of each `BadInput` that the code makes."""
    for file in Path(next(iter(streams.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in BAD_INPUT:
                said = node.args[0]
                starred = isinstance(said, ast.Starred)
                yield from (
                    EXPLAINED.findall(file.read_text())
                    if starred
                    else [str(ast.literal_eval(said))]
                )


def test_every_reason_says_what_is_wrong_and_what_to_do() -> None:
    """In a sentence each; `future` is of earlier versions, and raised no more."""
    assert {*raised(), "future"} == REASONS.keys()
    for reason in REASONS.values():
        assert reason.means
        assert not re.search(r"[|\n]", reason.means + reason.next_step)
        assert reason.next_step.strip(".") == reason.next_step


@pytest.mark.parametrize("reason", REASONS)
def test_a_letter_is_told_what_to_do_about_it_by_its_reason(reason: str) -> None:
    """One that was cut has to come from its source again, whatever was wrong with it."""
    error = InvalidEvent(reason, "")
    sent = OutgoingRecord("shop.dead-letters", 0, b"s", b"{" * 5_000, tuple(headers([], error)))
    cut = fitted(sent, bytes_max=2_000)

    assert REASONS[reason].next_step == next_step(cause(headers([], error)))
    assert CUT == next_step(cause(cut.headers))


def test_what_to_do_about_strange_letters() -> None:
    """Not ours; or of a version that is newer than ours."""
    assert NOT_OURS == next_step(cause([("sender", b"bakery")]))
    assert "does not know the reason" in next_step(cause(headers([], InvalidEvent("new", ""))))
