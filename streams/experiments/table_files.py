"""Figures as a table in a file, for spreadsheets and notebooks: CSV, or Parquet with typed columns.

A row is a mapping; parts of an interval are columns of their own (`estimate_low`). Which type a
column of a Parquet file has follows from its name in the schema of its table, never from what
happens to be in it: an empty table has the same columns, and what is not known is null.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from streams.contract.errors import FileUnusable, Misconfigured, MissingExtra

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the begin of a cell."""
ENDINGS = (".csv", ".parquet")
TEXT, WHOLE, REAL, TRUTH = "string", "int64", "float64", "bool_"
Columns = Mapping[str, str]
"""By name the type of each column."""
Row = Mapping[str, Any]

save_option = click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the figures there: .csv, or .parquet (the extra `parquet`).",
)

INTERVAL = ("value", "low", "high")
ARMS: Columns = {
    "arm": TEXT,
    **dict.fromkeys(("trials", "drawn"), WHOLE),
    **{f"{what}_{part}": REAL for what in ("estimate", "difference") for part in INTERVAL},
    **dict.fromkeys(("on_offer", "p", "p_best", "expected_loss", "sample_ratio_p"), REAL),
    "comparable": TRUTH,
    **dict.fromkeys(("left_out", "changes"), WHOLE),
    "changed_s": REAL,
}
"""Of `goeswith arms`; rewards are of an impression, from 0 to 1."""
UPLIFT: Columns = {
    "metric": TEXT,
    **dict.fromkeys(("control", "treated", "difference", "se", "low", "high", "p"), REAL),
    "relative": REAL,
    "adjusted": TRUTH,
    "unit": TEXT,
}
"""Of `goeswith uplift`; `unit` tells in what a metric is: minor units of a currency, or a count."""


def flat(row: Row) -> dict[str, Any]:
    """The row with the parts of its intervals as columns.

    >>> flat({"arm": "popular", "estimate": {"low": 0.1, "high": 0.3}})
    {'arm': 'popular', 'estimate_low': 0.1, 'estimate_high': 0.3}
    """
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{part}": figure for part, figure in value.items()}
        else:
            found[name] = value
    return found


def with_unit(row: Row) -> dict[str, Any]:
    """A row of uplift that says in what its metric is.

    >>> with_unit({"metric": "revenue, minor units of EUR"})["unit"], with_unit({"metric": "x"})
    ('minor units of EUR', {'metric': 'x', 'unit': 'count'})
    """
    return {**row, "unit": str(row["metric"]).partition(", ")[2] or "count"}


def as_csv(rows: Sequence[Row], columns: Columns) -> str:
    """The rows as CSV; text that a spreadsheet would run begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def as_parquet(rows: Sequence[Row], columns: Columns) -> bytes:
    """The rows as Parquet. Raises `MissingExtra` where pyarrow is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra, and slow to load
        from pyarrow.parquet import write_table as write_parquet  # noqa: PLC0415
    except ImportError as missing:
        raise MissingExtra(
            "Parquet needs pyarrow, which is not installed: run `pip install '.[parquet]'` in a "
            "checkout of goeswith"
        ) from missing
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in columns.items()])
    table = pa.Table.from_pylist(
        [{name: row.get(name) for name in columns} for row in rows], schema=schema
    )
    written = io.BytesIO()
    write_parquet(table, written)
    return written.getvalue()


def parquet_there() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def write_table(path: Path, rows: Sequence[Row], columns: Columns) -> None:
    """Write a file whose ending says what it is. Raises `Misconfigured` or `FileUnusable`."""
    if path.suffix not in ENDINGS:
        raise Misconfigured(f"--save {path}: a file that ends with {' or '.join(ENDINGS)} is meant")
    is_csv = path.suffix == ".csv"
    written = as_csv(rows, columns).encode() if is_csv else as_parquet(rows, columns)
    try:
        path.write_bytes(written)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be written: {error.strerror}") from error


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
