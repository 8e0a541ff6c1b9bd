"""Dead letters on a real Kafka: listed, shown, and sent back to where they came from."""

import json

import pytest
from aiokafka.partitioner import murmur2

from streams.clients.log_reader import Partition, RawRecord, open_reader
from streams.contract.dead_letters import (
    REPLAYED_FROM,
    REPLAYS,
    REPLAYS_MAX,
    Header,
    dead_letter_headers,
)
from streams.contract.errors import BadInput, InvalidEvent, InvalidReceipt
from streams.contract.events import encode
from streams.contract.schemas.examples import ITEM_VIEWED
from streams.contract.settings import Settings
from streams.operations.dead_letters.partitioners import PARTITIONERS
from streams.operations.topics import create_topics
from tests.integration.operators import ByHand, Operator, create, send

EVIL = b'{"item_id": "bread\x1b[2J\xff"}'
GOOD = encode(ITEM_VIEWED.model_copy(update={"session_id": "session-7"}))
NO_JSON = InvalidEvent("invalid_json", "EOF while parsing")
FORGED = InvalidReceipt("receipt_forged", "the receipt was made up")


def dead_letter(
    settings: Settings,
    offset: int,
    *,
    error: BadInput = NO_JSON,
    value: bytes | None = EVIL,
    original: tuple[Header, ...] = (),
) -> ByHand:
    """A record of the dead-letter topic, as a worker writes it."""
    headers = dead_letter_headers(
        topic=settings.topics.events,
        partition=1,
        offset=offset,
        timestamp_ms=1_000,
        error=error,
        original=original,
    )
    return ByHand(b"session-7", value, 1, headers=tuple(headers))


@pytest.fixture
def office(kafka: str, topic_prefix: str) -> Operator:
    """Of a shop with four dead letters: three ordinary ones, and one that nobody of us wrote."""
    settings = Settings(
        kafka_bootstrap=kafka, topic_prefix=topic_prefix, group_id=topic_prefix, partitions=2
    )
    create_topics(settings)
    letters = [
        dead_letter(settings, 40, original=(("sender", b"bakery"), (REPLAYS, b"1"))),
        dead_letter(settings, 41, error=FORGED, value=GOOD),
        dead_letter(settings, 42, original=((REPLAYS, str(REPLAYS_MAX).encode()),)),
        ByHand(b"k", b"v", 0, headers=(("sender", b"somebody"),)),
    ]
    send(settings, settings.topics.dead_letters, letters)
    return Operator(settings)


def events(settings: Settings) -> list[RawRecord]:
    """What the events topic holds."""
    with open_reader(settings, settings.topics.events) as reader:
        return list(reader.between(reader.begins(), reader.ends()))


def test_dead_letters_are_listed_by_reason(office: Operator) -> None:
    """With their origin and size; the newest ones, if there are too many."""
    listed = office.asks("dead-letters", "list")["dead_letters"]
    forged = office.asks("dead-letters", "list", "--reason", "receipt_forged")["dead_letters"]
    newest = office.asks("dead-letters", "list", "--limit", "1")["dead_letters"]
    origin = f"{office.settings.topics.events}-1-41"

    assert {"1:0", "1:1", "1:2", "0:0"} == {one["id"] for one in listed}
    assert [("1:1", origin, len(GOOD), 0)] == [
        (one["id"], one["from"], one["bytes"], one["replays"]) for one in forged
    ]
    assert listed[-1:] == newest
    assert "receipt_forged" in office.types("dead-letters", "list").output


def test_a_dead_letter_is_shown_escaped(office: Operator) -> None:
    """Senders do not get to write on the operator's screen."""
    shown = office.types("dead-letters", "show", "1:0").stdout

    assert "  sender: bakery\n" in shown
    assert "__connect.errors.exception.message: EOF while parsing\n" in shown
    assert r'value: {"item_id": "bread\x1b[2J\xff"}' in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("letter_id", "code"),
    [("1:7", 1), ("5:0", 1), ("bread", 2), ("1:", 2), (f"1:{'9' * 5000}", 2)],
    ids=["gone", "no-partition", "word", "half", "long"],
)
def test_an_id_without_a_letter_is_said(office: Operator, letter_id: str, code: int) -> None:
    """In one line."""
    result = office.types("dead-letters", "show", letter_id)

    assert code == result.exit_code
    assert 1 == len(result.output.splitlines())


def test_a_dead_letter_goes_back_to_where_it_came_from(office: Operator) -> None:
    """Key, value and headers as they were, on its partition, with its origin and a count."""
    result = office.types("dead-letters", "replay", "1:0", "1:1", "--yes", "--anyway")
    first, second = events(office.settings)

    assert 0 == result.exit_code
    assert Partition(office.settings.topics.events, 1) == first.at
    assert (b"session-7", EVIL) == (first.key, first.value)
    assert [("sender", b"bakery"), (REPLAYED_FROM, b"1:0"), (REPLAYS, b"2")] == first.headers
    assert [(REPLAYED_FROM, b"1:1"), (REPLAYS, b"1")] == second.headers


