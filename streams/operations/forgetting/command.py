"""`goeswith forget`: forget a shopper, wait until that is folded, and look for what is left."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import click

from models import SnapshotError
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.cli.progress import progressed
from streams.cli.ranges import FiniteRange
from streams.clients import redis
from streams.clients.addresses import open_page
from streams.clients.checkpoints.store import Store, open_store
from streams.clients.log_reader import Partition, committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin, open_producer, translating_errors
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.events import ShopperForgotten, encode
from streams.contract.settings import Settings
from streams.operations.forgetting.traces import Trace, in_checkpoint, in_topics, mentions
from streams.operations.rebuild import page_url
from streams.operations.topics import retention_ms
from streams.shop.checkpoint import read
from streams.shop.shop import Shop

EVERY_S = 0.5
WAIT_S = 60.0
PAGE_S_MAX = 10.0
FOLDED = "folded by"
WAITING = "not folded yet by"


class Place(NamedTuple):
    """Where an event is in the log."""

    partition: int
    offset: int


class Search(NamedTuple):
    """What was found of a shopper, and where nobody could look."""

    left: list[Trace]
    unread: list[str]


@click.command()
@with_settings("bootstrap", "prefix", "group", "redis")
@click.argument("shopper_id", metavar="SHOPPER")
@click.option("--check", is_flag=True, help="Only look for what is left: send nothing.")
@click.option(
    "--page", "pages", metavar="URL", multiple=True, help="A worker's page, to be asked too."
)
@click.option(
    "--wait",
    "wait_s",
    type=FiniteRange(min=0, max=86_400),
    default=WAIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for workers and checkpoint.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def forget(
    settings: Settings,
    shopper_id: str,
    check: bool,
    pages: tuple[str, ...],
    wait_s: float,
    as_json: bool,
) -> None:
    """Forget what is kept by SHOPPER, and look for what is left.

    Sends one `shopper_forgotten`: all workers fold all partitions, and it holds in all sessions and
    sticks until somebody says consent anew. Then waits until the group has answered for it, the
    workers at --page have folded it, and the checkpoint has it; and looks for the id in
    checkpoints, in what is in Redis, and in our topics. What is on a topic leaves by retention: no
    program can take it away earlier.

    Exit code 1 where the id is left outside of topics, or somebody has not folded it in time.
    """
    place = None if check else send(settings, shopper_id)
    folded = {} if place is None else _wait(settings, place, pages, wait_s)
    search = look(settings, shopper_id)
    stays = [one for one in search.left if one.until_ms is None]
    done = all(folded.values()) and not stays and not search.unread
    report = {
        "sent": place and place._asdict(),
        "folded": folded,
        "left": [one._asdict() for one in search.left],
        "unread": search.unread,
        "forgotten": done,
    }
    click.echo(json.dumps(report) if as_json else "\n".join(in_words(report)))
    raise click.exceptions.Exit(0 if done else 1)


def send(settings: Settings, shopper_id: str) -> Place:
    """Say that a shopper is to be forgotten; where that is in the log, all brokers having it."""
    now_ms, name = int(time.time() * 1000), f"forget-{uuid4()}"
    event = ShopperForgotten(
        schema_version=2,
        event_id=name,
        session_id=name,
        shopper_id=shopper_id,
        occurred_at_ms=now_ms,
        consent=False,
    )
    with open_producer(settings) as producer, translating_errors(settings):
        sent = producer.send(settings.topics.events, key=name.encode(), value=encode(event))
        told = sent.get(timeout=settings.kafka_timeout_s)
    return Place(told.partition, told.offset)


def _wait(
    settings: Settings, place: Place, pages: tuple[str, ...], wait_s: float
) -> dict[str, bool]:
    """Who has folded the event, when all have or the time is over."""
    store = open_store(settings)
    asked: dict[str, Callable[[], bool]] = {
        f"group {settings.group_id}": partial(answered, settings, place),
        **{page: partial(has_on_page, settings, page, place) for page in pages},
    }
    if store is not None and settings.checkpoint_every_s:
        asked[f"checkpoint in {store.where}"] = partial(has_in_checkpoint, store, place)
    deadline_s = time.monotonic() + wait_s
    folded = {who: has() for who, has in asked.items()}
    while not all(folded.values()) and time.monotonic() < deadline_s:
        time.sleep(EVERY_S)
        folded = {who: folded[who] or has() for who, has in asked.items()}
    return folded


def answered(settings: Settings, place: Place) -> bool:
    """Whether the group has answered for an event, and so folded it."""
    at = Partition(settings.topics.events, place.partition)
    with open_admin(settings) as admin:
        committed = committed_offsets(settings, admin, [at])[at]
    return committed is not None and committed > place.offset


def has_on_page(settings: Settings, page: str, place: Place) -> bool:
    """Whether the worker of this page has folded an event; raises `GoeswithError`."""
    url = page_url(settings, page) or page
    try:
        with open_page(f"{url.rstrip('/')}/state", PAGE_S_MAX) as said:
            position = json.load(said)["position"]
        return int(position.get(str(place.partition), 0)) > place.offset
    except (OSError, KeyError, ValueError) as error:
        raise GoeswithError(f"no worker's page at {url} ({error!r})") from error


def has_in_checkpoint(store: Store, place: Place) -> bool:
    """Whether the checkpoint was made when an event was folded, if there is one."""
    try:
        data = store.read()
        if data is None:
            return True  # there is none that could know anybody
        return read(data).header.position.get(place.partition, 0) > place.offset
    except CheckpointRefused:
        return False


def look(settings: Settings, shopper_id: str) -> Search:
    """Look for the id wherever we keep anything."""
    left, unread = _checkpoints(settings, shopper_id)
    if settings.redis_url:
        left += _views(settings, shopper_id)
    names = [*settings.topics.declared()]
    with open_admin(settings) as admin:
        kept_ms = retention_ms(settings, admin)
    with open_reader(settings, *names) as reader:
        begins, ends = reader.begins(), reader.ends()
        total = sum(ends[at] - begins[at] for at in begins)
        records = progressed(reader.between(begins, ends), total, "looking")
        left += in_topics(records, shopper_id, kept_ms)
    return Search(left, unread)


def _checkpoints(settings: Settings, shopper_id: str) -> tuple[list[Trace], list[str]]:
    """What the checkpoint has, and those that were kept aside; and which could not be read."""
    left, unread, store = list[Trace](), list[str](), open_store(settings)
    if store is None:
        return left, unread
    parts = Shop(settings).parts()
    for name in ("", *(one.name for one in store.kept())):
        where = store.place(name) if name else f"checkpoint in {store.where}"
        try:
            data = store.read(name)
            found = in_checkpoint(read(data), parts, shopper_id) if data else 0
        except (CheckpointRefused, SnapshotError, KeyError) as error:
            unread.append(f"{where}: {error}")
            continue
        if found:
            left.append(Trace(where, found, None))
    return left, unread


def _views(settings: Settings, shopper_id: str) -> list[Trace]:
    """Keys of ours in Redis, but the checkpoints, that have the id in name or value."""
    with redis.opened(settings.redis_url) as client:
        keys = client.scan_iter(match=f"{settings.topic_prefix}:*", count=1000)
        begins = f"{settings.topic_prefix}:checkpoint".encode()  # which were looked into above
        mine = [key for key in keys if not key.startswith(begins)]
        return [
            Trace(f"Redis key {key.decode(errors='replace')}", 1, None)
            for key in mine
            if any(mentions(text, shopper_id) for text in (key, *_held(client, key)))
        ]


def _held(client: Any, key: bytes) -> Iterator[bytes]:
    """The values under a key."""
    if client.type(key) == b"hash":
        for name, value in client.hgetall(key).items():
            yield from (name, value)
    elif (value := client.get(key)) is not None:
        yield value


def in_words(report: dict[str, Any]) -> Iterator[str]:
    """What was done and found, for people."""
    if sent := report["sent"]:
        yield f"sent: offset {sent['offset']} of partition {sent['partition']}"
    for who, has in report["folded"].items():
        yield f"{FOLDED if has else WAITING} {printable(who)}"
    for one in report["left"]:
        yield f"left: {one['found']:,} in {printable(one['place'])}, {_until(one['until_ms'])}"
    for said in report["unread"]:
        yield f"could not be looked into: {printable(said, chars_max=300)}"
    yield "forgotten" if report["forgotten"] else "NOT forgotten everywhere"


def _until(until_ms: int | None) -> str:
    if until_ms is None:
        return "until something takes it away"
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(until_ms / 1000))
    return f"until {at} UTC or soon after, when retention takes the last of them"
