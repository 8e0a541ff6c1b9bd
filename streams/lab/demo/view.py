"""The demo in the terminal: one screen that lives, or a line a second where nothing can live."""

import io
import re
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from textwrap import indent
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.cli.printable import printable
from streams.contract.published.prompts import Prompt
from streams.experiments.arms import board_table
from streams.lab.demo.overview import Overview

BARS = "▁▂▃▄▅▆▇█"
SPARKS_MAX = 40
PROMPTS_SHOWN = 8
LINE_EVERY_S = 1.0
PICTURE_COLUMNS = 100
TALL_LINES = 45
"""A screen of fewer lines has no room below the arms: what stands there is said before."""


def sparkline(values: Sequence[float]) -> str:
    """A tiny chart, from nothing to the largest value.

    >>> sparkline([0, 50, 100, 150, 150])
    '▁▃▅██'
    """
    top = max(values, default=0.0)
    if top <= 0:
        return BARS[0] * len(values)
    return "".join(BARS[int(value / top * (len(BARS) - 1))] for value in values)


def headline(seen: Overview) -> str:
    """Everything that is one number."""
    words = [
        f"{seen.elapsed_s:.0f} s",
        f"{seen.events_per_s:.0f} events/s",
        f"{seen.prompts_per_s:.0f} prompts/s",
        f"lag {_number(seen.lag_events)} events, {_number(seen.lag_s)} s",
        f"latency p50 {_number(seen.latency_ms_p50)} ms, p99 {_number(seen.latency_ms_p99)} ms",
        f"dead letters {seen.dead_letters}",
        f"truth {seen.truth.found} of {seen.truth.of} (counting: {seen.truth.by_counting})",
    ]
    return "  ".join(words)


def prompt_table(prompts: Iterable[Prompt]) -> Table:
    """The latest prompts, the newest last."""
    table = Table(box=None, expand=True)
    for name in ("session", "arm", "anchor"):
        table.add_column(name, no_wrap=True)  # names are whole: what is too long is cut behind them
    for name in ("goes with it", "because"):
        table.add_column(name, ratio=1)
    for prompt in prompts:
        items = ", ".join(item.item_id for item in prompt.items)
        row = (prompt.session_id, prompt.arm, prompt.anchor, items, prompt.reason.text)
        table.add_row(*(Text(printable(word), no_wrap=True) for word in row))
    return table


def screen(
    seen: Overview,
    prompts: Collection[Prompt],
    rates: Sequence[float],
    beside: Iterable[str],
    address: str = "",
) -> RenderableType:
    """The whole picture; `address` is where a browser finds the shop, if it does."""
    title = f"goeswith demo, in a browser at {address}" if address else "goeswith demo"
    return Group(
        Panel(Text(f"{headline(seen)}\nevents/s {sparkline(rates)}"), title=title),
        Panel(prompt_table(list(prompts)[-PROMPTS_SHOWN:]), title="prompts"),
        board_table(seen.arms),
        Text(f"silences   {_silences(seen.silences)}"),
        Text(f"feedback   {_counts(seen.feedback)}"),
        *_foot(beside),
    )


def picture(shown: RenderableType, columns: int = PICTURE_COLUMNS) -> str:
    """What is on the screen, as SVG: the same bytes for the same screen, in the reader's own font.

    >>> "<svg" in picture("bread"), "url(http" in picture("bread")
    (True, False)
    """
    console = Console(file=io.StringIO(), width=columns, record=True, force_terminal=True)
    console.print(shown)
    svg = console.export_svg(title="goeswith demo", unique_id="demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def summary(seen: Overview) -> str:
    """The end of the story, in a few lines."""
    truth = seen.truth
    return f"""
{seen.events:,} events and {seen.prompts:,} prompts in {seen.elapsed_s:.0f} s
silences  {_silences(seen.silences)}
feedback  {_counts(seen.feedback)}
lag       {_number(seen.lag_events)} events
truth     found for {truth.found} of {truth.of} staples (mere counting: {truth.by_counting})
not found {", ".join(truth.missed) or "none"}
dead letters {seen.dead_letters}{_passed_over(seen)}"""


class View:
    """Shows what it is given: live on a terminal, else a line a second."""

    def __init__(self, console: Console) -> None:
        self._beside: Sequence[str] = ()
        self._address = ""
        self._shown: tuple[Overview, Collection[Prompt]] | None = None
        self._console = console
        self._rates: deque[float] = deque(maxlen=SPARKS_MAX)
        self._next_line_s = 0.0
        lives = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, screen=False) if lives else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def point_out(self, commands: Sequence[str]) -> None:
        """Commands that look at what is running from another terminal."""
        self._beside = commands if self._console.height >= TALL_LINES else ()
        if self._live is None or not self._beside:
            self.say("\n".join(["look from beside:", *(indent(c, "  ") for c in commands)]))

    def open_at(self, address: str) -> None:
        """Where a browser finds the shop: it stands above the screen, and where lines are told."""
        self._address = address
        self.say(f"open {address} in a browser: the shop, its prompts, lag and arms")

    def show(self, seen: Overview, prompts: Collection[Prompt]) -> None:
        """How everything stands now."""
        self._shown = seen, tuple(prompts)
        self._rates.append(seen.events_per_s)
        if self._live is not None:
            rates = list(self._rates)
            shown = screen(seen, prompts, rates, self._beside, self._address)
            self._live.update(shown, refresh=True)
        elif seen.elapsed_s >= self._next_line_s:
            self._next_line_s = seen.elapsed_s + LINE_EVERY_S
            self.say(headline(seen))

    def picture(self) -> str:
        """The screen that was shown last, as SVG; without the addresses, which differ each time."""
        shown = screen(*self._shown, list(self._rates), ()) if self._shown is not None else ""
        return picture(shown)


def _foot(beside: Iterable[str]) -> Iterable[Text]:
    """How to look at what runs from elsewhere; nothing where there is nothing to type."""
    if commands := list(beside):
        yield Text("look from beside:", style="dim")
        yield from (Text(indent(command, "  "), style="dim") for command in commands)
        yield Text("Ctrl-C ends it", style="dim")


def _number(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"


def _silences(counts: dict[str, int] | None) -> str:
    """What the workers counted; where they tell nobody, where to look."""
    if counts is None:
        return "not told: set GOESWITH_REDIS_URL here and for the workers, or see their /state"
    return _counts(counts)


def _passed_over(seen: Overview) -> str:
    """What others have put into the same topics."""
    counted = {"items of others": seen.items_foreign, "unreadable": seen.unreadable}
    passed = {name: number for name, number in counted.items() if number}
    return f"\npassed over {_counts(passed)}" if passed else ""


def _counts(counts: dict[str, int]) -> str:
    return "  ".join(f"{name} {number:,}" for name, number in counts.items()) or "none yet"
