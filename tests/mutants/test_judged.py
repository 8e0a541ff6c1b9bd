"""The judge: a fault is put into a running process, and the tests that reach it say what it is."""

import importlib.util
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.forks import allow, forked
from tests.mutants.swapped import forget_results, living, swap

SHOP = """
def price(n):
    '''What it costs.

    >>> price(1)
    3
    '''
    return n * 3

def loop(n):
    while n > 0:
        n -= 1
    return n

def unused():
    return 1

class Till:
    def __init__(self):
        self.total = 0

    def take(self, n):
        self.total += price(n)
        self.total += 0
"""
TESTS = """
from shop import Till, loop, price

def test_price():
    assert price(2) == 6

def test_loop():
    assert loop(3) == 0

def test_till():
    till = Till()
    till.take(2)
    assert till.total == 6
"""
ONCE = """
RUNS = []

def test_once():
    RUNS.append(1)
    assert len(RUNS) == 1
"""
JUDGE = """
import json, sys
from pathlib import Path
import pytest
from tests.mutants.judged import Judge
from tests.mutants.mutants import mutants

root, found = Path(sys.argv[1]), {}
trials = [(root / "shop.py", mutant) for mutant in mutants(root / "shop.py")]
keep = lambda path, verdict: found.update({verdict.mutant.name: verdict.said})
none = Judge([root], [], keep)
judge = Judge([root], trials, keep)
tests = [str(root / "test_shop.py"), str(root / "shop.py")]
options = ["-q", "-s", "-p", "no:randomly", "--doctest-modules", "--rootdir", str(root)]
for each in (none, judge):  # one after the other, as the groups of modules are judged
    pytest.main([*options, *tests], plugins=[each])
assert judge.failing == (["test_shop.py::test_once"] if len(sys.argv) > 3 else []), judge.failing
Path(sys.argv[2]).write_text(json.dumps(found))
"""


def loaded(path: Path) -> ModuleType:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_fault_that_finds_no_function_is_an_error() -> None:
    """It would survive everything."""
    with pytest.raises(LookupError):
        swap([], SHOP, SHOP.replace("n * 3", "n * 4"))


def test_whoever_imported_a_function_has_its_mutant(tmp_path: Path) -> None:
    """Functions keep their identity, and methods are those of instances that are there."""
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    shop = loaded(path)
    price, till = shop.price, shop.Till()
    swap(living([tmp_path])[str(path)], SHOP, SHOP.replace("n * 3", "n * 4"))
    till.take(1)

    assert 8 == price(2)
    assert 4 == till.total


def test_a_method_that_no_longer_calls_its_parents_is_a_mutant(tmp_path: Path) -> None:
    """Though the cell that `super()` needs is bound to it."""
    source = SHOP + "class Shop(Till):\n    def take(self, n):\n        super().take(n)\n"
    path = tmp_path / "shop.py"
    path.write_text(source)
    shop = loaded(path).Shop()
    swap(living([tmp_path])[str(path)], source, source.replace("super().take(n)", "pass"))
    shop.take(1)

    assert 0 == shop.total


def test_a_cache_does_not_know_what_was_before_the_fault(tmp_path: Path) -> None:
    """Or the mutant would be judged by the results of the code."""
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    price = lru_cache(loaded(path).price)
    assert 6 == price(2)
    functions = living([tmp_path])
    swap(functions[str(path)], SHOP, SHOP.replace("n * 3", "n * 4"))
    assert 6 == price(2)
    forget_results(functions)

    assert 8 == price(2)


def test_what_a_child_does_is_gone_with_it() -> None:
    """Its result comes back, and nothing else."""
    kept = {1}

    def more() -> set[int]:
        kept.add(2)
        return kept

    assert ({1, 2}, False) == forked(more)
    assert {1} == kept


def test_a_child_that_does_not_end_is_ended() -> None:
    """After its own time on the processor."""

    def forever() -> int:
        allow(0.1)
        while True:
            pass

    ended = forked(forever)

    assert (None, True) == ended


def test_a_child_that_dies_has_no_result() -> None:
    """Whatever it died of."""
    assert (None, False) == forked(lambda: sys.exit("enough"))


def test_killed_timed_out_survived_and_unreached_are_told_apart(tmp_path: Path) -> None:
    """A shop of three functions, and three tests."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    found = tmp_path / "found.json"
    subprocess.run([sys.executable, "-c", JUDGE, str(tmp_path), str(found)], check=True)
    said = json.loads(found.read_text())

    assert "killed" == said["price: return n * 3 -> pass"]
    assert "killed" == said["Till.take: self.total += price(n) -> pass"]
    assert "timeout" == said["loop: n -= 1 -> pass"]
    assert "survived" == said["Till.take: self.total += 0 -> pass"]
    assert "unreached" == said["unused: return 1 -> pass"]


def test_a_test_that_passes_only_once_judges_nothing(tmp_path: Path) -> None:
    """It would kill every mutant, whatever that is."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(TESTS + ONCE)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    found = tmp_path / "found.json"
    subprocess.run([sys.executable, "-c", JUDGE, str(tmp_path), str(found), "once"], check=True)

    assert {} == json.loads(found.read_text())
