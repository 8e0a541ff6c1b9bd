"""A shopper is forgotten on request, and what is left of them is told, with until when."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.exceptions import ResponseError

from models import SnapshotError
from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.clients.checkpoints.objects.object_log import checkpoint_name
from streams.clients.checkpoints.rules import fingerprint
from streams.clients.checkpoints.store import open_store
from streams.clients.log_reader import Partition, RawRecord, open_reader
from streams.contract.errors import CheckpointRefused, GoeswithError, KafkaUnreachable
from streams.contract.events import Event, ShopperForgotten, decode, encode
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.worker_process import environment
from streams.operations.forgetting.command import (
    Place,
    answered,
    exit_code,
    has_in_checkpoint,
    in_words,
    position_on,
    told,
    wait,
)
from streams.operations.forgetting.looking import Search, in_checkpoints, in_views
from streams.operations.forgetting.traces import Trace, in_checkpoint, in_topics, mentions
from streams.shop.checkpoint import packed, read
from streams.shop.shop import Shop
from tests.clients.checkpoints.test_rules import checkpoint
from tests.integration.operators import ByHand, Operator, send
from tests.stories import NOON_MS, OPEN, Story

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS


def of(shopper_id: str) -> list[Event]:
    """What somebody who consents has done."""
    story = Story(f"visit of {len(shopper_id)}", shopper_id=shopper_id)
    return [story.view("bread"), story.add("bread"), story.order("bread")]


def shop_that_knows(*shoppers: str) -> Shop:
    """One that has folded what these did."""
    shop = Shop(Settings(**OPEN))
    for event in (event for shopper in shoppers for event in of(shopper)):
        shop.learn(0, shop.position.get(0, 0), event)
    return shop


@pytest.mark.parametrize("shopper_id", ["ann", "rené", 'says "hi"', "a\\b", "7"])
def test_an_id_is_found_however_json_writes_it(shopper_id: str) -> None:
    """With escapes or without them; an id within another one is somebody else's."""
    plain = encode(Story(shopper_id=shopper_id).view("bread"))
    escaped = Story(shopper_id=shopper_id).view("bread").model_dump_json(ensure_ascii=True)
    other = encode(Story(shopper_id=f"x{shopper_id}x").view("bread"))

    assert mentions(plain, shopper_id)
    assert mentions(escaped.encode(), shopper_id)
    assert mentions(shopper_id.encode(), shopper_id)
    assert not mentions(other, shopper_id)
    assert not mentions(None, shopper_id)
    assert not mentions(b'{"a":"b"}', 'a":"b')


def escapes(letter: str) -> st.SearchStrategy[str]:
    """The ways in which JSON may write a character of a text."""
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    small = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    ways = {json.dumps(letter)[1:-1], small, small.upper().replace("U", "u")}
    ways |= {r"\/"} if letter == "/" else set()
    ways |= {letter} if letter.isprintable() and letter not in '"\\' else set()
    return st.sampled_from(sorted(ways))


@given(st.data(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9))
def test_whichever_escapes_a_sender_chooses_the_id_is_found(data: st.DataObject, who: str) -> None:
    r"""Large letters in \\u00E9, a slash behind a backslash: the same text for who reads it."""
    written = "".join(data.draw(escapes(letter)) for letter in who)
    record = f'{{"note": "\\n", "shopper_id": "{written}"}}'.encode()

    assert who == json.loads(record)["shopper_id"]
    assert mentions(record, who)
    assert mentions(record[:-1], who), "a dead letter may be cut"
    for other in (f'\\"{written}', f"{written}x"):
        assert not mentions(f'["{other}\\n"]'.encode(), who)
        assert not mentions(f'["{other}"]'.encode(), who)


