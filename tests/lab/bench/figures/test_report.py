"""What every benchmark does with its figures."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from streams.lab.bench.figures.report import report, report_options, run_options
from streams.lab.bench.figures.results import RESULTS


def section(figures: Mapping[str, int]) -> list[str]:
    """One line of Markdown."""
    return [f"{figures['loaves']} loaves."]


@click.command()
@report_options
def oven(**how: bool) -> None:
    """A benchmark of an oven."""
    report("Oven", {"loaves": 12}, section, lambda _: click.echo("a dozen"), ("click",), **how)


@click.command()
@run_options(20, "Loaves.", least=2, jobs=4)
def bakery(**said: int) -> None:
    """A benchmark of many ovens."""
    click.echo(json.dumps(said))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results are written where the benchmark is run."""
    monkeypatch.chdir(tmp_path)


def said(*options: str) -> str:
    """What the benchmark prints."""
    return CliRunner().invoke(oven, options, catch_exceptions=False).output


def test_figures_are_shown_or_printed_as_one_json_object() -> None:
    """Never both; nothing is written unless that is asked for."""
    assert said() == "a dozen\n"
    assert json.loads(said("--json")) == {"loaves": 12}
    assert not RESULTS.exists()


def test_a_section_is_written_whatever_is_printed() -> None:
    """With what was measured; once, however often it is run."""
    assert json.loads(said("--json", "--write")) == {"loaves": 12}
    assert said("--write") == "a dozen\n"

    text = RESULTS.read_text()
    assert text.count("## Oven\n") == 1
    assert f", click {version('click')}" in text
    assert text.endswith("12 loaves.\n")


def test_what_is_simulated_is_run_as_often_and_on_as_many_cores_as_one_likes() -> None:
    """By the same words everywhere, within bounds."""
    run = CliRunner().invoke

    assert {"count": 20, "jobs": 4, "seed": 1} == json.loads(run(bakery, []).output)
    told = json.loads(run(bakery, ["--runs", "2", "--jobs", "1", "--seed", "0"]).output)
    assert {"count": 2, "jobs": 1, "seed": 0} == told
    for wrong in (["--runs", "1"], ["--jobs", "0"], ["--jobs", "65"], ["--seed", "-1"]):
        assert run(bakery, wrong).exit_code
    assert "Loaves." in run(bakery, ["--help"]).output
