"""Runs of mutants: which modules, which mutants of them, and what the tests said of each."""

import itertools
import json
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.mutants.judged import Judge, Verdict
from tests.mutants.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(__file__).with_name("modules.toml")
PYTEST = ["-q", "-s", "--tb=no", "--assert=plain", "-p", "no:randomly"]
"""In order, and quick to fail: nobody reads why."""
PROFILE = "--hypothesis-profile=mutants"
ALIVE = {"survived", "unreached"}


class Group(NamedTuple):
    """Modules that the same tests judge."""

    modules: list[str]
    tests: list[str]


def groups() -> list[Group]:
    """What there is to mutate."""
    return [Group(**group) for group in tomllib.loads(MODULES.read_text()).values()]


@dataclass
class Findings:
    """What a run found, by module."""

    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    failing: list[str] = field(default_factory=list)

    def add(self, module: str, verdict: Verdict) -> None:
        """One more verdict."""
        self.verdicts.setdefault(module, []).append(verdict)

    def alive(self) -> Iterator[str]:
        """The names of those that live, with the module's."""
        for module, verdicts in self.verdicts.items():
            yield from (name(module, each) for each in verdicts if each.said in ALIVE)

    def counts(self, module: str) -> Counter[str]:
        """How many were killed, survived and so on."""
        return Counter(verdict.said for verdict in self.verdicts.get(module, []))

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            module: {
                "mutants": self.made[module],
                **self.counts(module),
                "alive": {
                    name(module, each): each.mutant.operator
                    for each in verdicts
                    if each.said in ALIVE
                },
                "killed_by": {v.mutant.name: v.by for v in verdicts if v.said == "killed"},
            }
            for module, verdicts in self.verdicts.items()
        }


def name(module: str, verdict: Verdict) -> str:
    """How a survivor is called: by the name of its module, wherever that is, and by its own."""
    return f"{Path(module).stem} {verdict.mutant.name}"


def run(
    wanted: Callable[[str], bool],
    order: Callable[[str, Mutant], int | None] = lambda _module, _mutant: 0,
    *,
    seconds: float,
    told: Callable[[str, Verdict], None] = lambda _module, _verdict: None,
) -> Findings:
    """Try the mutants of the modules that are wanted, for so many seconds at most.

    `order`: those with lower numbers first, those without one not at all.
    """
    findings, deadline = Findings(), time.monotonic() + seconds
    for group in groups():
        modules = [module for module in group.modules if wanted(module)]
        trials = []
        for module in modules:
            for mutant in mutants(ROOT / module):
                findings.made[module] += 1
                if (place := order(module, mutant)) is not None:
                    trials.append((place, module, mutant))
        if not trials or time.monotonic() > deadline:
            continue
        trials.sort(key=lambda trial: trial[0])
        in_time = itertools.takewhile(
            lambda _: time.monotonic() < deadline,
            ((ROOT / module, mutant) for _, module, mutant in trials),
        )

        def keep(path: Path, verdict: Verdict) -> None:
            module = str(path.relative_to(ROOT))
            findings.add(module, verdict)
            told(module, verdict)

        judge = Judge(in_time, keep)
        pytest.main([*PYTEST, PROFILE, *group.tests, *modules], plugins=[judge])
        findings.failing += judge.failing
    return findings


def kept(findings: Findings, file: Path) -> None:
    """Write findings down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(findings.as_json(), indent=1))
