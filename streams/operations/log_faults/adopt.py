"""`goeswith checkpoint adopt`: what is known goes along to another log."""

import json
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

import click

from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.clients.checkpoints.adoption import Adopted
from streams.clients.checkpoints.adoption import adopted as by_parts
from streams.clients.checkpoints.rules import fingerprint
from streams.clients.checkpoints.store import Store
from streams.clients.log_reader import open_reader
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.settings import Settings
from streams.operations.log_faults.adoption import LEARN, Adoption, Learn, adoption, taken_over
from streams.operations.rebuild import log_extent
from streams.shop.checkpoint import (
    OTHER_LOG,
    Checkpoint,
    CheckpointHeader,
    LogExtent,
    differing,
    packed,
    read,
    restored,
)
from streams.shop.format.meaning import in_words

MADE_BY = "goeswith checkpoint adopt"
STORE = "store"
SAID_CHARS_MAX = 1_000
Find = Callable[[Settings, str], tuple[Checkpoint, bytes]]
Open = Callable[[Settings, str], Store]


def adopt_command(find: Find, store_of: Open) -> click.Command:
    """The command; `find` gives the checkpoint of a name, `store_of` the place that it is in."""

    @click.command()
    @with_settings("bootstrap", "prefix", "redis")
    @click.argument("name", metavar="[FILE]", default=STORE)
    @click.option(
        "--learn",
        type=click.Choice(LEARN),
        help="What of the log is new, and is folded on top: `all` that it holds, what came "
        "`later` than the checkpoint, or `nothing` up to now.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def adopt(settings: Settings, name: str, learn: Learn | None, as_json: bool) -> None:
        """Take a checkpoint over to the log as it is: what is learned stays.

        For a topic that was made anew, has lost its end or got partitions, another cluster, a
        mirror. The checkpoint is FILE, or the one where workers look; the new one goes where
        workers look, and the one before is kept aside. Of one that was made under other settings
        what fits is taken over. Workers that wait for it go on by themselves.
        """
        found, data = find(settings, name)
        adopted, fates = take_over(found, data, settings, learn, lambda: store_of(settings, STORE))
        report = {
            "adopted": adopted.is_needed,
            "events": found.header.events,
            "position": {str(number): offset for number, offset in adopted.position.items()},
            "sessions_kept": adopted.keeps_sessions,
            "fates": dict(fates),
        }
        click.echo(json.dumps(report) if as_json else _in_words(report, fates, settings))

    return adopt


def take_over(
    found: Checkpoint,
    data: bytes,
    settings: Settings,
    learn: Learn | None,
    store: Callable[[], Store],
) -> tuple[Adoption, Mapping[str, str]]:
    """Take a checkpoint over to the log of the settings, where workers look.

    What became of it, and of its parts. Raises as `adoption` and `put` do.
    """
    log, adopted = _planned(settings, found.header, learn)
    if not adopted.is_needed:
        return adopted, {}
    known, fates = known_of(found, settings, partitions=len(log.ends))
    shop = taken_over(known, adopted, found.header.events)
    named = {"cluster": log.cluster, "topic_id": log.topic_id}
    header, fresh = packed(shop, **named, now_ms=int(time.time() * 1000), made_by=MADE_BY)
    put(store(), header, fresh, taken=data)
    return adopted, fates


def put(store: Store, header: CheckpointHeader, fresh: bytes, taken: bytes) -> None:
    """Put what was made of the checkpoint `taken` where workers look.

    What is there is kept aside if it is that one, or ours: it may know what a file does not.
    """
    store.check_writable()
    aside = {fingerprint(taken)} | _ours(store, header)
    store.write(header, fresh, refused=dict.fromkeys(aside, OTHER_LOG), back=True)


def _ours(store: Store, header: CheckpointHeader) -> set[str]:
    """The fingerprint of what is there, if it is of the same topic and cluster."""
    try:
        if (there := store.read()) is None:
            return set()
        theirs = read(there).header
    except CheckpointRefused:  # damaged, or not ours: the rules for writing know what to do
        return set()
    ours = (theirs.cluster, theirs.topic) == (header.cluster, header.topic)
    return {fingerprint(there)} if ours else set()


def _planned(
    settings: Settings, header: CheckpointHeader, learn: Learn | None
) -> tuple[LogExtent, Adoption]:
    """The log as it is, and what becomes of a checkpoint there."""
    topic = settings.topics.events
    with open_reader(settings, topic) as reader:
        log = log_extent(settings, reader, header.made_at_ms)
        later = {at.number: offset for at, offset in reader.since(header.made_at_ms).items()}
    return log, adoption(header, topic, log, later, learn)


def known_of(found: Checkpoint, settings: Settings, partitions: int) -> Adopted:
    """What is known, as a shop; part by part, where it was made under other settings.

    `partitions` is how many the log has. What is new to these settings begins with nothing. Raises
    `CheckpointRefused` when it is not as many as the settings say, and when sessions do not fit.
    """
    taken = {"topic": settings.topics.events, "partitions": partitions}
    other = differing(found.header.model_copy(update=taken), settings)
    if "partitions" in other:
        raise CheckpointRefused(f"it was made under other settings: {in_words(other)}", "settings")
    if not other:
        return Adopted(restored(found, settings), {})
    return by_parts(found, settings, other, _no_log)


def _no_log() -> NoReturn:
    raise GoeswithError("what it was learned from is in another log")


def _in_words(report: dict[str, object], fates: Mapping[str, str], settings: Settings) -> str:
    """The report for people."""
    topic = settings.topics.events
    if not report["adopted"]:
        return f"nothing to do: the checkpoint is of {topic} as it is"
    left = "" if report["sessions_kept"] else "; sessions stay behind: their partitions are others"
    said = [f"{report['events']:,} events that are known go along to {topic}{left}"]
    said += [printable(f"{part}: {what}", SAID_CHARS_MAX) for part, what in fates.items()]
    return "\n".join(said)
