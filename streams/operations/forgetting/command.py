"""`goeswith forget`: forget a shopper, wait until that is folded, and look for what is left."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import click

from streams.cli.live import sigterm_unwinds
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import many, printable
from streams.clients import redis
from streams.clients.checkpoints.store import Store, open_store
from streams.clients.connection.addresses import open_page
from streams.clients.log_reader import Partition, committed_offsets
from streams.clients.sync_kafka import open_admin, open_producer, translating_errors
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.events import ShopperForgotten, encode
from streams.contract.settings import Settings
from streams.operations.forgetting.looking import Search, look
from streams.operations.forgetting.saying import words
from streams.operations.rebuild import NO_PAGE, page_url
from streams.shop.checkpoint import read

EVERY_S = 0.5
WAIT_S = 60.0
PAGE_S_MAX = 10.0
FOLDED = "folded by"
WAITING = "not folded yet by"
CHECKPOINT = "checkpoint in "
NO_CHECKPOINT = (
    " yet: workers have folded it, and none has written a checkpoint since (they do every "
    "GOESWITH_CHECKPOINT_EVERY_S): look again then (--check)"
)
LEAVING = 3
"""The exit code where nothing is to be done but to wait: 1 is a fault, 2 a wrong command line."""


class Place(NamedTuple):
    """Where an event is in the log."""

    partition: int
    offset: int


Has = Callable[[Place], bool]
"""Whether somebody has folded the event at this place; raises `GoeswithError`: nobody answers."""


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
    checkpoints, in what is in Redis, and in our topics. An e-mail address is forgotten, and looked
    for, as its hash as well, as which intake has it. What is on a topic leaves by retention: no
    program can take it away earlier.

    Exit code 0: nothing outside of topics has the id. 3: it worked, and old checkpoints have the id
    until they are replaced by newer ones, which comes by itself; look again then, with --check. 1:
    the id is left elsewhere, or somebody has not folded it in time.
    """
    events = words(settings, shopper_id)
    asked = {} if check else following(settings, pages)
    place, folded = None, dict[str, bool]()
    if not check:
        with sigterm_unwinds():
            place = send(settings, events)
            # At once: who ends it while it waits has sent it all the same.
            said = f"sent: offset {place.offset} of partition {place.partition}"
            click.echo(said, err=as_json)
            if len(events) > 1:  # only the hash is shown: a log may keep what is printed
                click.echo(f"an address: as it is, and as {events[-1].shopper_id}", err=as_json)
            folded = wait(asked, place, wait_s)
    search = look(settings, shopper_id)
    report = told(settings, place, folded, search)
    click.echo(json.dumps(report) if as_json else "\n".join(in_words(report)))
    raise click.exceptions.Exit(exit_code(report))


def told(
    settings: Settings, place: Place | None, folded: Mapping[str, bool], search: Search
) -> dict[str, Any]:
    """What was done and found.

    `leaving_s`: so long it takes at least until the last of the old checkpoints is replaced; None:
    that is not what is waited for.
    """
    stays = [one for one in search.left if one.until_ms is None]
    well = all(folded.values()) and not search.unread
    writes = [one.writes for one in stays]
    leaving = well and bool(stays) and None not in writes
    every_s, last = settings.checkpoint_every_s, max((n for n in writes if n), default=0)
    return {
        "sent": place and place._asdict(),
        "folded": folded,
        "left": [one._asdict() for one in search.left],
        "unread": search.unread,
        "forgotten": well and not stays,
        "leaving_s": last * every_s if leaving else None,
    }


def exit_code(report: Mapping[str, Any]) -> int:
    """That of the command.

    >>> [exit_code({"forgotten": done, "leaving_s": s}) for done, s in (
    ...     (True, None), (False, None), (False, 120.0))]
    [0, 1, 3]
    """
    if report["forgotten"]:
        return 0
    return 1 if report["leaving_s"] is None else LEAVING


def send(settings: Settings, events: Iterable[ShopperForgotten]) -> Place:
    """Say that a shopper is to be forgotten; where the last word is, all brokers having it."""
    with open_producer(settings) as producer, translating_errors(settings):
        for event in events:
            key, value = event.session_id.encode(), encode(event)
            sent = producer.send(settings.topics.events, key=key, value=value)
            told = sent.get(timeout=settings.kafka_timeout_s)
    return Place(told.partition, told.offset)


