"""The state of a table of pairs, read: columns checked, and every row laid out in a chunk.

What is unsound is refused with `ValueError`, as a compiled loop would look where its numbers point.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recommenders.pair_table.layout import CELL, ROW, ROW_MAX, SMALLEST, WEIGHED, Cells, Rows
from models.recommenders.session_index.sound import all_within
from models.snapshot.arrays import read_column


def read(state: dict[str, Any]) -> tuple[list[str], Rows, Cells]:
    """The names of items, their rows, and all cells, chunk after chunk."""
    names = [str(name) for name in state["items"]]
    if len(set(names)) < len(names):
        raise ValueError("an item that is there twice")
    rows = np.zeros(len(names), ROW)
    for name in (*WEIGHED, "length", "trimmed"):
        rows[name] = _column(state[name], name, len(rows), ROW[name])
    if not (all_within(rows["length"], 0, ROW_MAX) and all_within(rows["trimmed"], 0, 1)):
        raise ValueError(f"a row of more than {ROW_MAX} partners, or trimmed more than once")
    return names, rows, _laid_out(rows, _met(state, len(names)))


def counted(number: Mapping[str, int], rows: Rows, cells: Cells) -> list[str]:
    """The items that something is known of: not those of which all was taken back."""
    weighs = (rows["latest"] > 0) | (rows["before"] > 0)
    bare = (rows["times"] == 0) & (rows["length"] == 0) & ~weighs
    if not bare[list(number.values())].any():
        return list(number)
    held = rows[~bare & (rows["length"] > 0)]
    partners = [cells["item"][one["start"] : one["start"] + one["length"]] for one in held]
    met = np.zeros(len(rows), np.bool_)
    met[np.concatenate([np.zeros(0, np.int64), *partners])] = True
    return [item for item, at in number.items() if not bare[at] or met[at]]


def _met(state: dict[str, Any], items: int) -> Cells:
    """The partners of all items, row after row."""
    partners = read_column(state["partners"])
    if not all_within(partners, 0, items - 1):
        raise ValueError(f"partners that are none of {items} items")
    cells = np.zeros(len(partners), CELL)
    cells["item"] = partners
    for name in WEIGHED:
        cells[name] = _column(state[f"pair_{name}"], f"pair_{name}", len(cells), CELL[name])
    return cells


def _column(text: str, name: str, length: int, kind: np.dtype[Any]) -> NDArray[np.int64]:
    """A column of so many whole numbers of a kind, none below 0."""
    numbers, most = read_column(text), np.iinfo(kind).max
    if len(numbers) != length or numbers.min(initial=0) < 0 or numbers.max(initial=0) > most:
        raise ValueError(f"{name}: not {length} whole numbers from 0 to {most}")
    return numbers


def _laid_out(rows: Rows, met: Cells) -> Cells:
    """Give each row a chunk, and put its cells there."""
    lengths = rows["length"].astype(np.int64)
    if lengths.sum() != len(met):
        raise ValueError(f"rows of {lengths.sum()} partners, of which there are {len(met)}")
    classes = np.maximum(0, np.ceil(np.log2(np.maximum(lengths, 1) / SMALLEST)))
    rows["room"] = np.where(lengths > 0, SMALLEST << classes.astype(np.int64), 0)
    rows["start"] = np.cumsum(rows["room"], dtype=np.int64) - rows["room"]
    cells = np.zeros(int(rows["room"].sum(dtype=np.int64)), CELL)
    firsts = np.cumsum(lengths) - lengths
    places = np.repeat(rows["start"] - firsts, lengths) + np.arange(len(met))
    cells[places] = met
    return cells