def test_what_is_on_a_topic_is_there_until_its_latest_record_goes() -> None:
    """By the retention of the topic; key, value and headers count."""
    value = encode(of("ann")[0])
    records = [
        RawRecord(Partition("events", 0), 0, 5_000, b"s", value, []),
        RawRecord(Partition("events", 1), 0, 7_000, b"ann", b"{}", []),
        RawRecord(Partition("events", 1), 1, 9_000, b"s", encode(of("bob")[0]), []),
        RawRecord(Partition("letters", 0), 0, 6_000, None, None, [("was", b"ann")]),
        RawRecord(Partition("kept", 0), 0, 6_000, b"ann", None, []),
    ]
    found = in_topics(records, "ann", {"events": WEEK_MS, "letters": DAY_MS, "kept": None})

    assert found == [
        Trace("events", 2, 7_000 + WEEK_MS),
        Trace("kept", 1, None),
        Trace("letters", 1, 6_000 + DAY_MS),
    ]


def test_a_checkpoint_is_looked_into() -> None:
    """Sessions, orders and purchases have the id, until it is forgotten; others are not found."""
    shop = shop_that_knows("ann", "bobby")
    parts = Shop(shop.settings).parts()

    def found(shopper_id: str) -> int:
        _, data = packed(shop, cluster="here", now_ms=0, made_by="worker-1")
        return in_checkpoint(read(data), shop.settings, parts, shopper_id)

    assert found("ann") > 2
    assert 0 == found("an")
    shop.learn(0, shop.position[0], Story("office", start_ms=NOON_MS + DAY_MS).forget("ann"))
    assert 0 == found("ann")
    assert found("bobby") > 2


def test_a_sealed_checkpoint_is_looked_into_with_its_key() -> None:
    """Without it nobody can say that the id is not there."""
    shop = shop_that_knows("ann")
    shop.settings = Settings(**OPEN, checkpoint_key="not a secret")
    _, data = packed(shop, cluster="here", now_ms=0, made_by="worker-1")
    parts = Shop(shop.settings).parts()

    assert in_checkpoint(read(data), shop.settings, parts, "ann") > 2
    with pytest.raises(CheckpointRefused, match="sealed with the key"):
        in_checkpoint(read(data), Settings(**OPEN), parts, "ann")


def test_a_checkpoint_of_another_version_is_not_looked_into() -> None:
    """Nobody can say what is in it."""
    _, data = packed(shop_that_knows("ann"), cluster="here", now_ms=0, made_by="worker-1")
    settings = Settings(**OPEN)
    parts = Shop(settings).parts()
    parts["repeats"].STATE_VERSION += 1

    with pytest.raises(SnapshotError, match="version"):
        in_checkpoint(read(data), settings, parts, "ann")


