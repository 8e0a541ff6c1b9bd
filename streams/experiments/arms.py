"""Keeps a board of arms up to date from the outcomes topic, and shows it in a terminal."""

import json
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.text import Text

from streams.cli.live import EVERY_S_MAX, show, watched
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import many, printable
from streams.cli.progress import progressed_between
from streams.cli.tables import Listing
from streams.clients.log_reader import LogReader, Offsets, RawRecord, open_reader
from streams.contract.errors import Misconfigured
from streams.contract.published.outcomes import STAGES
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import AGAINST, ArmEstimates, sample_ratio_alarms
from streams.experiments.declared.reading import declared_start_ms
from streams.experiments.evidence.arm_tables import evidence_json, evidence_table
from streams.experiments.evidence.conclusion import RewardScale
from streams.experiments.evidence.log_beginning import LogBeginning
from streams.experiments.evidence.outcome_records import add_outcome
from streams.experiments.evidence.quiet_log import NowAndThen, quiet_time
from streams.experiments.evidence.so_far import SoFar
from streams.experiments.impressions import SETTLE_S, SWEEP_RECORDS, Trials
from streams.experiments.open_prompts import QuietTime
from streams.experiments.table_files import ARMS as ARM_COLUMNS
from streams.experiments.table_files import flat, save_option, write_table
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.views.arm_board import ARMS_MAX, NO_SUMS, ArmBoard, ArmRow, Sums


