"""`goeswith validate`: what would become of the events in a file, before anybody sends them."""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from streams.cli.live import say
from streams.cli.options import with_settings
from streams.cli.printable import many, printable
from streams.contract.settings import Settings
from streams.storefront.event_lines import lines
from streams.storefront.validation import Judged, Summary, Validator

FINDINGS_MAX = 100
LARGE_BYTES = 4 * 1024 * 1024
"""From this size on a file has a progress bar."""

UNCHECKED = {
    "key": "the record's key, which has to be the session_id",
    "receipt": "receipts, as GOESWITH_RECEIPT_SECRET is not set",
}


@click.command()
@with_settings()
@click.argument("file", type=click.File("rb"))
@click.option("--all", "all_lines", is_flag=True, help="Say of good lines too that they are.")
@click.option(
    "--max",
    "findings_max",
    type=click.IntRange(min=0),
    default=FINDINGS_MAX,
    show_default=True,
    help="Say so much of single lines; all are counted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(
    settings: Settings, file: IO[bytes], all_lines: bool, findings_max: int, as_json: bool
) -> None:
    """Tell what would become of the events in FILE, one as JSON a line; `-` is standard input.

    Each line is judged by the settings and the contract that workers read by: an event, or a dead
    letter with its reason. A line is an event, or a record with its key as `kcat -J` prints it.
    Exit code 1 when something would become a dead letter.
    """
    validator = Validator(settings, round(time.time() * 1000))
    summary = Summary()
    found: list[Judged] = []
    telling = _Telling(all_lines, findings_max)
    with _progress(file) as (advance, live):
        for line in lines(file):
            judged = validator.judge(line)
            summary.count(judged)
            if telling.wants(judged):
                found.append(judged)
                if not live and not as_json:  # a pipe may never end
                    say(in_words(found.pop()))
            advance(len(line.text) + 1)
    if as_json:
        findings = [judged.to_json() for judged in found]
        said = {"findings": findings, "findings_left_out": telling.left_out}
        click.echo(json.dumps(summary.to_json() | said))
    else:
        for judged in found:
            say(in_words(judged))
        say(summary_in_words(summary, telling.left_out))
    raise click.exceptions.Exit(1 if summary.dead_letters else 0)


class _Telling:
    """Which lines are told of: those that would die, and each warning when it is new."""

    def __init__(self, all_lines: bool, findings_max: int) -> None:
        self.left_out = 0
        self._all_lines = all_lines
        self._left = findings_max
        self._told: set[str] = set()

    def wants(self, judged: Judged) -> bool:
        """Whether this line is told of."""
        new = {remark.message for remark in judged.warnings} - self._told
        if not (self._all_lines or judged.reason is not None or new):
            return False
        if not self._left:
            self.left_out += 1
            return False
        self._left -= 1
        self._told |= new
        return True


def in_words(judged: Judged) -> str:
    """What would become of a line, on lines of a terminal's width where texts are short."""
    kind = printable(judged.type or "no type", 40)
    who = "" if judged.event_id is None else f" {printable(judged.event_id, 40)}"
    became = "an event" if judged.reason is None else f"a DEAD LETTER, {judged.reason}"
    said = [f"line {judged.line}: {kind}{who}: {became}"]
    said += [f"  {printable(judged.message, 500)}"] if judged.message else []
    said += [f"  hint: {printable(hint, 300)}" for hint in judged.hints]
    said += [f"  warning: {printable(remark.message, 300)}" for remark in judged.warnings]
    return "\n".join(said)


def summary_in_words(summary: Summary, left_out: int) -> str:
    """The counts; an event whose receipt is bad is a dead letter as well, and told as an event.

    >>> summary = Summary(4, events=3, events_in_part=2)
    >>> summary.dead_letters.update(receipt_forged=2, invalid_json=1)
    >>> summary_in_words(summary, left_out=0).splitlines()[0]
    '4 lines: 3 events (2 with a bad receipt, which is a dead letter), 1 other dead letter'
    """
    part = summary.events_in_part
    dead = sum(summary.dead_letters.values()) - part
    other = "other " if part else ""
    events = many(summary.events, "events")
    if part:
        events += f" ({part:,} with a bad receipt, which is a dead letter)"
    letters = many(dead, f"{other}dead letters", f"{other}dead letter")
    said = [f"{many(summary.lines, 'lines')}: {events}, {letters}"]
    if left_out:
        one = "more line has something to say: --max"
        said.append(f"  {many(left_out, 'more lines have something to say: --max', one)}")
    for title, counts in (("dead letters", summary.dead_letters), ("warnings", summary.warnings)):
        if counts:
            told = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
            said.append(f"  {title}: {told}")
    said += [f"  not checked: {UNCHECKED[what]}" for what in sorted(summary.unchecked)]
    return "\n".join(said)


@contextmanager
def _progress(file: IO[bytes]) -> Iterator[tuple[Callable[[int], None], bool]]:
    """A bar on standard error for a large file, and whether there is one."""
    size = _size(file)
    console = Console(stderr=True)
    if size < LARGE_BYTES or not console.is_terminal:
        yield lambda _: None, False
        return
    columns = ("validating", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=size)
        yield lambda done: progress.advance(task, done), True


def _size(file: IO[bytes]) -> int:
    """Bytes of a file; 0 of what is none."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
