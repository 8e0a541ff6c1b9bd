"""`goeswith uplift`: what prompts are worth, from the outcomes topic."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, get_args

import click
from pydantic import ValidationError

from streams.cli.live import show
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import printable
from streams.cli.progress import progressed_between
from streams.clients.log_reader import Offsets, Partition, RawRecord, open_reader
from streams.contract.errors import Misconfigured
from streams.contract.published.outcomes import ANY_OUTCOME
from streams.contract.settings import Settings
from streams.contract.wire.numbers import YEAR_9999_MS, foretold
from streams.experiments.declared.reading import read_register
from streams.experiments.declared.register import Register
from streams.experiments.evidence.log_beginning import LogBeginning
from streams.experiments.table_files import UPLIFT, save_option, with_unit, write_table
from streams.experiments.uplift.groups import By
from streams.experiments.uplift.kept_units import KeptUnits, read, starts, write
from streams.experiments.uplift.tables import Findings, as_values, report
from streams.experiments.uplift.units import Units
from streams.shop.people.assignment import Experiment

EFFECT_PERCENT = 5.0
UNKNOWN_MS = 86_400_000


class Log(Protocol):
    """What is read of a topic: see `streams.clients.log_reader.LogReader`."""

    @property
    def partitions(self) -> Sequence[Partition]:
        """Those of the topic."""
        ...

    def begins(self) -> Mapping[Partition, int]:
        """The first offset that each still holds."""
        ...

    def ends(self) -> Mapping[Partition, int]:
        """The offset up to which each can be read."""
        ...

    def between(self, begins: Offsets, ends: Offsets) -> Iterable[RawRecord]:
        """What they hold in between."""
        ...


class Looked(NamedTuple):
    """What was read."""

    kept: KeptUnits
    unreadable: int


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--experiment", metavar="NAME", help="Which one; otherwise the one begun last.")
@click.option(
    "--effect",
    type=FiniteRange(min=0.01, max=1000),
    default=EFFECT_PERCENT,
    show_default=True,
    metavar="PERCENT",
    help="The effect of interest, of what the held out do: how many days it takes to see it.",
)
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read on from what FILE has, and keep there what was read: the topic forgets.",
)
@click.option(
    "--by",
    type=click.Choice(get_args(By)),
    help="Orders and money group by group, too, by what a unit asked first.",
)
@save_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def uplift(
    settings: Settings,
    experiment: str | None,
    effect: float,
    keep: Path | None,
    by: By | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Uplift: what prompts are worth; units that may get them against the holdout.

    Reads all that the outcomes topic holds: who was assigned, ordered and sent back what. The sides
    are those that were logged. A unit is a visitor, or a session without one. The bounds hold
    whenever and however often one looks; prompts earn something when they exclude 0.

    The share that is held out is compared with the planned one: an ALARM means that something but
    the draw decides who is held out, and that nothing else here is to be trusted. So does an alarm
    that those held out were shown prompts. Either makes the exit code 1.

    Where the log no longer reaches back to the experiment's start, there is no verdict: --keep FILE
    keeps the units from the first look on, and makes the next one quick.

    What units had ordered before they were assigned explains some of the noise, which is taken off
    the difference, its bounds and p (CUPED); either side is shown as it was. There is no per cent
    where what the held out do is nothing, or not told apart from it. Of an experiment that was
    declared (`goeswith experiment`) figures are from its start on. --by segment tells orders,
    revenue and margin of a unit group by group, with bounds that hold together.

    --json prints `experiment`, `since_ms`, `held_out` and `prompted` (how many), `planned_share`,
    `observed_share`, `sample_ratio_p`, `sample_ratio_alarm`, `held_out_shown` (held out, and yet
    shown a prompt), `held_out_shown_alarm`, `crossovers` (shoppers on both sides), `crossed_units`,
    `both_sides_alarm`, `orders_left_out` (of units whose assignment is gone), `units_before`
    (assigned before the start, left out), `orders_outside` (of units assigned before the start or
    after the end),
    `orders_of_nobody` (of sessions that never asked or asked too late, and of nobody who had been
    assigned by then, as far as the log remembers),
    `currencies_left_out` (with their orders: of more than 200 currencies those of the fewest),
    `log_begins_ms` (if what was before is gone), `power` (`visible`, `effect`, `days_needed`),
    `others` (experiments), `unmatched` (returns), `left_out`, `unreadable`, `explained` (`units`
    that had ordered before, the `part` of the variance that this explains), with --by `groups`,
    and `metrics`: of each
    `metric` what one of either side does (`control`, `treated`), the `difference`, its `low` and
    `high`, `p`, `relative` (null: no per cent), and whether the difference is `adjusted` by what
    was before; none of these when a side has fewer than 30 units, or all of both sides did the
    same. Money is in minor units.
    """
    looked = look(settings, keep, quiet=as_json)
    declared = read_register(settings)
    now_ms = int(time.time() * 1000)
    found = findings(settings, looked, experiment, effect / 100.0, declared, now_ms)
    found = found._replace(by=by)
    if save is not None:
        write_table(save, [with_unit(row) for row in as_values(found)["metrics"]], UPLIFT)
    if as_json:
        click.echo(json.dumps(as_values(found)))
    else:
        show(report(found))
    raise click.exceptions.Exit(1 if found.alarmed else 0)


