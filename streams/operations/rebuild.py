"""Rebuilds the state from the log, offline, and compares it with a worker that is alive.

The worker tells its position and its digests in one breath; the log is folded from its beginning to
that very position. Equal digests prove that neither the worker's crashes nor its checkpoints nor
the order in which it saw the partitions left a trace. They do not prove that it offers the same:
so the settings that must agree between workers are held against ours, and what differs is named.
Where retention has taken the beginning of the log, the worker may know more than the log: that is
said.
"""

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from streams.cli.options import with_settings
from streams.cli.printable import many
from streams.cli.progress import progressed_between
from streams.clients.connection.addresses import open_page
from streams.clients.log_reader import LogReader, Partition, RawRecord, open_reader
from streams.clients.sync_kafka import cluster_id, open_admin, topic_id
from streams.contract.errors import GoeswithError, InvalidEvent, Misconfigured
from streams.contract.events import Event, decode
from streams.contract.settings import Settings
from streams.shop.checkpoint import CLOCKS_MS_MAX, CheckpointHeader, LogExtent
from streams.shop.shared_settings import Told, differences, in_words, told, versions
from streams.shop.shop import Shop
from streams.shop.state import digest, left_out

PAGE_S_MAX = 120.0
"""A worker's page hashes all that it has folded: that may take a while."""
NO_PAGE = (OSError, HTTPException, KeyError, ValueError, TypeError, AttributeError)
"""What reading JSON from an address raises where no worker's page is."""


class StateSummary(NamedTuple):
    """A summary of a shop's state: the position, and the digests of what is folded by then."""

    position: dict[int, int]
    digests: dict[str, str]
    told: Told = MappingProxyType({})
    """What must agree (`streams.shop.shared_settings`); empty: the worker does not say."""
    adopted: Mapping[str, str] = MappingProxyType({})
    """The parts that no fold of the log gives, and why: they are not compared."""
    carried: int = 0
    """Events of logs before this one that it knows (`goeswith checkpoint adopt`), at least."""

    @classmethod
    def of(cls, header: CheckpointHeader) -> "StateSummary":
        """That of a checkpoint, by its header."""
        return cls(header.position, header.digests, adopted=header.adopted, carried=header.carried)

    @property
    def apart(self) -> str:
        """Why it cannot be compared with a fold of this log; empty: it can.

        >>> StateSummary({}, {}, carried=9).apart
        'not comparable: 9 events of logs before this one are in it'
        """
        if not self.carried:
            return ""
        are = many(self.carried, "events of logs", "event of logs")
        return f"not comparable: {are} before this one {'are' if self.carried > 1 else 'is'} in it"

    def differing(self, other: "StateSummary") -> list[str]:
        """The parts that are not the same on both sides, of those that are compared."""
        names = sorted((self.digests | other.digests).keys() - {*self.adopted, *other.adopted})
        return [name for name in names if self.digests.get(name) != other.digests.get(name)]

    def logs_apart(self, other: "StateSummary") -> list[str]:
        """That only one of them knows logs before this one, if it is so."""
        said = [side.apart for side in (self, other) if side.apart]
        return said if len(said) == 1 else []

    def settings_differing(self, worker: "StateSummary") -> list[str]:
        """The settings that must agree and do not, a sentence each."""
        found = differences(self.told, worker.told) if worker.told else []
        return [in_words(difference, "the worker") for difference in found]


def summary_of_worker(url: str) -> StateSummary:
    """What a worker's page says of its fold; raises `GoeswithError` when there is none."""
    address = f"{url.rstrip('/')}/state?digest"
    try:
        with open_page(address, PAGE_S_MAX) as page:
            said = json.load(page)
            position = {int(number): offset for number, offset in said["position"].items()}
            told, adopted = said.get("agreement", {}), said.get("adopted", {})
            carried = int(said.get("carried", 0))
            return StateSummary(position, dict(said["digests"]), told, dict(adopted), carried)
    except NO_PAGE as error:
        raise GoeswithError(
            f"no worker's page at {url} ({error!r}): is it running, and is GOESWITH_WEB_PORT, for "
            "it and for us, the port of its page?"
        ) from error


def summary_of_shop(shop: Shop) -> StateSummary:
    """The same of a shop in this process."""
    has = told(shop.settings, versions(shop.parts()))
    carried = max(0, -shop.skipped)
    return StateSummary(dict(shop.position), shop.digests(), has, shop.adopted, carried)


def log_extent(settings: Settings, reader: LogReader, since_ms: int) -> LogExtent:
    """The log now; `since_ms` is when a checkpoint of it was made."""
    with open_admin(settings) as admin:
        cluster, log_id = cluster_id(admin), topic_id(admin, settings.topics.events)
    younger: Mapping[Partition, int] = {}
    if not settings.kafka_api_version:  # the embedded broker does not look for times
        younger = reader.since(since_ms + CLOCKS_MS_MAX)
    begins, ends, younger_than = (
        {at.number: offset for at, offset in each.items()}
        for each in (reader.begins(), reader.ends(), younger)
    )
    return LogExtent(cluster, begins, ends, younger_than, log_id)


