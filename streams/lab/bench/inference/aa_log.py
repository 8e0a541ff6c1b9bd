"""The same shops through the report's own fold: outcomes, a log that forgets, and `--keep`.

Each look reads on from the file that the one before it has kept, as `goeswith uplift --keep` does,
on a log of which only the last days are left. It is slow, and so it is for a small shop: what it
sums has to be, number by number, what the arrays of `streams.lab.bench.inference.aa_shops` say.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from streams.clients.log_reader import Offsets, Partition, RawRecord
from streams.contract.published.outcomes import AnyOutcome, Assigned, Ordered, OutcomeLine, Returned
from streams.contract.settings import Settings
from streams.experiments.uplift import kept_units
from streams.experiments.uplift.command import Looked, findings, read_on
from streams.experiments.uplift.figures import compared, metrics, money, rows
from streams.experiments.uplift.tables import Findings, sentence
from streams.experiments.uplift.units import Units
from streams.lab.bench.inference.aa_shops import METRICS, Course, judged, sums_by_look

TOPIC = "outcomes"
START_MS = 1_767_225_600_000
DAY_MS = 86_400_000
EXPERIMENT = "aa-00000000"


class ForgettingLog:
    """A topic of one partition that keeps its last days."""

    def __init__(self, days: int) -> None:
        self.partitions = [Partition(TOPIC, 0)]
        self._days = days
        self._begin = 0
        self._records: list[RawRecord] = []

    def append(self, at_ms: int, records: Iterable[AnyOutcome]) -> None:
        """Write records now, and forget what is older than it keeps."""
        (here,) = self.partitions
        for record in records:
            offset = self._begin + len(self._records)
            self._records.append(RawRecord(here, offset, at_ms, None, record.to_json(), []))
        fresh = [r for r in self._records if r.timestamp_ms > at_ms - self._days * DAY_MS]
        self._begin += len(self._records) - len(fresh)
        self._records = fresh

    def begins(self) -> Mapping[Partition, int]:
        """What it still holds."""
        return dict.fromkeys(self.partitions, self._begin)

    def ends(self) -> Mapping[Partition, int]:
        """All of it."""
        return dict.fromkeys(self.partitions, self._begin + len(self._records))

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """Its records."""
        (here,) = self.partitions
        return (r for r in self._records if begins[here] <= r.offset < ends[here])


def published(one: Course, look: int) -> Iterator[AnyOutcome]:
    """What a shop publishes between the look before and this one."""
    at_ms = START_MS + look * DAY_MS
    for unit in (one.came == look).nonzero()[0].tolist():
        before = int(one.before[unit])
        yield Assigned(**_said(one, unit, at_ms), share=one.shop.share, orders_before=before)
    for order in (one.at == look).nonzero()[0].tolist():
        pieces, price = int(one.pieces[order]), int(one.price[order])
        line = OutcomeLine(item_id="jam", quantity=pieces, value_minor=pieces * price)
        yield Ordered(**_of_order(one, order, at_ms), items=1, quantity=pieces, lines=(line,))
    for order in ((one.back_at == look) & (one.back > 0)).nonzero()[0].tolist():
        pieces = -int(one.back[order])
        line = OutcomeLine(item_id="jam", quantity=pieces)
        yield Returned(**_of_order(one, order, at_ms + 1), items=1, quantity=pieces, lines=(line,))


def _said(one: Course, unit: int, at_ms: int) -> dict[str, object]:
    return {
        "session_id": f"session-{unit}",
        "unit": f"{unit}",
        "experiment": EXPERIMENT,
        "holdout": bool(one.held[unit]),
        "caused_by": f"event-{at_ms}",
        "occurred_at_ms": at_ms,
    }


def _of_order(one: Course, order: int, at_ms: int) -> dict[str, object]:
    said = _said(one, int(one.of[order]), at_ms)
    return said | {"order_id": f"order-{order}", "caused_by": f"order-{order} at {at_ms}"}


def looks_through_the_fold(one: Course, keeps_days: int, path: Path | None) -> Iterator[Findings]:
    """What the command finds at each look; with a path it keeps, as by `--keep`."""
    log = ForgettingLog(keeps_days)
    for look in range(one.shop.looks):
        log.append(START_MS + look * DAY_MS, published(one, look))
        kept = kept_units.read(path, TOPIC) if path else None
        looked = read_on(log, kept)
        if path:
            kept_units.write(path, TOPIC, looked.kept)
        yield _found(looked)


def differing_looks(one: Course, keeps_days: int, path: Path) -> int:
    """At how many looks the fold says anything else than the arrays do."""
    arrays = [list(judged(*sums_by_look(one, metric))) for metric in METRICS]
    off = 0
    for look, found in enumerate(looks_through_the_fold(one, keeps_days, path)):
        if found.totals is None or found.log_begins_ms is not None:
            off += 1
            continue
        by = metrics(found.totals)
        wanted = {"orders": by["orders"], "items": by["items bought"], **money(found.totals)}
        folded = [row.uplift for row in compared(found.totals, wanted)]
        off += folded != [metric[look] for metric in arrays][: len(folded)]
    return off


def _found(looked: Looked) -> Findings:
    """No experiment of the settings: the log's own is reported, from its beginning."""
    return findings(Settings(holdout_share=0.0), looked)


def verdicts(shops: Iterable[Course]) -> int:
    """In how many shops the report gives bounds, or a verdict."""
    wrong = 0
    for one in shops:
        units = Units()
        for look in range(one.shop.looks):
            for record in published(one, look):
                units.add(record)
        found = _found(Looked(kept_units.KeptUnits(units, {}), 0))
        if found.totals is None:
            continue
        measured = rows(found.totals)
        said = "too early" in sentence(found, measured)
        wrong += not said or any(row.uplift is not None for row in measured)
    return wrong