def look(settings: Settings, keep: Path | None = None, *, quiet: bool = True) -> Looked:
    """Fold what the outcomes topic holds, on top of what was kept, and keep it."""
    topic = settings.topics.outcomes
    kept = read(keep, topic) if keep else None
    with open_reader(settings, topic) as reader:
        looked = read_on(reader, kept, quiet=quiet)
    if keep:
        write(keep, topic, looked.kept)
    return looked


def findings(
    settings: Settings,
    looked: Looked,
    experiment: str | None = None,
    effect: float = 0.05,
    declared: Register | None = None,
    now_ms: int = YEAR_9999_MS,
) -> Findings:
    """What there is to tell of an experiment. Raises `Misconfigured` for one that is not there.

    What was declared counts from its start on, if that has come by `now_ms`.
    """
    units = looked.kept.units
    counted = units.unmatched(), units.left_out, looked.unreadable
    seen = units.experiments()
    if not seen and not experiment:
        emptied = 0 if looked.kept.begins_ms == 0 else None
        return Findings(None, (), emptied, effect, *counted)
    chosen = _chosen(units, experiment)
    start_ms, begins_ms = _start_ms(settings, chosen), looked.kept.begins_ms
    known_ms = next((one.known_ms for one in seen if one.id == chosen), 0)
    reaches = begins_ms is None or begins_ms <= start_ms
    if declared is not None and (asked_ms := declared.start_of(chosen, now_ms)):
        # a later start alone does not do: whose assignment is forgotten comes back as a new unit
        reaches = reaches or (begins_ms is not None and began_within(known_ms, begins_ms))
        start_ms = max(start_ms, asked_ms)
    return Findings(
        units.totals(chosen, start_ms),
        [one for one in seen if one.id != chosen],
        None if reaches else begins_ms,
        effect,
        *counted,
    )


def began_within(known_ms: int, begins_ms: int) -> bool:
    """Whether a holdout began after the log does: a day of it knows nothing of anybody there.

    Units that were assigned before come back as new ones, soon after the log begins.
    """
    return known_ms - begins_ms >= UNKNOWN_MS


def read_on(reader: Log, kept: KeptUnits | None, *, quiet: bool = True) -> Looked:
    """Fold what a log holds, on top of what was kept."""
    ends = reader.ends()
    there = reader.begins()
    begins = starts(kept, there, ends)
    units, begins_ms = (Units(), None) if kept is None else (kept.units, kept.begins_ms)
    known = {} if kept is None else kept.next
    beginning = LogBeginning(begins_ms)
    beginning.look(there, {at: known.get(at.number, 0) for at in there}, ends)
    what = "" if quiet else f"reading {reader.partitions[0].topic}"
    records = progressed_between(reader.between, begins, ends, what, quiet=quiet)
    unreadable = 0
    for record in records:
        beginning.read(record)
        try:
            outcome = ANY_OUTCOME.validate_json(record.value or b"")
        except ValidationError:
            unreadable += 1
            continue
        if foretold(outcome.occurred_at_ms, record.timestamp_ms):
            unreadable += 1
        else:
            units.add(outcome, record.timestamp_ms)
    following = {at.number: max(end, begins[at]) for at, end in ends.items()}
    return Looked(KeptUnits(units, following, beginning.at_ms), unreadable)


def _chosen(units: Units, asked: str | None) -> str:
    """The id of the experiment that was asked for, by id or by name; else the latest."""
    there = [one.id for one in units.experiments()]
    if asked is None:
        return there[-1]
    named = [one for one in there if asked in (one, one.rpartition("-")[0])]
    if not named:
        raise Misconfigured(
            f"--experiment {printable(asked)}: no such experiment; the log has "
            f"{', '.join(map(printable, there)) or 'none'}"
        )
    return named[-1]


def _start_ms(settings: Settings, chosen: str) -> int:
    """The declared start, where it is the experiment of the settings; else the first we know of."""
    ours = Experiment.of(settings)
    return ours.start_ms if ours is not None and ours.id == chosen else 0