def fold(shop: Shop, reader: LogReader, ends: Mapping[int, int]) -> int:
    """Fold the log from where the shop stands up to these offsets; how many records that were.

    The shop then stands behind the last of them, as a worker does: what was aborted and markers of
    transactions move nobody until a record follows them.
    """
    upto = {at: ends.get(at.number, 0) for at in reader.partitions}
    for at, begin in reader.begins().items():
        shop.start(at.number, min(begin, upto[at]))
    begins = {at: shop.position.get(at.number, 0) for at in upto}
    folded = 0
    for record in progressed_between(reader.between, begins, upto, "folding"):
        fold_record(shop, record)
        folded += 1
    return folded


def bring(shop: Shop, reader: LogReader, position: Mapping[int, int]) -> int:
    """Fold the log up to where somebody else stands; how many records that were."""
    folded = fold(shop, reader, position)
    for number, offset in position.items():
        shop.start(number, offset)  # whoever saw the log when it began there has stepped over this
    return folded


def fold_record(shop: Shop, record: RawRecord) -> Event | None:
    """Fold a record, as a worker does; what is missing before it is not in the log.

    The event in it; None: it is none.
    """
    partition = record.at.number
    try:
        event = decode(
            record.key, record.value, timestamp_ms=record.timestamp_ms, settings=shop.settings
        )
    except InvalidEvent:
        event = None
    if shop.learn(partition, record.offset, event) == "gap":
        shop.start(partition, record.offset)
        shop.learn(partition, record.offset, event)
    return event


def page_url(settings: Settings, given: str | None) -> str | None:
    """Where the worker's page is; raises `Misconfigured` for what is no such address."""
    url = given or (settings.page_url if settings.web_port else None)
    if url is not None and not url.startswith(("http://", "https://")):
        raise Misconfigured(f"{url} is no address of a worker's page: http://HOST:PORT")
    return url


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--page", metavar="URL", help="The worker's page. [default: GOESWITH_WEB_PORT, here]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rebuild(settings: Settings, page: str | None, as_json: bool) -> None:
    """Rebuild the state from the log, and compare it with a worker that is alive.

    Without a worker's page it prints the digest of the log as it is now. Exit code 1 when the
    worker's digest is another one, or its settings are: those that differ are named. A worker that
    knows events of logs before this one (`goeswith checkpoint adopt`) is not compared.
    """
    url = page_url(settings, page)
    worker = summary_of_worker(url) if url else None
    began = time.monotonic()
    shop = Shop(settings)
    with open_reader(settings, settings.topics.events) as reader:
        log = log_extent(settings, reader, since_ms=0)
        ends = worker.position if worker else log.ends
        events = bring(shop, reader, ends) if worker else fold(shop, reader, ends)
    ours = summary_of_shop(shop)
    apart = worker.apart if worker else ""
    differing = worker.differing(ours) if worker and not apart else []
    settings_differing = ours.settings_differing(worker) if worker else []
    report = {
        "events": events,
        "seconds": round(time.monotonic() - began, 3),
        "position": {str(partition): offset for partition, offset in sorted(ours.position.items())},
        "digest": digest(ours.digests),
        "worker": digest(worker.digests) if worker else None,
        "same": None if worker is None or apart else not differing,
        "apart": apart,
        "differ": differing,
        "settings_differ": settings_differing,
        "left_out": left_out(shop.parts()),
        "adopted": dict(worker.adopted) if worker else {},
        "gone": sum(log.begins.values()),
    }
    click.echo(json.dumps(report) if as_json else _in_words(report))
    raise click.exceptions.Exit(1 if differing or settings_differing else 0)


def _in_words(report: Mapping[str, Any]) -> str:
    said = [f"{report['events']:,} events folded in {report['seconds']} s: {report['digest'][:16]}"]
    if report["gone"]:
        said.append(
            f"{many(report['gone'], 'events are', 'event is')} gone: a worker may know more"
        )
    if left := report["left_out"]:
        said.append(f"not compared, approximate or not commuting: {json.dumps(left)}")
    said += [f"not compared, {name} was {why}" for name, why in sorted(report["adopted"].items())]
    said += [f"SETTINGS DIFFER: {each}" for each in report["settings_differ"]]
    if report["apart"]:
        said.append(report["apart"])
    if report["same"] is not None:
        differ = ", ".join(report["differ"])
        said.append("the worker has the same state" if not differ else f"DIFFERENT: {differ}")
    return "\n".join(said)
