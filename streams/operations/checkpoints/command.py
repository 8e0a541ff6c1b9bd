"""`goeswith checkpoint`: save, load, inspect and compare checkpoints of the shop.

A checkpoint is named by the path of a file, or is the one in the `store` that the settings name
(a topic, a file, an object store, a Redis): there the workers look when they start. `store:NAME` is
one that was kept aside there, `store:generation-2` the one before the newest where there are some.
"""

import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.clients.checkpoints.adoption import adopted
from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.pointer import number_in
from streams.clients.checkpoints.rules import is_kept_name
from streams.clients.checkpoints.store import Store, open_store
from streams.clients.log_reader import LogReader, open_reader
from streams.contract.errors import CheckpointRefused, GoeswithError, Misconfigured
from streams.contract.settings import Settings
from streams.operations.checkpoints.deleting import delete_command
from streams.operations.checkpoints.descriptions import described, in_one_line, table
from streams.operations.checkpoints.generations import list_, restore
from streams.operations.checkpoints.live_workers import warn_of_workers
from streams.operations.log_faults.adopt import SAID_CHARS_MAX, STORE, adopt_command
from streams.operations.rebuild import (
    StateSummary,
    bring,
    fold,
    log_extent,
    page_url,
    summary_of_shop,
    summary_of_worker,
)
from streams.shop.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    check,
    differing,
    packed,
    read,
    resealed,
    restored,
)
from streams.shop.format.meaning import Differing, in_words
from streams.shop.shop import Shop

NAME = click.argument("name", metavar="[FILE]", default=STORE)
MADE_BY = "goeswith checkpoint save"
FORCE = click.option("--force", is_flag=True, help="Replace whatever is there, ours or not.")


@click.group()
def checkpoint() -> None:
    """Save, load, inspect and compare checkpoints of the shop."""


checkpoint.add_command(list_)
checkpoint.add_command(restore)


def kept_in(settings: Settings, name: str) -> Store:
    """The store of a name: of the settings, or a file; raises `Misconfigured`."""
    store = open_store(settings) if name == STORE else FileStore(Path(name))
    if store is None:
        raise Misconfigured(
            "no place for checkpoints: set GOESWITH_CHECKPOINT_URL (kafka:, file:///…, s3://… or "
            "redis://…), here and for the workers"
        )
    return store


def found_in(settings: Settings, name: str) -> tuple[Checkpoint, bytes]:
    """The checkpoint of a name; raises `CheckpointRefused`, also when there is none.

    And `Misconfigured` where no checkpoint can have been kept aside under that name.
    """
    place, colon, aside = name.partition(":") if name.startswith(f"{STORE}:") else (name, "", "")
    if colon and not is_kept_name(aside) and not number_in(aside):
        raise Misconfigured(
            f"{name!r} names no checkpoint that was kept aside: `goeswith checkpoint inspect` "
            "lists their names, such as settings-1f0c3a5e7b92"
        )
    store = kept_in(settings, place)
    data = store.read(aside)
    if store.warning:
        click.echo(printable(store.warning, chars_max=SAID_CHARS_MAX), err=True)
    if data is None:
        where = store.place(aside) if aside else store.where
        raise CheckpointRefused(f"there is no checkpoint in {where}", "gone")
    return read(data), data


checkpoint.add_command(adopt_command(found_in, kept_in))
checkpoint.add_command(delete_command(kept_in))


@checkpoint.command()
@with_settings("bootstrap", "prefix", "redis")
@click.argument("name", metavar="[FILE]", default=STORE)
@click.option("--fresh", is_flag=True, help="Fold the whole log, not what came since the last.")
@FORCE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def save(settings: Settings, name: str, fresh: bool, force: bool, as_json: bool) -> None:
    """Fold the log up to now, and keep a checkpoint of it.

    In FILE, or where workers look. No worker is needed, or disturbed. It begins with the last
    checkpoint, where that is to be trusted; of one that was made under other settings it takes what
    still fits. One that knows more, or is not ours, is never replaced, unless --force is given; one
    made under other settings is kept aside.
    """
    store = kept_in(settings, name)
    store.check_writable()
    with open_reader(settings, settings.topics.events) as reader:
        now_ms = int(time.time() * 1000)
        shop = (None if fresh else _last(settings, reader, now_ms)) or Shop(settings)
        log = log_extent(settings, reader, now_ms)
        events = fold(shop, reader, log.ends)
    named = {"cluster": log.cluster, "topic_id": log.topic_id}
    header, data = packed(shop, **named, now_ms=now_ms, made_by=MADE_BY)
    written = store.write(header, data, force=force)
    report = {**described(header, len(data)), "folded": events, "written": written}
    _tell(report, as_json, f"{events:,} events folded; {_kept(written)} in {store.where}")


def _last(settings: Settings, reader: Any, now_ms: int) -> Shop | None:
    """The shop of the last checkpoint, or a word why not."""
    try:
        found, _ = found_in(settings, STORE)
        log = log_extent(settings, reader, min(now_ms, found.header.made_at_ms))
        if other := differing(found.header, settings, log):
            return _adopted(settings, found, other, reader)
        return restored(found, settings)
    except GoeswithError as error:
        said = printable(str(error), chars_max=SAID_CHARS_MAX)
        click.echo(f"from the beginning of the log: {said}", err=True)
        return None


