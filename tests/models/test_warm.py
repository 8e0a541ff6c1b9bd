"""Warming up: no shopper waits for a compiler."""

import subprocess
import sys

CALLED = {
    "recommenders.best_fit.candidates": ["propose"],
    "recommenders.best_fit.categories.category_votes": [
        *("learn", "cast_votes", "suggest", "describe"),
    ],
    "recommenders.best_fit.counts.learning": ["learn", "forget", "forget_shoppers", "renumber"],
    "recommenders.best_fit.explanation": ["explain"],
    "recommenders.best_fit.ranker": ["score", "shares", "gradient", "step"],
    "recommenders.pair_table.counting": ["learn", "forget", "advance_eras"],
    "recommenders.pair_table.uncounting": ["uncount"],
    "recommenders.pair_table.ranking": ["rank", "candidates"],
    "recommenders.session_index.neighbours": ["renumber"],
}
"""The loops that Python calls; they call the others."""
ASKED = f"""
from importlib import import_module

from models.warm import warm

warm()
for module, names in {CALLED}.items():
    for name in names:
        if not getattr(import_module("models." + module), name).signatures:
            print(module, name)
"""


def test_what_python_calls_is_compiled_when_it_is_warm() -> None:
    """In a process that did nothing else: what was never called has no signature."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=True, timeout=300
    )

    assert "" == done.stdout
