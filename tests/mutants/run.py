"""A run: which mutants of which modules, how long, and what the tests said of each."""

import itertools
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.mutants.judged import Judge, Verdict
from tests.mutants.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "models", ROOT / "streams"]
MODULES = Path(__file__).with_name("modules.toml")
PYTEST = ["-q", "-s", "--tb=no", "--assert=plain", "-p", "no:randomly"]
"""In order, and quick to fail: nobody reads why."""
PROFILE = "--hypothesis-profile=mutants"
ALIVE = {"survived", "unreached", "died"}

Order = Callable[[str, Mutant], int | None]
"""The place of a module's mutant: low ones first; none: it is not tried."""
Told = Callable[[str, Verdict], None]


class Group(NamedTuple):
    """Modules by their names, and the tests that judge all of them."""

    name: str
    modules: dict[str, str]
    tests: list[str]
    slow: list[str]
    """Those of them that judge no mutant: a survivor would cost all of them."""


def groups() -> list[Group]:
    """What there is to mutate."""
    return [Group(name, **group) for name, group in tomllib.loads(MODULES.read_text()).items()]


@dataclass
class Findings:
    """What a run found, by the name of the module."""

    made: dict[str, list[str]] = field(default_factory=dict)
    """The full names of all mutants, tried or not."""
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    """The group of each module."""
    failing: list[str] = field(default_factory=list)
    """Tests that fail without any fault: then nothing was judged by them."""

    def alive(self) -> Iterator[tuple[str, Verdict]]:
        """The survivors, by their full names."""
        for module, verdicts in self.verdicts.items():
            for verdict in verdicts:
                if verdict.said in ALIVE:
                    yield f"{module} {verdict.mutant.name}", verdict


def run(
    wanted: Callable[[str], bool],
    order: Order,
    *,
    settled: Mapping[str, str],
    seconds: float,
    told: Told,
) -> Findings:
    """Try the mutants of the modules that are wanted, and begin none after so many seconds.

    What is `settled` is what was said of mutants before, by their full names: that counts, without
    a trial.
    """
    findings, deadline = Findings(), time.monotonic() + seconds
    for group in groups():
        modules = {name: path for name, path in group.modules.items() if wanted(name)}
        findings.groups |= dict.fromkeys(modules, group.name)
        trials = _trials(modules, order, settled, findings)
        in_time = itertools.takewhile(lambda _: time.monotonic() < deadline, trials)
        if trials and time.monotonic() < deadline:
            judge = Judge(FOLDERS, in_time, _kept(findings, modules, told))
            slow = [f"--deselect={test}" for test in group.slow]
            judging = [*slow, *group.tests, *modules.values()]
            ended = pytest.main([*PYTEST, PROFILE, *judging], plugins=[judge])
            findings.failing += judge.failing
            if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                findings.failing.append(f"pytest itself, which ended with {ended!r}")
    return findings


def _trials(
    modules: dict[str, str], order: Order, settled: Mapping[str, str], findings: Findings
) -> list[tuple[Path, Mutant]]:
    """The mutants that are to be tried, in order; counts all that there are."""
    chosen = []
    for name, path in modules.items():
        made = mutants(ROOT / path)
        findings.made[name] = [f"{name} {mutant.name}" for mutant in made]
        for full_name, mutant in zip(findings.made[name], made, strict=True):
            place = order(name, mutant)
            if place is not None and (said := settled.get(full_name)):
                findings.verdicts.setdefault(name, []).append(Verdict(mutant, said, ""))
            elif place is not None:
                chosen.append((place, ROOT / path, mutant))
    return [(path, mutant) for _, path, mutant in sorted(chosen, key=lambda trial: trial[0])]


def _kept(
    findings: Findings, modules: dict[str, str], told: Told
) -> Callable[[Path, Verdict], None]:
    names = {ROOT / path: name for name, path in modules.items()}

    def keep(path: Path, verdict: Verdict) -> None:
        findings.verdicts.setdefault(names[path], []).append(verdict)
        told(names[path], verdict)

    return keep