@pytest.fixture
def operator(embedded_broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> Operator:
    """Of a shop with a checkpoint in a file, whose log has what ann and bob did."""
    settings = Settings(
        **OPEN,
        kafka_bootstrap=embedded_broker.bootstrap,
        kafka_api_version="2.0",
        topic_prefix=topic_prefix,
        group_id=topic_prefix,
        partitions=2,
        checkpoint_url=(tmp_path / "shop.checkpoint").as_uri(),
    )
    for name in settings.topics.declared():
        embedded_broker.create_topic(name, 2)
    told = [event for who in ("ann", "bobby") for event in of(who)]
    records = [ByHand(event.session_id.encode(), encode(event), 1) for event in told]
    send(settings, settings.topics.events, records)
    return Operator(settings)


def test_to_look_for_somebody_sends_nothing(operator: Operator) -> None:
    """What is on the events topic leaves by retention, and is told with the date."""
    found = operator.asks("forget", "ann", "--check")
    (left,) = found["left"]

    assert (None, {}, True) == (found["sent"], found["folded"], found["forgotten"])
    assert (operator.settings.topics.events, 3) == (left["place"], left["found"])
    assert left["until_ms"] > WEEK_MS
    assert [] == operator.asks("forget", "nobody", "--check")["left"]


def test_a_shopper_is_forgotten_when_all_have_folded_it(operator: Operator, tmp_path: Path) -> None:
    """Until then the checkpoint knows them, and the exit code says so."""
    settings, store = operator.settings, FileStore(tmp_path / "shop.checkpoint")
    operator.types("checkpoint", "save")
    before = operator.types("forget", "ann", "--wait", "0")
    with open_reader(settings, settings.topics.events) as reader:
        log = list(reader.between(reader.begins(), reader.ends()))
    (sent,) = (record for record in log if b"shopper_forgotten" in (record.value or b""))
    event = decode(sent.key, sent.value, timestamp_ms=sent.timestamp_ms, settings=settings)

    assert 1 == before.exit_code
    assert before.stdout.startswith(f"sent: offset {sent.offset} of partition {sent.at.number}\n")
    assert f"not folded yet by group {settings.group_id}" in before.stdout
    assert f"not folded yet by checkpoint in {store.where}" in before.stdout
    assert "until something takes it away" in before.stdout
    assert isinstance(event, ShopperForgotten)
    assert ("ann", False) == (event.shopper_id, event.consent)

    assert 0 == operator.types("checkpoint", "save").exit_code
    after = operator.asks("forget", "ann", "--check")
    assert after["forgotten"]
    assert [settings.topics.events] == [left["place"] for left in after["left"]]
    assert not operator.asks("forget", "bobby", "--check")["forgotten"]


@pytest.mark.parametrize(
    ("nobody", "why"),
    [
        ("", "at least 1 character"),
        ("x" * 129, "at most 128 characters"),
        ("Guest", "it means nobody"),
        ("\udcff", "is no shopper's id"),
    ],
    ids=["empty", "long", "guest", "bytes"],
)
def test_what_is_nobodys_id_is_refused_and_not_sent(
    operator: Operator, nobody: str, why: str
) -> None:
    """Workers would refuse the event: nothing would be forgotten, and that told as done."""
    said = operator.types("forget", "--wait", "0", "--", nobody)

    assert (2, True) == (said.exit_code, why in said.stderr)
    assert "no shopper's id" in said.stderr
    assert 3 == operator.asks("forget", "ann", "--check")["left"][0]["found"]
    assert not sent_by(operator)


def sent_by(operator: Operator) -> list[bytes]:
    """The words by which somebody is to be forgotten, in the log."""
    with open_reader(operator.settings, operator.settings.topics.events) as reader:
        log = [record.value or b"" for record in reader.between(reader.begins(), reader.ends())]
    return [value for value in log if b"shopper_forgotten" in value]


def test_no_secret_is_needed_to_look_into_checkpoints(operator: Operator) -> None:
    """Nobody seals anything here: who forgets need not have the workers' key."""
    operator.types("checkpoint", "save")
    operator.settings = operator.settings.model_copy(update={"receipt_secret": SecretStr("")})
    found = operator.asks("forget", "ann", "--check")

    assert ["checkpoint" in left["place"] for left in found["left"]] == [True, False]


def test_who_ends_it_while_it_waits_knows_that_it_was_sent(operator: Operator) -> None:
    """It is in the pipe by then, and the exit code is that of shells."""
    command = [sys.executable, "-m", "streams", "forget", "ann", "--wait", "600"]
    env = {**os.environ, **environment(operator.settings)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    assert said.startswith("sent: offset ")
    assert 128 + signal.SIGTERM == process.returncode


@contextmanager
def page(said: bytes) -> Iterator[str]:
    """A page that says this whenever it is asked, and its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


OK = b"HTTP/1.0 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    "said", [b"SSH-2.0\r\n", *(OK + body for body in (b"", b"[]", b"{}", b'{"position": [1]}'))]
)
def test_what_is_no_workers_page_is_refused_before_anything_is_sent(
    operator: Operator, said: bytes
) -> None:
    """A typo in --page, or another program behind it."""
    with page(said) as url:
        typed = operator.types("forget", "ann", "--wait", "0", "--page", url)

    assert 1 == typed.exit_code
    assert f"no worker's page at {url}" in typed.stderr
    assert not sent_by(operator)


def test_a_page_says_how_far_its_worker_has_folded(operator: Operator) -> None:
    """By partition; the event is in the log when that is told."""
    with page(OK + b'{"position": {"0": 100, "1": 100}}') as url:
        assert {0: 100, 1: 100} == position_on(url)
        told = operator.types("forget", "ann", "--wait", "0", "--page", url)

    assert f"folded by {url}" in told.stdout.splitlines()
    assert 1 == len(sent_by(operator))


def test_who_does_not_answer_has_not_folded_it_yet() -> None:
    """The event is sent by then: a worker that restarts is asked again, and the rest is told."""
    answers: Iterator[GoeswithError | bool] = iter(
        [KafkaUnreachable("away"), GoeswithError("no page"), True]
    )

    def has(_: Place) -> bool:
        answer = next(answers)
        if isinstance(answer, GoeswithError):
            raise answer
        return answer

    assert {"w1": False, "w2": True} == wait({"w1": has, "w2": lambda _: True}, Place(0, 0), 0)
    once = iter([True])  # who has folded it is not asked again
    assert {"w1": True, "w2": True} == wait(
        {"w1": has, "w2": lambda _: next(once)}, Place(0, 0), 60
    )


Value = bytes | dict[bytes, bytes] | list[bytes]
"""Of a key in Redis."""


class Redis:
    """Texts, hashes, and keys of other types, which it does not hand out as texts."""

    def __init__(self, keys: dict[str, Value]) -> None:
        self.keys = {name.encode(): value for name, value in keys.items()}

    def scan_iter(self, match: str, count: int) -> list[bytes]:
        """The keys under a prefix."""
        return [key for key in self.keys if fnmatch(key.decode(), match)][:count]

    def type(self, key: bytes) -> bytes:
        """What is there."""
        return {bytes: b"string", dict: b"hash", list: b"list"}[type(self.keys[key])]

    def hgetall(self, key: bytes) -> Value:
        """A hash."""
        return self.keys[key]

    def get(self, key: bytes) -> Value:
        """A text."""
        if isinstance(self.keys[key], list):
            raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return self.keys[key]


def test_what_an_object_store_has_not_deleted_is_looked_into() -> None:
    """Without the right to delete, or within ten minutes, nothing names it, and it lies there."""
    pytest.importorskip("fsspec", reason="the extra object-store is not installed")
    bucket = pytest.importorskip("tests.clients.checkpoints.bucket").Bucket
    settings = Settings(**OPEN, checkpoint_url=f"{bucket.protocol}://forgetting/shop")
    store = open_store(settings)
    assert isinstance(store, FileSystemStore)
    header, data = packed(shop_that_knows("ann"), cluster="here", now_ms=NOON_MS, made_by="w")
    name = checkpoint_name(fingerprint(data))
    store.write(header, data)
    named = in_checkpoints(settings, "ann")
    for upto in range(100, 104):
        store.write(*checkpoint(upto))
    ObjectFolder(settings.checkpoint_url).put("0abc.checkpoint", b"bread")
    found = in_checkpoints(settings, "ann")

    assert [f"checkpoint in {store.where}"] == [one.place for one in named.left]
    assert [f"{store.where}, {name}"] == [one.place for one in found.left]
    assert [f"{store.where}, 0abc.checkpoint"] == [one.partition(": ")[0] for one in found.unread]
    assert (data, [f"{store.where}, {name}"]) == (store.read(name), [store.place(name)])


def test_what_is_sealed_with_a_key_that_is_not_here_is_told() -> None:
    """Nobody can say whether the id is in it; with the key it is found."""
    pytest.importorskip("fsspec", reason="the extra object-store is not installed")
    bucket = pytest.importorskip("tests.clients.checkpoints.bucket").Bucket
    without = Settings(**OPEN, checkpoint_url=f"{bucket.protocol}://sealed/shop")
    settings = without.model_copy(update={"checkpoint_key": SecretStr("not a secret")})
    shop = shop_that_knows("ann")
    shop.settings = settings
    store = open_store(settings)
    assert store is not None
    store.write(*packed(shop, cluster="here", now_ms=NOON_MS, made_by="w"))

    assert 1 == len(in_checkpoints(settings, "ann").left)
    assert "sealed with the key" in in_checkpoints(without, "ann").unread[0]


def test_a_key_that_cannot_be_read_is_told_and_the_others_are_looked_into() -> None:
    """Somebody else's, under our prefix."""
    there = Redis(
        {
            "shop:prompts:s": b'["ann"]',
            "shop:queue": [b'"ann"'],
            "shop:arms": {b"w": b'"ann"'},
            "shop:worker:w": b'["bob"]',
            "shop:checkpoint": b'["ann"]',
        }
    )
    found = in_views(there, "shop", "ann")

    assert ["shop:prompts:s", "shop:arms"] == [left.place.split()[-1] for left in found.left]
    (unread,) = found.unread
    assert "Redis key shop:queue: a list, which we do not write" == unread


def test_a_redis_that_is_away_is_told_and_topics_are_looked_into(operator: Operator) -> None:
    """What has been sent is told, with what could be seen."""
    away = {"redis_url": "redis://127.0.0.1:1", "checkpoint_url": ""}
    operator.settings = operator.settings.model_copy(update=away)
    found = operator.asks("forget", "ann", "--check")

    assert not found["forgotten"]
    assert ["checkpoint in", "Redis does not"] == [one[:14].strip() for one in found["unread"]]
    assert 3 == found["left"][0]["found"]


def test_a_wrong_address_of_redis_is_said_before_anything_is_sent(operator: Operator) -> None:
    """Not when views are looked into."""
    typed = operator.types("forget", "ann", "--wait", "0", "--redis", "redis://127.0.0.1:1?n=1")

    assert 2 == typed.exit_code
    assert "GOESWITH_REDIS_URL" in typed.stderr
    assert not sent_by(operator)


def test_what_has_folded_it_stands_behind_it(operator: Operator, tmp_path: Path) -> None:
    """The group by what it has committed, a checkpoint by its position."""
    settings, store = operator.settings, FileStore(tmp_path / "shop.checkpoint")
    assert has_in_checkpoint(store, Place(1, 5))  # there is none that could know anybody
    operator.types("checkpoint", "save")

    assert [True, False] == [has_in_checkpoint(store, Place(1, at)) for at in (5, 6)]
    assert not has_in_checkpoint(store, Place(0, 0))
    assert not answered(settings, Place(1, 0))


EVERYWHERE = {"group shop": True}
CHECKPOINT_IS_LATE = EVERYWHERE | {"checkpoint in x": False}
OLD = (Trace("generation 7", 2, None, writes=2), Trace("generation 6", 2, None, writes=1))


def test_old_checkpoints_that_go_by_themselves_are_told_apart_from_a_fault() -> None:
    """It worked: a script waits, and knows for how long; nobody is called."""
    settings, topic = Settings(checkpoint_every_s=60.0), Trace("shop.events", 4, 1_767_268_800_000)
    done = told(settings, Place(1, 7), EVERYWHERE, Search([topic], []))
    goes = told(settings, Place(1, 7), EVERYWHERE, Search([topic, *OLD], []))

    assert (0, 3) == (exit_code(done), exit_code(goes))
    assert (True, None) == (done["forgotten"], done["leaving_s"])
    assert (False, 120.0) == (goes["forgotten"], goes["leaving_s"])
    said = list(in_words(goes))
    assert "left: 2 in generation 7, until 2 more checkpoints are written" in said
    assert "left: 2 in generation 6, until 1 more checkpoint is written" in said
    assert said[-1].startswith("forgotten, but for old checkpoints: workers replace the last of ")
    assert "in 120 s at the earliest; look again then (--check)" in said[-1]


@pytest.mark.parametrize(
    ("folded", "search"),
    [
        ({"group shop": False}, Search([*OLD], [])),
        (EVERYWHERE, Search([*OLD], ["y: another version"])),
        (EVERYWHERE, Search([*OLD, Trace("checkpoint in x", 1, None)], [])),
    ],
    ids=["not folded", "not looked into", "the newest has it"],
)
def test_what_does_not_go_by_itself_is_a_fault(folded: dict[str, bool], search: Search) -> None:
    """Whatever goes by itself beside it."""
    report = told(Settings(), Place(1, 7), folded, search)

    assert (1, "NOT forgotten everywhere") == (exit_code(report), [*in_words(report)][-1])


def test_that_only_a_checkpoint_has_to_come_is_said() -> None:
    """It is no fault: nobody had written one within --wait; an exit code of 1 all the same."""
    goes = [*OLD, Trace("checkpoint in x", 2, None), Trace("shop.events", 4, 1_767_268_800_000)]
    report = told(Settings(), Place(1, 7), CHECKPOINT_IS_LATE, Search(goes, []))
    folded = CHECKPOINT_IS_LATE | {"http://w2:1": False}
    late = told(Settings(), Place(1, 7), folded, Search([*OLD], []))
    words = [*in_words(report)][-1]

    assert 1 == exit_code(report)
    assert words.startswith("NOT forgotten everywhere yet: workers have folded it, and none has")
    assert "GOESWITH_CHECKPOINT_EVERY_S" in words
    assert "NOT forgotten everywhere" == [*in_words(late)][-1]


@pytest.mark.parametrize(
    "place", ["Redis key shop:prompts:s", "/var/goeswith/shop.checkpoint, refused-1", "shop.events"]
)
def test_what_is_left_elsewhere_does_not_go_with_a_newer_checkpoint(place: str) -> None:
    """Views, a checkpoint that was kept aside, a topic without retention: somebody has to act."""
    left = [Trace("checkpoint in x", 2, None), Trace(place, 3, None)]
    report = told(Settings(), Place(1, 7), CHECKPOINT_IS_LATE, Search(left, []))

    assert (1, "NOT forgotten everywhere") == (exit_code(report), [*in_words(report)][-1])


def test_a_checkpoint_that_was_kept_aside_is_named_with_what_deletes_it(tmp_path: Path) -> None:
    """By nothing else does it go: the search ends well once that is done."""
    there = {"kafka_bootstrap": "kafka:9", "topic_prefix": "bakery", "redis_url": "redis://r:1"}
    url = (tmp_path / "shop.checkpoint").as_uri()
    settings = Settings.model_validate({**OPEN, **there, "checkpoint_url": url})
    store = FileStore(tmp_path / "shop.checkpoint")
    store.write(*packed(shop_that_knows("ann"), cluster="here", now_ms=0, made_by="worker-1"))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()
    report = told(settings, None, {}, in_checkpoints(settings, "ann"))
    (words,) = (line for line in in_words(report) if line.startswith("left"))

    place = "--bootstrap kafka:9 --prefix bakery --redis redis://r:1"
    assert words.endswith(f"until goeswith checkpoint delete {kept.name} {place} takes it away")
    assert 1 == exit_code(report)
    assert store.delete(kept.name)
    assert 0 == exit_code(told(settings, None, {}, in_checkpoints(settings, "ann")))


def test_what_was_found_is_told_in_words() -> None:
    """Who has folded it, what is left until when, and what nobody could look into."""
    report = {
        "sent": {"partition": 1, "offset": 7},
        "folded": {"group shop": True, "http://w2:1": False},
        "left": [
            {"place": "shop.events", "found": 4, "until_ms": 1_767_268_800_000},
            {"place": "checkpoint in x", "found": 1, "until_ms": None},
        ],
        "unread": ["y: another version"],
        "forgotten": False,
    }

    until = "2026-01-01 12:00 UTC or soon after, when retention takes the last of them"
    assert [
        "folded by group shop",
        "not folded yet by http://w2:1",
        f"left: 4 in shop.events, until {until}",
        "left: 1 in checkpoint in x, until something takes it away",
        "could not be looked into: y: another version",
        "NOT forgotten everywhere",
    ] == list(in_words(report))