class BoardReader:
    """Keeps a board, and what is known of its arms, up to date from the outcomes topic."""

    def __init__(
        self,
        settings: Settings,
        reader: LogReader,
        since_ms: int | None,
        *,
        settle_s: float = SETTLE_S,
        against: str = AGAINST,
        with_progress: bool = False,
        quiet: Callable[[], QuietTime] = QuietTime,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet = NowAndThen(quiet, clock_s)
        self.board = ArmBoard()
        self.trials = Trials(settle_s * 1000, in_money=settings.reward == "net")
        self.so_far = SoFar(self.trials)
        self.scale = RewardScale.of(settings)
        self.evidence = ArmEstimates(settings.arm_floor, against)
        self._settings = settings
        self._reader = reader
        self._since_ms = since_ms
        self.with_progress = with_progress
        begins, ends = reader.begins(), reader.ends()
        self._next = begins if since_ms is None else reader.since(since_ms)
        self._beginning = LogBeginning()
        if since_ms is None:
            self._beginning.look(begins, {}, ends)
        else:
            self._beginning.look_since(begins, self._next, ends)

    def catch_up(self) -> ArmBoard:
        """Fold what has come since the last time; what is settled is evidence while it is read."""
        self.trials.quiet = self._quiet()
        ends = self._reader.ends()
        self._beginning.look(self._reader.begins(), self._next, ends)
        for number, record in enumerate(self._read(self._next, ends), start=1):
            self._beginning.read(record)
            if self._since_ms is None or record.timestamp_ms >= self._since_ms:
                about = record.at.number, record.timestamp_ms
                outcome = add_outcome(self.trials, record.value or b"", *about)
                if outcome is not None:
                    self.so_far.count(outcome, self.board, record.at.number)
            if number % SWEEP_RECORDS == 0:
                self.evidence.add(self.trials.swept(self._reader.unread()))
        self._next = {at: max(end, self._next[at]) for at, end in ends.items()}
        self.trials.begins_ms = self._beginning.after(self._since_ms)
        self.evidence.add(self.trials.settled())
        return self.board

    def check_against(self) -> None:
        """Raises `Misconfigured` when what is to be compared with is no arm, of the log or ours."""
        on_offer = {arm for arms in self.evidence.groups for arm in arms}
        there = {row.arm for row in self.board.rows()} | on_offer | {*ARM_NAMES}
        if (asked := self.evidence.against) not in there:
            named = ", ".join(map(printable, sorted(there)))
            raise Misconfigured(f"--against {printable(asked)}: no such arm; there are {named}")

    def table(self) -> Group:
        """All of it, for people."""
        return Group(
            board_table(
                self.board.rows(), self.trials.unreadable, self.board.others, self.so_far.left_out
            ),
            evidence_table(self.evidence, self.trials, self.scale),
        )

    def json(self) -> dict[str, Any]:
        """All of it, as plain values."""
        rows = board_json(
            self.board.rows(), self.trials.unreadable, self.board.others, self.so_far.left_out
        )
        return rows | {"evidence": evidence_json(self.evidence, self.trials, self.scale)}

    def _read(self, begins: Offsets, ends: Offsets) -> Iterable[RawRecord]:
        what = f"reading {next(iter(begins)).topic}" if begins else ""
        quiet = not self.with_progress
        return progressed_between(self._reader.between, begins, ends, what, quiet=quiet)


def board_table(
    board: Iterable[ArmRow], unreadable: int = 0, others: Sums = NO_SUMS, left_out: int = 0
) -> Listing:
    """The board for people; `left_out`: outcomes of impressions that were not read."""
    rows = list(board)
    notes = [] if rows else ["no prompt has been shown yet, or the log tells of none any more"]
    if beyond := int(others.get("shown", 0)):
        several = many(beyond, "impressions were", "impression was")
        notes.append(f"others: {several} of more arms than the {ARMS_MAX} that have a row")
    if left_out:
        said = many(left_out, "outcomes", "outcome")
        notes.append(f"{said} of impressions from before what is read: left out")
    if unreadable:
        notes.append(many(unreadable, "records could not be read"))
    table = Listing(
        *("arm", *STAGES[:1], "share", *STAGES[1:], "reward\nso far"),
        title="So far: what happened (reward so far: mean of an impression by now, luck and what "
        "came back elsewhere included)",
        notes=notes,
    )
    for row in rows:
        shown, *stages = (f"{getattr(row, stage):,}" for stage in STAGES)
        rate = "-" if row.reward_rate is None else f"{row.reward_rate:.4f}"
        table.add(Text(printable(row.arm)), shown, f"{row.share:.1%}", *stages, rate)
    return table


def board_json(
    board: Iterable[ArmRow], unreadable: int = 0, others: Sums = NO_SUMS, left_out: int = 0
) -> dict[str, Any]:
    """The board as plain values; `others`: what was shown of arms that have no row."""
    rows = [{name: of for name, of in row._asdict().items() if name != "pulls"} for row in board]
    more = {"shown": int(others.get("shown", 0))}
    return {"arms": rows, "others": more, "unreadable": unreadable} | {
        "outcomes_left_out": left_out
    }


def since_minutes_ago_ms(now_s: float, minutes: float) -> int:
    """When that was, in milliseconds since 1970; 1970 for anything before: Kafka has no older time.

    >>> since_minutes_ago_ms(1767225600.0, 1.0), since_minutes_ago_ms(1767225600.0, 1e308)
    (1767225540000, 0)
    """
    return int(max(0.0, now_s - minutes * 60) * 1000)


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--watch", is_flag=True, help="Keep the table on the screen, and up to date.")
@click.option(
    "--every",
    "every_s",
    type=FiniteRange(0.1, EVERY_S_MAX),
    default=2.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option(
    "--since",
    "since_minutes",
    type=FiniteRange(min=0),
    metavar="MINUTES",
    help="Only what was published since then, that many minutes ago; otherwise all that the log "
    "holds.",
)
@click.option(
    "--settle",
    "settle_s",
    type=FiniteRange(min=0),
    default=SETTLE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long an impression may earn before it counts as evidence.",
)
@click.option(
    "--against", default=AGAINST, show_default=True, metavar="ARM", help="What to compare with."
)
@click.option(
    "--experiment", metavar="NAME", help="Only what was shown since this one began, as declared."
)
@save_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def arms(
    settings: Settings,
    watch: bool,
    every_s: float,
    since_minutes: float | None,
    settle_s: float,
    against: str,
    experiment: str | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Arms (strategies): what each does, and what it earns.

    "So far" is what happened: how many of an arm's prompts were shown, its share of all that were,
    and what came of them; the reward so far is what an impression earned on average until now, and
    favours whatever had luck early. Outcomes of impressions from before what is read (--since, or
    the log has forgotten them) are left out, and counted (`outcomes_left_out`). What came back
    elsewhere (`unmatched`) is taken off the evidence alone.

    "Evidence" is what counts: which arm is best, if that can be said, and the reward of an
    impression within the settling time, reckoned fairly from the logged propensities, with bounds
    that hold whenever and however often one looks. An arm is better than another when the bounds of
    their difference exclude 0: stop then, or at any time. The sample ratio says whether arms are
    seen as often as they were drawn; an alarm means that prompts get lost, and that nothing else
    here is to be trusted: the exit code is 1 then.
    """
    since_ms = None if since_minutes is None else since_minutes_ago_ms(time.time(), since_minutes)
    if experiment is not None:
        since_ms = max(since_ms or 0, declared_start_ms(settings, experiment))
    with open_reader(settings, settings.topics.outcomes) as reader:
        log = BoardReader(
            *(settings, reader, since_ms),
            settle_s=settle_s,
            against=against,
            with_progress=not as_json,
            quiet=partial(quiet_time, settings),
        )
        log.catch_up()
        log.check_against()
        if save is not None:
            told = evidence_json(log.evidence, log.trials, log.scale)["arms"]
            write_table(save, [flat(row) for row in told], ARM_COLUMNS)
        log.with_progress = False
        if watch:
            watched(lambda: _looked(log).table(), every_s)
            return
    if as_json:
        click.echo(json.dumps(log.json()))
    else:
        show(log.table())
    raise click.exceptions.Exit(1 if sample_ratio_alarms(log.evidence.rows()) else 0)


def _looked(log: BoardReader) -> BoardReader:
    log.catch_up()
    return log
