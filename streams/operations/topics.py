"""Makes the topics as `streams/contract/topics.py` declares them, and says where they differ.

Creating is safe to repeat: what is there is left as it is. Nothing is altered by the way: a topic
that has another shape than declared is reported (`TopicsWrong`), because only its owner knows
whether the declaration or the topic is right, and a changed number of partitions tears sessions
apart: `repartition` alone does that, in steps (`streams.operations.log_faults.repartition`).
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import click
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType

from streams.cli.live import say, show
from streams.cli.options import with_settings
from streams.cli.tables import Listing
from streams.clients.checkpoints.store import checkpoints_at
from streams.clients.connection.refusals import refusal
from streams.clients.connection.topics.declared import NO_TOPIC, TopicOnBroker, differences
from streams.clients.connection.topics.findings import (
    Finding,
    PartitionSeen,
    TopicSeen,
    TopicsSeen,
)
from streams.clients.connection.topics.judge import judged
from streams.clients.log_reader import Partition, committed_offsets, open_reader
from streams.clients.sync_kafka import (
    fewest_replicas,
    make_topics,
    open_admin,
    partition_counts,
)
from streams.contract.errors import GoeswithError, NotAuthorized, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import BROKER_TIME, Topic
from streams.operations.log_faults.repartition import repartition_command

UNDECLARED = ("unwritable", "kept_by_size", "commit_ahead", "commit_lost")
"""Kinds of findings that are no difference from what is declared."""


def check_topics(settings: Settings) -> bool:
    """Whether their configuration could be seen too; raises `TopicsWrong` with all differences."""
    with open_admin(settings) as admin:
        return _check(settings, admin)


def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing, optional ones too, and say which; checks them then."""
    declared = settings.topics.all(checkpoints_at(settings))
    with open_admin(settings) as admin:
        there = partition_counts(admin, declared)
        missing = {name: topic for name, topic in declared.items() if name not in there}
        if missing:
            _create(settings, admin, missing)
        _check(settings, admin)
    return list(missing)


def retention_ms(settings: Settings, admin: Any) -> dict[str, int | None]:
    """How long each of our topics keeps its records, in ms; None: for ever.

    As the broker says; where it says nothing, as we declare.
    """
    declared = settings.topics.declared()
    there = _found(admin, list(declared))
    kept = {}
    for name, topic in declared.items():
        seen = (there.get(name) or NO_TOPIC).config or topic.config
        kept_ms = int(seen.get("retention.ms", topic.config["retention.ms"]))
        kept[name] = kept_ms if kept_ms >= 0 else None
    return kept


def _create(settings: Settings, admin: Any, missing: Mapping[str, Topic]) -> None:
    """Make topics; raises a `GoeswithError` for the first that Kafka did not make."""
    try:
        failed = make_topics(admin, missing, settings)
    except errors.UnknownBrokerIdError:
        raise GoeswithError(
            "this broker creates no topics (the embedded one makes its own): "
            f"{', '.join(missing)} would be missing"
        ) from None
    for name, error, why in failed:
        raise refusal(error, settings) or GoeswithError(f"Kafka did not create {name}: {why}")


def _check(settings: Settings, admin: Any) -> bool:
    declared = settings.topics.declared(checkpoints_at(settings)) | _optional(settings, admin)
    found = _found(admin, list(declared))
    events, where = settings.topics.events, settings.kafka_bootstrap
    if settings.create_time_allowed and (config := (found.get(events) or NO_TOPIC).config):
        config |= BROKER_TIME  # as good as that, then
    if wrong := differences(declared, found, settings):
        raise TopicsWrong(f"topics at {where}", [one.in_lines() for one in wrong])
    return all(topic.config is not None for topic in found.values())


def _optional(settings: Settings, admin: Any) -> dict[str, Topic]:
    """The topics that an installation may do without, as far as they are there and may be seen."""
    declared = settings.topics.reference()
    try:
        return {name: declared[name] for name in partition_counts(admin, declared)}
    except errors.TopicAuthorizationFailedError:
        return {}


def _found(admin: Any, names: list[str]) -> dict[str, TopicOnBroker]:
    """The topics that exist, as the broker has them."""
    counts = partition_counts(admin, names)
    configs = _configs(admin, list(counts)) if counts else {}
    return {name: TopicOnBroker(count, configs.get(name)) for name, count in counts.items()}


