"""Tables for a terminal of any width: columns where they fit, else lines of `name: value`."""

from collections.abc import Collection

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

INDENT = "  "
BETWEEN = " · "
MINUTE_S, HOUR_S = 60, 3600
COUNT_TO = 2
"""Up to as many minutes are told in seconds, as many hours in minutes."""

Cell = str | Text


class Listing:
    """Rows under names. The first column is what a row is about: it is never cut.

    Columns that are named in `words` begin at the left, others end at the right. Without rows there
    are no columns either: title and notes say why.

    >>> listing = Listing("arm", "shown", "earns an impression", notes=["0 pending"])
    >>> listing.add("popular", "4,000", ".2500")
    >>> Console(width=60).print(listing)
    ┏━━━━━━━━━┳━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┓
    ┃ arm     ┃ shown ┃ earns an impression ┃
    ┡━━━━━━━━━╇━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━┩
    │ popular │ 4,000 │               .2500 │
    └─────────┴───────┴─────────────────────┘
    0 pending
    >>> Console(width=30).print(listing)
    popular
      shown: 4,000
      earns an impression: .2500
    0 pending
    """

    def __init__(
        self,
        *columns: str,
        title: str = "",
        notes: list[str] | None = None,
        words: Collection[str] = (),
    ) -> None:
        self.columns = columns
        self.words = {columns[0], *words}
        self.title = title
        self.notes = notes or []
        self.rows: list[tuple[Cell, ...]] = []

    def add(self, *cells: Cell) -> None:
        """One row, a cell for each column."""
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        fits = console.measure(table, options=options.update(width=10_000)).maximum
        if self.title:
            yield from _whole(self.title, console, options.max_width)
        if not self.rows:
            pass
        elif fits <= options.max_width:
            yield table
        else:
            yield from self._lines(console, options.max_width)
        for note in self.notes:
            yield from _whole(note, console, options.max_width)

    def _table(self) -> Table:
        table = Table()
        for name in self.columns:
            table.add_column(name, justify="left" if name in self.words else "right", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def _lines(self, console: Console, width: int) -> RenderResult:
        """Of each row the name, and below it as many pairs on a line as there is room for."""
        room = width - len(INDENT)
        for first, *others in self.rows:
            yield from _whole(first, console, width)
            line = Text()
            for name, cell in zip(self.columns[1:], others, strict=False):
                if not cell:
                    continue
                pair = Text.assemble(" ".join(name.split()), ": ", cell)
                if line and line.cell_len + len(BETWEEN) + pair.cell_len > room:
                    yield from _whole(line, console, room, INDENT)
                    line = Text()
                line = Text.assemble(line, BETWEEN if line else "", pair)
            yield from _whole(line, console, room, INDENT)


def _whole(said: Cell, console: Console, room: int, indent: str = "") -> RenderResult:
    """The line, in as many as it needs: nothing is cut."""
    text = said if isinstance(said, Text) else Text(said)
    for part in text.wrap(console, room, overflow="fold"):
        part.rstrip()
        yield Text.assemble(indent, part)


def duration(seconds: float) -> str:
    """A time that people read.

    >>> duration(90), duration(600), duration(86_400), duration(259_200), duration(0.5)
    ('90 s', '10 min', '24 h', '72 h', '0.5 s')
    """
    for unit_s, unit in ((HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= COUNT_TO * unit_s and seconds % unit_s == 0:
            return f"{seconds / unit_s:,g} {unit}"
    return f"{seconds:,g} s"
