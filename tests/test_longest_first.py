"""The tests are handed out so that no process waits for another at the end."""

from pathlib import Path

import pytest

from tests.longest_first import SECONDS, longest_first

ROOT = Path(__file__).parent.parent


def test_long_files_begin_first_then_those_of_most_tests(request: pytest.FixtureRequest) -> None:
    """Whole files, each with its tests in the order that chance has given them."""
    (longest, _), *_, (shortest, _) = SECONDS.items()
    drawn = [
        *("tests/a.py::e", "tests/b.py::two", "tests/b.py::one", f"{shortest}::d"),
        *("tests/b.py::three", f"{longest}::g", f"{longest}::f"),
    ]
    items = [Named.from_parent(request.session, name="x", nodeid=nodeid) for nodeid in drawn]

    assert [
        *(f"{longest}::g", f"{longest}::f", f"{shortest}::d"),
        *("tests/b.py::two", "tests/b.py::one", "tests/b.py::three", "tests/a.py::e"),
    ] == [item.nodeid for item in longest_first(items)]


class Named(pytest.Item):
    """A test that has a name, and is never run."""

    def runtest(self) -> None:
        """Nothing."""


def test_files_that_are_called_long_are_there_the_longest_first() -> None:
    """What is renamed is renamed here, too."""
    assert [] == [name for name in SECONDS if not (ROOT / name).exists()]
    assert sorted(SECONDS.values(), reverse=True) == [*SECONDS.values()]


def test_make_hands_out_files_in_this_order() -> None:
    """By itself pytest-xdist would begin with the files of most tests."""
    assert "--dist loadfile --no-loadscope-reorder" in (ROOT / "Makefile").read_text()
