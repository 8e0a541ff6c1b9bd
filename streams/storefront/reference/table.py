"""The rows of a table, below its header; what is no row of it is a problem of its line."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from streams.storefront.reference.formats.drafts import FileRow, Problem

CELL_CHARS_MAX = 4_000_000


class Table:
    """A table that can be read more than once: some formats look ahead."""

    def __init__(self, lines: Callable[[], Iterable[str]], delimiter: str) -> None:
        self._lines, self._delimiter = lines, delimiter
        self._problems: list[Problem] = []

    def __iter__(self) -> Iterator[FileRow]:
        """The rows. Raises `csv.Error` for a header that is none."""
        csv.field_size_limit(CELL_CHARS_MAX)
        self._problems = []
        header: list[str] = []
        for begins, cells in self._cells():
            if isinstance(cells, Problem):
                if not header:
                    raise csv.Error(f"line {begins}, the header: {cells.what}")
                self._problems.append(cells)
            elif not any(cell.strip() for cell in cells):
                continue
            elif not header:
                header = [name.strip() for name in cells]
                while not header[-1]:
                    header.pop()
            elif wrong := _misfit(header, cells):
                self._problems.append(Problem(begins, wrong))
            else:
                yield FileRow(
                    begins, dict(zip(header, cells, strict=False)), _doubled(header, cells)
                )

    def problems(self) -> list[Problem]:
        """What was wrong since this was asked last."""
        found, self._problems = self._problems, []
        return found

    def _cells(self) -> Iterator[tuple[int, list[str] | Problem]]:
        """Each row and the line on which it begins; after a quote gone wrong, on the next line."""
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        while True:
            begins = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                said = f"a quote is not closed, or not doubled ({error})"
                left_out = f"; left out up to line {reader.line_num}"
                yield begins, Problem(begins, said + left_out)
                continue
            if cells is None:
                return
            yield begins, cells


def _doubled(header: Sequence[str], cells: Sequence[str]) -> Collection[str]:
    """Names that several columns have which say different things in this row.

    >>> _doubled(["id", "tag", "tag"], ["jam", "red", "sweet"]), _doubled(["id", "id"], ["a", "a"])
    (['tag'], [])
    """
    if len({*header}) == len(header):
        return ()
    said: dict[str, set[str]] = {}
    for name, cell in zip(header, cells, strict=False):
        said.setdefault(name, set()).add(cell.strip())
    return [name for name, words in said.items() if len(words) > 1]


def _misfit(header: Sequence[str], cells: Sequence[str]) -> str:
    """Why these cells are not those of the header; empty: they are. Blank ones may be too many.

    >>> _misfit(["item_id", "title"], ["jam", "Jam", ""]), _misfit(["item_id", "title"], ["jam"])
    ('', 'it has 1 cells, the header 2: is a delimiter or a quote missing, or one too many?')
    """
    surplus = any(cell.strip() for cell in cells[len(header) :])
    if len(cells) >= len(header) and not surplus:
        return ""
    numbers = f"it has {len(cells)} cells, the header {len(header)}"
    return f"{numbers}: is a delimiter or a quote missing, or one too many?"
