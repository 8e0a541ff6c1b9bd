"""Which tests judge a mutant: all that reach the function with the fault, its module's own first.

Of those, and of the others, the quickest come first.

A plugin of pytest. It lets pytest collect the tests once, then forks for each mutant and runs the
tests in the child until one fails.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import NamedTuple

import pytest

from tests.mutants.forks import allow, forked
from tests.mutants.mutants import Mutant
from tests.mutants.swapped import forget_results, living, swap

Place = tuple[str, str]
"""A file, and the qualified name of a function in it."""
ENOUGH_S = 120.0
GRACE_S = 2.0
TIMES = 5.0
"""A test may take so many times the time that it takes without a fault, and a grace."""


class Seen(NamedTuple):
    """A test without any fault."""

    cpu_s: float
    passed: bool
    reached: set[Place]


class Verdict(NamedTuple):
    """What became of a mutant."""

    mutant: Mutant
    said: str
    """`killed`, as good as that `timeout`, `survived`, `unreached` by any test, or `died`.

    A mutant that ends its whole process was judged by nobody: it does not count as killed.
    """
    by: str
    """The test that killed it."""


class Judge:
    """Holds pytest's tests against mutants of modules in some folders."""

    def __init__(
        self,
        folders: list[Path],
        trials: Iterable[tuple[Path, Mutant]],
        told: Callable[[Path, Verdict], None],
    ) -> None:
        self.folders = folders
        self.trials = trials
        self.told = told
        self.failing: list[str] = []
        self._reaching: dict[Place, list[str]] = {}
        self._seen: dict[str, Seen] = {}
        self._living: dict[str, list[FunctionType]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        items = {item.nodeid: item for item in session.items}
        self._seen = dict(_seen(session))  # here, so that children find everything warm
        self.failing = [name for name, seen in self._seen.items() if not seen.passed]
        self.failing = self.failing or self._failing_in_a_child(session)
        if self.failing:
            return True
        gc.unfreeze()  # what an earlier judge of this process has frozen is not found
        self._living = living(self.folders)
        forget_results(self._living)
        gc.freeze()  # no child looks through what all of them share
        for path, mutant in self.trials:
            self.told(path, self._judged(session, items, path, mutant))
        return True

    def _failing_in_a_child(self, session: pytest.Session) -> list[str]:
        """Tests that fail there without any fault: they would kill every mutant."""
        items = sorted(session.items, key=lambda item: self._seen[item.nodeid].cpu_s)
        ended = forked(lambda: _first_failing(session, items, [ENOUGH_S] * len(items)))
        return [] if ended.result == "" else [ended.result or "a process without any fault died"]

    def _judged(
        self, session: pytest.Session, items: dict[str, pytest.Item], path: Path, mutant: Mutant
    ) -> Verdict:
        names = self._names((str(path), mutant.function))
        if not names:
            return Verdict(mutant, "unreached", "")

        def killer() -> str:
            swap(self._living[str(path)], mutant.before, mutant.source)
            times = [GRACE_S + TIMES * self._seen[name].cpu_s for name in names]
            return _first_failing(session, [items[name] for name in names], times)

        ended = forked(killer)
        if ended.too_long:
            return Verdict(mutant, "timeout", "")
        if ended.result == "":
            return Verdict(mutant, "survived", "")
        if ended.result is None:
            return Verdict(mutant, "died", "")
        names.remove(ended.result)  # it may well kill the next one, too
        names.insert(0, ended.result)
        return Verdict(mutant, "killed", ended.result)

    def _names(self, place: Place) -> list[str]:
        """The tests that reach a function, those first that shall be tried first."""
        if place not in self._reaching:
            reaching = [name for name, seen in self._seen.items() if place in seen.reached]
            module = Path(place[0]).stem
            self._reaching[place] = sorted(
                reaching, key=lambda name: (not is_near(name, module), self._seen[name].cpu_s)
            )
        return self._reaching[place]


def is_near(test: str, module: str) -> bool:
    """Whether a test is the module's own, or an example in its docstrings: it kills most mutants.

    >>> [is_near(f"{file}::test_bread", "guards") for file in ("a/test_guards.py", "a/guards.py")]
    [True, True]
    >>> is_near("a/test_guardrails.py::test_guards", "guards")
    False
    """
    return Path(test.partition("::")[0]).stem.removeprefix("test_") == module


def _seen(session: pytest.Session) -> Iterator[tuple[str, Seen]]:
    """Every test, run as it is."""
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
        failed, began = session.testsfailed, time.process_time()
        reached = _reached(partial(_run, item, following))
        cpu_s = time.process_time() - began
        yield item.nodeid, Seen(cpu_s, session.testsfailed == failed, reached)


def _reached(work: Callable[[], None]) -> set[Place]:
    """The functions that this work calls."""
    codes: dict[int, CodeType] = {}

    def note(frame: FrameType, _event: str, _argument: object) -> None:
        codes[id(frame.f_code)] = frame.f_code

    sys.settrace(note)
    work()
    sys.settrace(None)
    return {_place(code) for code in codes.values()}


def _place(code: CodeType) -> Place:
    return os.path.realpath(code.co_filename), code.co_qualname.split(".<locals>")[0]


def _first_failing(session: pytest.Session, items: list[pytest.Item], times: list[float]) -> str:
    """The first test that fails, each allowed its time; nothing, if none does."""
    for item, following, cpu_s in zip(items, [*items[1:], None], times, strict=True):
        allow(cpu_s)
        _run(item, following)
        if session.testsfailed:
            return item.nodeid
    return ""


def _run(item: pytest.Item, following: pytest.Item | None) -> None:
    """Run a test so that it can be run again: a docstring's examples lose their names otherwise."""
    examples = getattr(item, "dtest", None)
    names = {} if examples is None else dict(examples.globs)
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    if examples is not None:
        examples.globs.update(names)