def test_what_came_back_too_often_stays(office: Operator) -> None:
    """And so does what is not ours; the rest of them goes, and the exit code tells."""
    result = office.types("dead-letters", "replay", "--all", "--yes", "--json", "--anyway")
    assert result.stdout, result.output
    said = json.loads(result.stdout)

    assert 1 == result.exit_code
    assert {"1:0", "1:1"} == set(said["replayed"])
    assert {"1:2", "0:0"} == said["refused"].keys()
    assert f"replayed {REPLAYS_MAX} times" in said["refused"]["1:2"]
    assert 2 == len(events(office.settings))


def test_nothing_is_sent_without_consent(office: Operator) -> None:
    """A dry run sends nothing, nor does an operator who says no."""
    dry = office.types("dead-letters", "replay", "1:1", "--dry-run")
    refused = office.types("dead-letters", "replay", "1:1", answers="n\n")
    unclear = office.types("dead-letters", "replay", "1:1", "--all", "--yes")

    assert "1:1 goes" in dry.output
    assert (0, 1, 2) == (dry.exit_code, refused.exit_code, unclear.exit_code)
    assert [] == events(office.settings)

    office.types("dead-letters", "replay", "1:1", answers="y\n")

    assert 1 == len(events(office.settings))


def test_a_letter_that_is_gone_is_named_and_the_rest_goes(office: Operator) -> None:
    """Retention may have taken one of a list; what is no id at all is a slip, and nothing goes."""
    slip = office.types("dead-letters", "replay", "1:1", "bread", "--yes")
    said = office.asks("dead-letters", "replay", "1:1", "01:1", "0:999", "9:0", "--yes")

    assert 2 == slip.exit_code
    assert ["1:1"] == said["replayed"]
    assert {
        id_: f"there is no dead letter {id_}, or not any more" for id_ in ("0:999", "9:0")
    } == said["refused"]
    assert 1 == len(events(office.settings))


def test_who_replays_twice_is_told_when_it_was_sent_and_has_to_insist(office: Operator) -> None:
    """By a mark in the topic, which any command on any machine reads, and which is no letter."""
    office.types("dead-letters", "replay", "1:1", "--yes")
    twice = office.types("dead-letters", "replay", "1:1", "--yes")
    every = office.asks("dead-letters", "replay", "--all", "--reason", "receipt_forged", "--yes")
    once = len(events(office.settings))
    listed = office.asks("dead-letters", "list")["dead_letters"]
    counted = office.asks("dead-letters", "summary")["kinds"]

    assert 1 == once
    assert 1 == twice.exit_code
    assert "1:1 stays: it was sent again 20" in twice.output
    assert ([], ["1:1"], {}) == (every["replayed"], [*every["sent_before"]], every["refused"])
    assert {"1:0", "1:1", "1:2", "0:0"} == {one["id"] for one in listed}
    assert ["1:1"] == [one["id"] for one in listed if one["sent_again_ms"]]
    assert [1] == [kind["sent_again"] for kind in counted if kind["reason"] == "receipt_forged"]
    assert "\nsent again: 20" in office.types("dead-letters", "show", "1:1").output
    assert ["1:1"] == office.asks("dead-letters", "replay", "1:1", "--yes", "--again")["replayed"]
    assert 2 == len(events(office.settings))


def test_what_was_sent_before_is_no_failure_of_a_replay_of_all(office: Operator) -> None:
    """A job that sends whatever is new ends with 0; it fails for what cannot go."""
    words = ("dead-letters", "replay", "--all", "--reason", "receipt_forged", "--yes")

    assert [0, 0] == [office.types(*words).exit_code for _ in range(2)]
    assert 1 == len(events(office.settings))


def test_dead_letters_are_counted_by_reason_and_message(office: Operator) -> None:
    """What to mend first; and at 80 columns no word of it is cut."""
    counted = office.asks("dead-letters", "summary")["kinds"]
    office.columns = 80
    table = office.types("dead-letters", "summary").stdout

    assert [("invalid_json", 2), ("receipt_forged", 1), ("unknown", 1)] == [
        (kind["reason"], kind["count"]) for kind in counted
    ]
    assert "…" not in table
    assert all(len(line) <= 80 for line in table.splitlines())
    assert "receipt_forged" in table