def following(settings: Settings, pages: Iterable[str]) -> dict[str, Has]:
    """Who has to fold the event, and how to ask them.

    Raises `GoeswithError` where one cannot be asked: before anything is sent.
    """
    answered(settings, Place(0, 0))
    asked: dict[str, Has] = {f"group {settings.group_id}": partial(answered, settings)}
    for page in pages:
        url = page_url(settings, page) or page
        position_on(url)
        asked[page] = partial(has_on_page, url)
    if settings.redis_url:
        address = redis.secured(settings.redis_url, settings)
        with redis.opened(address):  # which opens nothing, and knows a wrong address
            pass
    store = open_store(settings)
    if store is not None and settings.checkpoint_every_s:
        asked[f"{CHECKPOINT}{store.where}"] = partial(has_in_checkpoint, store)
    return asked


def wait(asked: Mapping[str, Has], place: Place, wait_s: float) -> dict[str, bool]:
    """Who has folded the event, when all have or the time is over.

    Who does not answer has not folded it yet: the event is sent, and a worker may be restarting.
    """
    deadline_s = time.monotonic() + wait_s
    folded = dict.fromkeys(asked, False)
    while True:
        folded = {who: folded[who] or _says(has, place) for who, has in asked.items()}
        if all(folded.values()) or time.monotonic() >= deadline_s:
            return folded
        time.sleep(EVERY_S)


def _says(has: Has, place: Place) -> bool:
    try:
        return has(place)
    except GoeswithError:
        return False  # told as "not folded yet"


def answered(settings: Settings, place: Place) -> bool:
    """Whether the group has answered for an event, and so folded it."""
    at = Partition(settings.topics.events, place.partition)
    with open_admin(settings) as admin:
        committed = committed_offsets(settings, admin, [at])[at]
    return committed is not None and committed > place.offset


def position_on(url: str) -> dict[int, int]:
    """Up to where a worker has folded, as its page says; raises `GoeswithError`."""
    try:
        with open_page(f"{url.rstrip('/')}/state", PAGE_S_MAX) as said:
            position = json.load(said)["position"]
            return {int(number): int(offset) for number, offset in position.items()}
    except NO_PAGE as error:
        raise GoeswithError(f"no worker's page at {url} ({error!r}): is it running?") from error


def has_on_page(url: str, place: Place) -> bool:
    """Whether the worker of this page has folded an event; raises `GoeswithError`."""
    return position_on(url).get(place.partition, 0) > place.offset


def has_in_checkpoint(store: Store, place: Place) -> bool:
    """Whether the checkpoint was made when an event was folded, if there is one."""
    try:
        data = store.read()
        if data is None:
            return True  # there is none that could know anybody
        return read(data).header.position.get(place.partition, 0) > place.offset
    except CheckpointRefused:
        return False


def in_words(report: dict[str, Any]) -> Iterator[str]:
    """What came of it and was found, for people; that it was sent has been said by then."""
    for who, has in report["folded"].items():
        yield f"{FOLDED if has else WAITING} {printable(who)}"
    for one in report["left"]:
        until = _until(one["until_ms"], one.get("writes"), one.get("command", ""))
        yield f"left: {one['found']:,} in {printable(one['place'])}, {until}"
    for said in report["unread"]:
        yield f"could not be looked into: {printable(said, chars_max=300)}"
    yield _in_short(report)


def _in_short(report: Mapping[str, Any]) -> str:
    if report["forgotten"]:
        return "forgotten"
    if (leaving_s := report.get("leaving_s")) is None:
        return "NOT forgotten everywhere" + (NO_CHECKPOINT if _waits_for_checkpoint(report) else "")
    return (
        "forgotten, but for old checkpoints: workers replace the last of them by themselves, in "
        f"{leaving_s:,.0f} s at the earliest; look again then (--check)"
    )


def _waits_for_checkpoint(report: Mapping[str, Any]) -> bool:
    """Whether all have folded it, and nothing but a newer checkpoint has to come."""
    late = [who for who, has in report["folded"].items() if not has]
    if not late or report["unread"] or not all(map(_goes_by_itself, report["left"])):
        return False
    return all(who.startswith(CHECKPOINT) for who in late)


def _goes_by_itself(left: Mapping[str, Any]) -> bool:
    """Whether retention takes it, or newer checkpoints do; nothing takes a key in Redis."""
    goes = left["until_ms"] is not None or left["writes"] is not None
    return goes or left["place"].startswith(CHECKPOINT)


def _until(until_ms: int | None, writes: int | None = None, command: str = "") -> str:
    if writes is not None:
        return f"until {many(writes, 'more checkpoints are', 'more checkpoint is')} written"
    if until_ms is None:
        return f"until {command or 'something'} takes it away"
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(until_ms / 1000))
    return f"until {at} UTC or soon after, when retention takes the last of them"
