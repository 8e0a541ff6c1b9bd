"""Warming up: no shopper waits for a compiler."""

import subprocess
import sys

import pytest

ASKED = """
from importlib import import_module

from models.warm import warm

module = import_module("models.{module}")
warm()
print(*(name for name in {names} if not getattr(module, name).signatures))
"""


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "recommenders.best_fit.categories.category_votes",
            ["learn", "cast_votes", "suggest", "describe"],
        ),
        (
            "recommenders.best_fit.counts.learning",
            ["learn", "forget", "forget_shoppers", "renumber"],
        ),
        ("recommenders.session_index.neighbours", ["renumber"]),
        ("recommenders.best_fit.candidates", ["propose"]),
        ("recommenders.best_fit.explanation", ["explain"]),
        ("recommenders.best_fit.ranker", ["score", "shares", "gradient", "step"]),
    ],
)
def test_what_python_calls_is_compiled_when_it_is_warm(module: str, names: list[str]) -> None:
    """In a process that did nothing else: what was never called has no signature."""
    script = ASKED.format(module=module, names=names)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300
    )

    assert "" == done.stdout.strip()