def _configs(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    """The topics' configuration; nothing where the broker does not say, or not to us."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    try:
        answer = admin.describe_configs(asked, config_filter="all")
    except (
        errors.AuthorizationError,
        errors.KafkaConnectionError,  # how the embedded broker says that it cannot
        errors.UnsupportedVersionError,
    ):
        return {}
    return {
        name: {key: entry["value"] for key, entry in entries.items()}
        for name, entries in answer["topic"].items()
    }


@click.group()
def topics() -> None:
    """Create, check, list and repartition the topics."""


topics.add_command(repartition_command(create_topics))


@topics.command()
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(settings: Settings, as_json: bool) -> None:
    """Create the topics that are missing; what is there is left as it is."""
    created = create_topics(settings)
    if as_json:
        click.echo(json.dumps({"created": created}))
        return
    for name in created:
        click.echo(f"created {name}")
    click.echo("all topics are there, and as declared")


@topics.command()
@with_settings("bootstrap", "prefix", "group")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(settings: Settings, as_json: bool) -> None:
    """Compare the topics with what is declared, and with what workers need.

    That is: whether something can be written, leaves by size, and whether the group has committed
    what the log holds. Exit code 2 when they differ, or one of these is an error.
    """
    seen = check_topics(settings)
    found = findings(settings)
    if errors := [one.in_lines() for one in found if one.level == "error"]:
        raise TopicsWrong(f"topics at {settings.kafka_bootstrap}", errors)
    if as_json:
        told = {"as_declared": True, "configuration_seen": seen}
        click.echo(json.dumps({**told, "findings": [one._asdict() for one in found]}))
        return
    unseen = "" if seen else " (as far as this broker says: it does not tell its configuration)"
    for one in found:
        say(f"warning: {one.in_lines()}")
    if absent := [row["name"] for row in list_topics(settings) if row["partitions"] is None]:
        say(f"not there, and not needed: {', '.join(absent)} (`goeswith topics create`)")
    say(f"all topics are there, and as declared{unseen}")


def findings(settings: Settings) -> list[Finding]:
    """What is wrong beside what is declared, by `judged`; commits as far as we may see them."""
    events = settings.topics.events
    with open_admin(settings) as admin, open_reader(settings, events) as reader:
        committed: Mapping[Partition, int | None] = {}
        with suppress(NotAuthorized):
            committed = committed_offsets(settings, admin, reader.partitions)
        begins, ends = reader.begins(), reader.ends()
        found = _found(admin, list(settings.topics.declared()))
        replicas = fewest_replicas(admin, found)
    topics = {
        name: TopicSeen(there.partitions, replicas[name], config=there.config or {})
        for name, there in found.items()
    }
    log = {
        at.number: PartitionSeen(begins[at], ends[at], committed.get(at))
        for at in reader.partitions
    }
    return [one for one in judged(TopicsSeen(topics, log), settings) if one.kind in UNDECLARED]


@topics.command("list")
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(settings: Settings, as_json: bool) -> None:
    """List our topics: key, partitions, records held, and what they hold."""
    rows = list_topics(settings)
    if as_json:
        click.echo(json.dumps({"topics": rows}))
        return
    show(topics_table(rows))


def topics_table(rows: Iterable[Mapping[str, Any]]) -> Listing:
    """The list for people."""
    listing = Listing("topic", "key", "partitions", "records", "holds", words=("key", "holds"))
    for row in rows:
        there = row["partitions"] is not None
        counts = (str(row["partitions"]), f"{row['records']:,}") if there else ("missing", "")
        listing.add(row["name"], row["key"], *counts, row["holds"])
    return listing


def list_topics(settings: Settings) -> list[dict[str, Any]]:
    """What is declared, and how much of it is there; None where a topic is missing."""
    declared = settings.topics.all(checkpoints_at(settings))
    with open_admin(settings) as admin:
        asked = declared.keys() - (settings.topics.reference().keys() - _optional(settings, admin))
        counts = partition_counts(admin, asked)
    held = dict.fromkeys(counts, 0)
    if counts:
        with open_reader(settings, *counts) as reader:
            begins, ends = reader.begins(), reader.ends()
        for at, end in ends.items():
            held[at.topic] += end - begins[at]
    return [
        {
            "name": name,
            "key": topic.key,
            "partitions": counts.get(name),
            "records": held.get(name),
            "holds": topic.holds,
        }
        for name, topic in declared.items()
    ]