def _adopted(settings: Settings, found: Checkpoint, other: Differing, reader: LogReader) -> Shop:
    """The shop of a checkpoint of other settings, part by part, which is said."""
    shop, fates = adopted(found, settings, other, lambda: nullcontext(reader))
    for name, why in fates.items():
        click.echo(printable(f"{name}: {why}", SAID_CHARS_MAX), err=True)
    return shop


@checkpoint.command()
@with_settings("bootstrap", "prefix", "redis")
@click.argument("source", metavar="FILE")
@click.argument("target", metavar="[FILE]", default=STORE)
@FORCE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def load(settings: Settings, source: str, target: str, force: bool, as_json: bool) -> None:
    """Put a checkpoint where workers look when they start.

    One that is there, and knows more, is kept aside; what is not ours stays, unless --force is
    given. What is sealed with an older key, or not at all, is sealed with the first one of today.
    `store` as the first name and a FILE as the second one copies the other way;
    `store:NAME` is one that was kept aside (see `inspect`). A worker that runs replaces it with its
    own before long: stop the workers first, to go back in time.
    """
    found, data = found_in(settings, source)
    store = kept_in(settings, target)
    header, data = resealed(found, data, settings)
    store.write(header, data, back=True, force=force)
    words = f"kept in {store.where}{_how_used(header, settings)}"
    _tell(described(header, len(data)), as_json, printable(words, SAID_CHARS_MAX))
    if target == STORE:
        warn_of_workers(settings)


def _how_used(header: CheckpointHeader, settings: Settings) -> str:
    """What workers of these settings will do with it, if that is to be said."""
    try:
        other = differing(header, settings)
    except CheckpointRefused as refused:
        return f"; workers of these settings do not use it: {refused}"
    return f"; workers take what fits of it, part by part: {in_words(other)}" if other else ""


@checkpoint.command()
@with_settings("bootstrap", "prefix", "redis")
@NAME
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect(settings: Settings, name: str, as_json: bool) -> None:
    """Show what a checkpoint says of itself.

    And whether it could be used under the settings here, and which ones were kept aside.
    """
    kept = kept_in(settings, STORE if name.startswith(f"{STORE}:") else name).kept()
    try:
        found, data = found_in(settings, name)
    except CheckpointRefused as refused:
        names = ", ".join(one.name for one in kept) or "nothing"
        raise CheckpointRefused(f"{refused}; kept aside: {names}", refused.reason) from refused
    aside = [{"name": one.name, "events": one.known and one.known.events} for one in kept]
    report = {**described(found.header, len(data)), "kept": aside}
    try:
        check(found.header, settings)
        report["refused"] = None
    except CheckpointRefused as error:
        fits = error.reason == "settings"
        report["refused"] = f"{error}. What fits of it is used" if fits else str(error)
    if as_json:
        click.echo(json.dumps(report))
        return
    show(table(found.header))
    click.echo(in_one_line(report))
    if report["refused"]:
        why = printable(report["refused"], chars_max=SAID_CHARS_MAX)
        click.echo(f"not to be used here as it is: {why}")
    for one in report["kept"]:
        events = "an unknown number of" if one["events"] is None else f"{one['events']:,}"
        click.echo(f"kept aside: {printable(one['name'])}, {events} events")


@checkpoint.command()
@with_settings("bootstrap", "prefix", "redis")
@click.argument("one")
@click.argument("other", default=STORE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(settings: Settings, one: str, other: str, as_json: bool) -> None:
    """Name the parts in which two sides differ.

    Exit code 1 if there are any. Each side is a FILE, `store`, or the page of a worker that is
    alive (http://HOST:PORT). A checkpoint that stands behind the other side is first brought there,
    by folding the log. Parts that no fold gives, adopted from a checkpoint of other settings, are
    named, and not compared.
    """
    sides = [_summary_of(settings, name) for name in (one, other)]
    if sides[0].position != sides[1].position:
        sides = _level(settings, sides, (one, other))
    differ = sides[0].differing(sides[1])
    position = {str(partition): offset for partition, offset in sides[0].position.items()}
    apart = {**sides[1].adopted, **sides[0].adopted}
    report = {"same": not differ, "differ": differ, "adopted": apart, "position": position}
    words = [f"different: {', '.join(differ)}" if differ else "the same state"]
    words += sides[0].logs_apart(sides[1]) if differ else []
    words += [f"not compared, {name} was {why}" for name, why in sorted(apart.items())]
    _tell(report, as_json, "\n".join(printable(each, len(each)) for each in words))
    raise click.exceptions.Exit(1 if differ else 0)


def _summary_of(settings: Settings, name: str) -> StateSummary:
    if "://" in name:
        return summary_of_worker(page_url(settings, name) or name)
    return StateSummary.of(found_in(settings, name)[0].header)


def _level(
    settings: Settings, sides: list[StateSummary], names: tuple[str, str]
) -> list[StateSummary]:
    """The same two, the one behind brought to where the other one stands."""
    reach = [sum(side.position.values()) for side in sides]
    behind = reach.index(min(reach))
    if "://" in names[behind]:
        late = f"{names[behind]} is behind the checkpoint: wait until it has caught up"
        raise GoeswithError(late)
    found, _ = found_in(settings, names[behind])
    check(found.header, settings)
    shop = restored(found, settings)
    with open_reader(settings, settings.topics.events) as reader:
        bring(shop, reader, sides[1 - behind].position)
    sides[behind] = summary_of_shop(shop)
    return sides


def _kept(written: bool) -> str:
    return "kept" if written else "NOT kept, a further checkpoint is"


def _tell(report: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(report) if as_json else words)
