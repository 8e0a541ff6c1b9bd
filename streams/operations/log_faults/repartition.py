"""`goeswith topics repartition`: another number of partitions, and what is known goes along.

It looks, says each step, and does those that are to do only when it is told to, and none where
something is in the way (`streams.operations.log_faults.steps`).
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import click

from streams.cli.live import say
from streams.cli.options import read_settings, with_settings
from streams.cli.printable import printable
from streams.clients.checkpoints.store import Store, checkpoints_at, open_store
from streams.clients.log_reader import LogReader, open_reader
from streams.clients.sync_kafka import open_admin, partition_counts, widen_topics
from streams.contract.errors import (
    CheckpointRefused,
    GoeswithError,
    Misconfigured,
    NotAuthorized,
    TopicsWrong,
)
from streams.contract.settings import Settings
from streams.operations.lag.reading import read_lag
from streams.operations.log_faults.adopt import SAID_CHARS_MAX, take_over
from streams.operations.log_faults.adoption import Learn
from streams.operations.log_faults.steps import (
    Known,
    NewLog,
    Repartitioning,
    Step,
    declared_counts,
    narrow,
    of_new_log,
    of_reference,
    of_same_log,
    unread_here,
)
from streams.operations.rebuild import fold, log_extent
from streams.shop.checkpoint import Checkpoint, check, differing, packed, read, restored
from streams.shop.shop import Shop

MADE_BY = "goeswith topics repartition"
Make = Callable[[Settings], object]
PARTITIONS = click.option(
    "--partitions",
    type=click.IntRange(1, 1024),
    required=True,
    metavar="N",
    help="How many there are to be.",
)


def repartition_command(make: Make) -> click.Command:
    """The command; `make` creates the topics of settings that are missing."""

    @click.command()
    @with_settings("bootstrap", "prefix", "group")
    @PARTITIONS
    @click.option(
        "--to",
        metavar="NAME",
        help="Prefix of new topics. [default: the same topics, which get more partitions]",
    )
    @click.option("--apply", is_flag=True, help="Do it; else it is only said.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def repartition(
        settings: Settings, partitions: int, to: str | None, apply: bool, as_json: bool
    ) -> None:
        """Give the topics another number of partitions; what is known goes along.

        Each step is said, and done only with --apply: never while workers are in the group. To be
        repeated after an interruption. GOESWITH_PARTITIONS is what workers have until then. Exit
        code 1 where something is in the way.
        """
        move = Repartitioning(settings, _moved(settings, partitions, to))
        steps = look(move)
        doing = apply and not any(step.state == "in the way" for step in steps)
        if doing:
            do(move, steps, make)
            steps = look(move)
        if as_json:
            click.echo(json.dumps(_report(move, steps)))
        else:
            say(_in_words(move, steps, doing))
        raise click.exceptions.Exit(1 if _is_wrong(steps, doing) else 0)

    return repartition


def look(move: Repartitioning) -> list[Step]:
    """The steps as things are now; raises `TopicsWrong` where the settings are not of the topics.

    And `Misconfigured` where no checkpoints are kept, and so nothing can go along.
    """
    old = move.old
    with open_admin(old) as admin, open_reader(old, old.topics.events) as reader:
        lag = read_lag(old, admin, reader)
        counts = partition_counts(admin, declared_counts(move, checkpoints_at(move.new)))
        if move.same_log:
            return of_same_log(move, lag, counts, _known_for(old, reader))
        if (there := len(reader.partitions)) != old.partitions:
            raise TopicsWrong(
                f"{old.topics.events} has {there} partitions, and GOESWITH_PARTITIONS is "
                f"{old.partitions}: set it to what workers have had, until all is done"
            )
        known, left = _known(old, reader), _left_behind(move)
    steps = of_new_log(move, lag, known, _taken(move, counts), counts)
    return of_reference(move, left) + steps


def do(move: Repartitioning, steps: list[Step], make: Make) -> None:
    """Do what is to do, in this order; raises what fails."""
    todo = {step.name for step in steps if _is_open(step)}
    if "known" in todo:
        _keep_all(move.old)
    if "topics" in todo:
        with open_admin(move.new) as admin:
            there = partition_counts(admin, declared_counts(move, ""))
            if wider := narrow(move, there) if move.same_log else {}:
                widen_topics(admin, wider, move.new)
        make(move.new)
    if "knowledge" in todo:
        found, data = _found(store := _store(move.old))
        if found is None:
            raise CheckpointRefused(f"there is no checkpoint in {store.where} any more", "gone")
        learn: Learn | None = None if move.same_log else "all"
        take_over(found, data, move.new, learn, lambda: _store(move.new))


def _is_wrong(steps: list[Step], was_done: bool) -> bool:
    """Whether something is in the way, or was not done that should have been."""
    return any(one.state == "in the way" or (was_done and _is_open(one)) for one in steps)


def _is_open(step: Step) -> bool:
    return step.state == "to do"


def _moved(settings: Settings, partitions: int, to: str | None) -> Settings:
    """The settings of the new topics; raises `Misconfigured`."""
    return read_settings(
        kafka_bootstrap=settings.kafka_bootstrap,
        group_id=settings.group_id,
        topic_prefix=settings.topic_prefix if to is None else to,
        partitions=partitions,
    )


def _store(settings: Settings) -> Store:
    store = open_store(settings)
    if store is None:
        raise Misconfigured(
            "no place for checkpoints, so nothing can go along: set GOESWITH_CHECKPOINT_URL as "
            "workers have it (kafka:, file:///… or redis://…)"
        )
    return store


def _found(store: Store) -> tuple[Checkpoint | None, bytes]:
    """What is there; raises `CheckpointRefused` for what cannot be used."""
    data = store.read()
    return (None if data is None else read(data)), data or b""


def _known_for(settings: Settings, reader: LogReader) -> int | None:
    """Of how many partitions the checkpoint is; None: there is none.

    Raises `CheckpointRefused` for one of another log: somebody has to say what of this one is new.
    """
    store = open_store(settings)
    found = None if store is None else _found(store)[0]
    if found is None:
        return None
    differing(found.header, settings, log_extent(settings, reader, found.header.made_at_ms))
    return found.header.partitions


def _known(settings: Settings, reader: LogReader) -> Known:
    """The checkpoint beside the log."""
    store = _store(settings)
    try:
        found, _ = _found(store)
        if found is None:
            gone = sum(reader.begins().values())
            why = (
                f"there is no checkpoint in {store.where}, and {gone:,} offsets have left the log: "
                "`goeswith checkpoint load` one, or `save` what the log still holds"
            )
            return Known((), store.where, is_there=False, why_not=why if gone else "")
        check(found.header, settings, log_extent(settings, reader, found.header.made_at_ms))
    except CheckpointRefused as refused:
        return Known((), store.where, why_not=f"the checkpoint in {store.where}: {refused}")
    return Known(_behind(reader, found.header.position), store.where)


def _behind(reader: LogReader, position: Mapping[int, int]) -> list[int]:
    """The partitions on which a record follows a position; markers of transactions are none."""
    begins, ends = reader.begins(), reader.ends()
    since = {at: max(begins[at], position.get(at.number, 0)) for at in reader.partitions}
    waits = {at: offset for at, offset in since.items() if offset < ends[at]}
    none = {at for at, ms in reader.first_times_ms(waits, ends).items() if ms is None}
    return sorted(at.number for at in waits.keys() - none)


def _left_behind(move: Repartitioning) -> list[tuple[str, str]]:
    """The reference topics that hold records, and the new ones that hold none."""
    pairs = list(zip(move.old.topics.reference(), move.new.topics.reference(), strict=True))
    try:
        with open_admin(move.old) as admin:
            there = partition_counts(admin, [name for pair in pairs for name in pair])
    except NotAuthorized:
        return []  # an installation may do without them, and without rights to them
    if not there:
        return []
    with open_reader(move.old, *there) as reader:
        begins, ends = reader.begins(), reader.ends()
    holding = {at.topic for at in begins if begins[at] < ends[at]}
    return [(old, new) for old, new in pairs if old in holding and new not in holding]


def _taken(move: Repartitioning, counts: Mapping[str, int]) -> NewLog:
    """What is at the other end by now."""
    events = move.new.topics.events
    if events not in counts:
        return NewLog()
    with open_reader(move.new, events) as reader:
        begins = {at.number: offset for at, offset in reader.begins().items()}
        used = begins != {at.number: offset for at, offset in reader.ends().items()}
    header = None
    with suppress(CheckpointRefused):  # who writes there meets it, and says it
        found, _ = _found(_store(move.new))
        header = found and found.header
    if header is None or (header.topic, header.partitions) != (events, move.new.partitions):
        return NewLog(in_use=used)
    return NewLog(is_there=True, in_use=used or header.reach > sum(begins.values()))


def _keep_all(settings: Settings) -> None:
    """Fold the log to its end, on top of the checkpoint, and keep that."""
    store = _store(settings)
    store.check_writable()
    found, _ = _found(store)
    shop = Shop(settings) if found is None else restored(found, settings)
    with open_reader(settings, settings.topics.events) as reader:
        now_ms = int(time.time() * 1000)
        log = log_extent(settings, reader, now_ms)
        fold(shop, reader, log.ends)
    if shop.unknown_keys:
        raise GoeswithError(unread_here(shop.unknown_keys))
    named = {"cluster": log.cluster, "topic_id": log.topic_id}
    header, data = packed(shop, **named, now_ms=now_ms, made_by=MADE_BY)
    if not store.write(header, data):
        raise GoeswithError(f"a further checkpoint has come to {store.where}: who works there?")


def _report(move: Repartitioning, steps: list[Step]) -> dict[str, object]:
    """All of it as plain values."""
    return {
        "from": move.old.topics.events,
        "to": move.new.topics.events,
        "partitions": move.new.partitions,
        "steps": [step._asdict() for step in steps],
        "done": all(step.state == "done" for step in steps),
    }


def _in_words(move: Repartitioning, steps: list[Step], was_done: bool) -> str:
    """The steps for people, and what comes next."""
    lines = [printable(f"{step.state}: {step.name}: {step.said}", SAID_CHARS_MAX) for step in steps]
    if all(step.state == "done" for step in steps):
        named = f"GOESWITH_PARTITIONS={move.new.partitions}"
        if not move.same_log:
            named = f"GOESWITH_TOPIC_PREFIX={move.new.topic_prefix} {named}"
        senders = "" if move.same_log else "; point senders and readers there"
        lines.append(f"next: start workers with {named}{senders}")
    elif was_done:
        lines.append("something has come meanwhile: stop who sends, and run this again")
    elif any(step.state == "in the way" for step in steps):
        lines.append("nothing was changed: something is in the way")
    else:
        lines.append("nothing was changed: --apply does it")
    return "\n".join(lines)
