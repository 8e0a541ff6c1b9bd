"""What contributors are told to run is there: CONTRIBUTING.md, .github and the devcontainer."""

import json
import re
import tomllib
from pathlib import Path

import click
import pytest

from streams.cli.root import goeswith

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
CHECKLIST = (GITHUB / "pull_request_template.md").read_text()
WORKFLOW = (GITHUB / "workflows" / "ci.yml").read_text()
BUG = (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text()
DEVCONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
YAML_LINE = re.compile(r"^ *(?:- )?[\w-]+:(?: .*)?$|^ *- \S.*$|^ *(?:#.*)?$")


def pythons() -> list[str]:
    """The Pythons that the project promises, as `3.11`, oldest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest, after = map(int, re.findall(r"3\.(\d+)", project["requires-python"]))
    return [f"3.{minor}" for minor in range(oldest, after)]


def known(typed: str) -> bool:
    """Whether there is such a command of goeswith."""
    command: click.Command | None = goeswith
    for word in typed.split():
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
    return command is not None


@pytest.mark.parametrize("text", [GUIDE, CHECKLIST, BUG, WORKFLOW, json.dumps(DEVCONTAINER)])
def test_what_is_to_be_typed_can_be_typed(text: str) -> None:
    """Every target of make, every script of .ci, every command of goeswith exists."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    scripts = re.findall(r"(?<![\w/])(\.ci/[\w-]+)", text)

    assert set() == set(re.findall(r"(?:`|&& )make ([a-z]+)", text)) - targets
    assert [] == [script for script in scripts if not (ROOT / script).is_file()]
    assert [] == [line for line in re.findall(r"`goeswith ([^`]+)`", text) if not known(line)]


def test_every_file_that_the_guide_names_is_there() -> None:
    """A path in backquotes, or the target of a link."""
    named = re.findall(r"`((?:streams|tests|models|docs|examples|\.devcontainer)/[\w/.-]*)`", GUIDE)
    named += re.findall(r"\]\(([\w/.-]+)\)", GUIDE)

    assert "docs/architecture.md" in named
    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_the_guide_names_every_way_to_test() -> None:
    """Who does not know of a means does not use it."""
    ways = {"check", "coverage", "mutants", "fuzz", "chaos", "test", "bench", "replay", "docs"}

    assert set() == ways - set(re.findall(r"`make ([a-z]+)", GUIDE))


def test_the_workflow_runs_all_of_it_on_every_python() -> None:
    """The matrix is what pyproject.toml promises, and what runs is `.ci/run`."""
    (matrix,) = re.findall(r"^ +python: (\[.*\])$", WORKFLOW, re.MULTILINE)
    runs = re.findall(r"^ +(?:- )?run: (.*)$", WORKFLOW, re.MULTILINE)

    assert pythons() == json.loads(matrix)
    assert runs == ["sudo .ci/install", "PYTHON=python${{ matrix.python }} .ci/run"]
    assert "fetch-depth: 0" in WORKFLOW, "`make mutants` compares with main"


def test_the_bug_form_asks_for_what_is_needed() -> None:
    """Version, the worker's page and the settings, without secrets; each with an id of its own."""
    ids = re.findall(r"^    id: (\w+)$", BUG, re.MULTILINE)

    assert {"version", "state", "settings"} <= set(ids)
    assert len(ids) == len(set(ids)) == BUG.count("  - type: ")
    assert {"`goeswith --version`", "`/state?digest`"} <= set(re.findall(r"`[^`]+`", BUG))
    assert "grep -v SECRET" in BUG


@pytest.mark.parametrize("text", [WORKFLOW, BUG])
def test_what_is_yaml_looks_like_it(text: str) -> None:
    """No tabs; every line is a key, an entry, or belongs to a folded text."""
    folded = re.sub(r"(: >-\n)(?: {8}.*\n)+", r"\1", text)

    assert "\t" not in text
    assert [] == [line for line in folded.splitlines() if not YAML_LINE.match(line)]


def test_the_devcontainer_has_a_python_that_is_tested() -> None:
    """And installs what the tests need."""
    image = re.fullmatch(r"python:(3\.\d+)-\w+", DEVCONTAINER["image"])

    assert image is not None
    assert image[1] in pythons()
    assert ".ci/install" in DEVCONTAINER["postCreateCommand"]
