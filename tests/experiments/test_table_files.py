"""Figures in files: the same rows come back, with types that do not depend on what is in them."""

import sys
from pathlib import Path
from typing import Any

import pytest

from streams.contract.errors import FileUnusable, Misconfigured, MissingExtra
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.evidence.arm_tables import evidence_json
from streams.experiments.impressions import Trial, Trials
from streams.experiments.table_files import (
    ARMS,
    UPLIFT,
    as_csv,
    as_parquet,
    flat,
    with_unit,
    write_table,
)
from streams.experiments.uplift.tables import as_values
from tests.experiments.uplift.records import found, shop

parquet = pytest.importorskip("pyarrow.parquet")


def arm_rows() -> list[dict[str, Any]]:
    """What is known of two arms, of which one alone is compared."""
    both = {"popular": 0.5, "=cmd()": 0.5}
    evidence = ArmEstimates()
    evidence.add(Trial(("popular", "=cmd()")[n % 2], "", both, both, n % 2) for n in range(200))
    told = evidence_json(evidence, Trials())["arms"]
    return [flat(row) for row in told]


def uplift_rows() -> list[dict[str, Any]]:
    """What a shop's units did, by metric."""
    return [with_unit(row) for row in as_values(found(shop(200)))["metrics"]]


@pytest.mark.parametrize(
    ("rows", "columns"), [(arm_rows, ARMS), (uplift_rows, UPLIFT)], ids=["arms", "uplift"]
)
def test_what_is_written_as_parquet_is_read_again(tmp_path: Path, rows: Any, columns: Any) -> None:
    """Every figure to its last digit, what is not known as null, and no column without a name."""
    path, told = tmp_path / "figures.parquet", rows()
    write_table(path, told, columns)
    read = parquet.read_table(path)

    assert {name for row in told for name in row if row[name] is not None} <= {*columns}
    assert [{name: row.get(name) for name in columns} for row in told] == read.to_pylist()
    names = {"float64": "double", "bool_": "bool"}
    kinds = {name: names.get(kind, kind) for name, kind in columns.items()}
    assert kinds == {one.name: str(one.type) for one in read.schema}


def test_an_empty_table_has_the_same_columns(tmp_path: Path) -> None:
    """A notebook that reads it each night does not break on the first one."""
    path = tmp_path / "nothing.parquet"
    path.write_bytes(as_parquet([], UPLIFT))
    empty, full = parquet.read_schema(path), as_parquet(uplift_rows(), UPLIFT)
    path.write_bytes(full)

    assert empty.equals(parquet.read_schema(path))


def test_a_unit_is_told_beside_each_metric() -> None:
    """Money is in minor units of its currency."""
    units = {row["metric"]: row["unit"] for row in uplift_rows()}

    assert ("count", "minor units of EUR") == (
        units["orders"],
        units["revenue, minor units of EUR"],
    )


def test_csv_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    """Parquet holds the name as it is: nothing runs there."""
    assert "'=cmd()" in as_csv(arm_rows(), ARMS)
    path = tmp_path / "arms.csv"
    write_table(path, arm_rows(), ARMS)
    assert path.read_text().startswith("arm,trials,drawn,estimate_value,")


def test_without_pyarrow_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And CSV needs none."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[parquet\]'"):
        write_table(tmp_path / "arms.parquet", [], ARMS)
    write_table(tmp_path / "arms.csv", [], ARMS)


def test_a_file_that_cannot_be_is_said(tmp_path: Path) -> None:
    """Its ending, or its place."""
    with pytest.raises(Misconfigured, match=r"\.csv or \.parquet"):
        write_table(tmp_path / "arms.xlsx", [], ARMS)
    with pytest.raises(FileUnusable, match="cannot be written"):
        write_table(tmp_path / "nowhere" / "arms.csv", [], ARMS)
