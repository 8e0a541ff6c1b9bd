"""Mutants: where there are some, what they are called, and what is none."""

from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator

from tests.mutants.mutants import Mutant, mutants
from tests.mutants.operators import OURS

EXAMPLES = [(make(), example) for make in OURS for example in make.examples()]

TILL = '''
"""A till."""

FEE = 2


class Till:
    """Counts."""

    def __init__(self, start: int = 0) -> None:
        self.total = start

    def take(self, amount: int, limit: int = 10) -> int:
        """Take some money."""
        if amount > 0 and amount < limit:
            self.total += amount
        return max(self.total, FEE)
'''


def made(tmp_path: Path, source: str) -> list[Mutant]:
    """The mutants of this source."""
    path = tmp_path / "till.py"
    path.write_text(source)
    return mutants(path)


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_our_operators_do_what_their_examples_say(operator: Operator, example: Example) -> None:
    """The form that Cosmic Ray has for it."""
    changed = mutate_code(example.pre_mutation_code, operator, example.occurrence)

    assert example.post_mutation_code == changed


def test_a_step_that_is_left_out_is_a_mutant(tmp_path: Path) -> None:
    """And so is a condition, a bound, a number."""
    names = {mutant.name for mutant in made(tmp_path, TILL)}

    assert {
        "Till.take: self.total += amount -> pass",
        "Till.take: if amount > 0 and amount < limit: -> if amount < limit:",
        "Till.take: if amount > 0 and amount < limit: -> if amount >= 0 and amount < limit:",
        "Till.take: return max(self.total, FEE) -> return (FEE)",
    } <= names


def test_constants_defaults_and_docstrings_have_no_mutants(tmp_path: Path) -> None:
    """They are choices and words: every mutant is in the body of a function."""
    found = made(tmp_path, TILL)

    assert {"Till.__init__", "Till.take"} == {mutant.function for mutant in found}
    assert all("FEE = 2" in mutant.source for mutant in found)
    assert all("limit: int = 10" in mutant.source for mutant in found)
    assert all('"""Take some money."""' in mutant.source for mutant in found)


def test_a_name_outlives_changes_elsewhere(tmp_path: Path) -> None:
    """No line numbers: what is explained stays explained."""
    later = TILL.replace("FEE = 2", "FEE = 2\nTAX = 3\n")

    assert [m.name for m in made(tmp_path, TILL)] == [m.name for m in made(tmp_path, later)]


def test_no_two_mutants_have_one_name_or_one_meaning(tmp_path: Path) -> None:
    """Two ways to write the same fault are one fault; two alike in two places are two."""
    source = "def f(a):\n    if a is None:\n        g()\n    g()\n"
    found = made(tmp_path, source)
    names = [mutant.name for mutant in found]

    assert len(names) == len(set(names))
    assert ["f: g() -> pass", "f: g() -> pass (the 2. of its kind)"] == [
        name for name in names if "g()" in name
    ]
    assert 1 == sum("a is None: ->" in name for name in names)


def test_the_lines_of_a_mutant_are_those_it_changes(tmp_path: Path) -> None:
    """By them it is known what a change touches."""
    (dropped,) = [m for m in made(tmp_path, TILL) if m.name.endswith("+= amount -> pass")]
    lines = TILL.splitlines()

    assert ["self.total += amount"] == [lines[n - 1].strip() for n in dropped.lines]