@pytest.mark.parametrize("words", [("list",), ("replay", "--all", "--yes")])
def test_a_reason_that_there_is_not_is_said_with_those_that_there_are(
    office: Operator, words: tuple[str, ...]
) -> None:
    """An empty list would look like a good day."""
    result = office.types("dead-letters", *words, "--reason", "nosuch")

    assert 2 == result.exit_code
    assert "there are: invalid_json (2), " in result.output
    assert [] == events(office.settings)


def test_a_wrong_key_is_mended_and_goes_to_the_partition_of_the_right_one(
    office: Operator,
) -> None:
    """Where its session is in order."""
    settings = office.settings
    wrong = InvalidEvent("wrong_key", "the record's key is not the event's session_id")
    by_hand = dead_letter(settings, 43, error=wrong, value=GOOD)._replace(key=b"somebody")
    send(settings, settings.topics.dead_letters, [by_hand])
    kept = office.types("dead-letters", "replay", "1:3", "--yes")
    said = office.asks("dead-letters", "replay", "1:3", "--yes", "--key-from", "session_id")
    (event,) = events(settings)

    assert 1 == kept.exit_code
    assert "will fail again, its bytes are unchanged: wrong_key" in kept.output
    assert ["1:3"] == said["replayed"]
    assert (b"session-7", GOOD) == (event.key, event.value)
    assert murmur2(b"session-7") % 2 == event.at.number


@pytest.mark.parametrize("name", PARTITIONERS)
def test_a_mended_key_goes_to_where_the_events_of_its_session_lie(
    office: Operator, name: str
) -> None:
    """As the latest ones show; where they lie otherwise, the operator has to say how they will."""
    settings, of = office.settings, PARTITIONERS[name]
    keys = [b"session-%d" % number for number in range(40)]
    send(settings, settings.topics.events, [ByHand(key, GOOD, of(key, 2)) for key in keys])
    office.asks("dead-letters", "replay", "1:1", "--yes", "--key-from", "session_id")
    (event,) = [record for record in events(settings) if dict(record.headers).get(REPLAYS)]

    assert of(b"session-7", 2) == event.at.number

    send(settings, settings.topics.events, [ByHand(key, GOOD, len(key) % 2) for key in keys])
    words = ("dead-letters", "replay", "1:1", "--dry-run", "--again", "--key-from", "session_id")
    unclear, said = office.types(*words), office.types(*words, "--partitioner", name)

    assert (2, 0) == (unclear.exit_code, said.exit_code)
    assert "do not lie where one of murmur2, crc32 puts their keys" in unclear.output


def test_a_letter_that_has_no_room_with_its_headers_is_named_and_the_rest_goes(
    kafka: str, topic_prefix: str
) -> None:
    """The events topic takes less than the letters' does; one gone partition stops nobody, too."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=2)
    topics = settings.topics
    create(settings, topics.events, 2, {"max.message.bytes": "2000"})
    create(settings, topics.dead_letters, 2, {})
    large = dead_letter(settings, 1, error=FORGED, value=GOOD, original=(("pad", b"x" * 1_900),))
    gone = dead_letter(settings, 2, value=GOOD)
    gone = gone._replace(
        headers=tuple(
            (name, b"7" if name.endswith("partition") else value) for name, value in gone.headers
        )
    )
    fine = dead_letter(settings, 3, error=FORGED, value=GOOD)
    send(settings, topics.dead_letters, [large, gone, fine])
    said = Operator(settings).asks("dead-letters", "replay", "--all", "--yes")

    assert ["1:2"] == said["replayed"]
    assert "larger than the topic allows" in said["refused"]["1:0"]
    assert "its partition 7 is gone" in said["refused"]["1:1"]
    assert 1 == len(events(settings))


def test_a_letter_that_the_broker_refuses_is_told_and_the_rest_goes(
    kafka: str, topic_prefix: str
) -> None:
    """Whatever its reason: this topic was made a compacted one, which takes none without a key."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=2)
    topics = settings.topics
    create(settings, topics.events, 2, {"cleanup.policy": "compact"})
    create(settings, topics.dead_letters, 2, {})
    keyless = dead_letter(settings, 1, value=GOOD)
    keyless = keyless._replace(
        key=None,
        headers=tuple(
            (name, b"0" if name.endswith("partition") else value) for name, value in keyless.headers
        ),
    )
    beside = dead_letter(settings, 2, value=GOOD)._replace(headers=keyless.headers)
    elsewhere = dead_letter(settings, 3, value=GOOD)
    send(settings, topics.dead_letters, [keyless, beside, elsewhere])
    said = Operator(settings).asks("dead-letters", "replay", "--all", "--yes", "--anyway")

    assert ["1:1", "1:2"] == said["replayed"]
    assert ["1:0"] == list(said["refused"])
    assert said["refused"]["1:0"].startswith("Kafka refused it: [Error 87] InvalidRecord")
    assert 2 == len(events(settings))
