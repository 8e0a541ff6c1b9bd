"""Warming up: no shopper waits for a compiler."""

import subprocess
import sys

import pytest

ASKED = """
from models import {module}
from models.warm import warm

warm()
print(*(name for name in {names} if not getattr({module}, name).signatures))
"""


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("categories", ["learn", "speak", "suggest", "describe"]),
        ("learning", ["learn", "forget", "forget_shoppers", "renumber"]),
        ("neighbours", ["renumber"]),
        ("proposing", ["propose"]),
        ("evidence", ["tell"]),
        ("ranker", ["score", "shares", "gradient", "step"]),
    ],
)
def test_what_python_calls_is_compiled_when_it_is_warm(module: str, names: list[str]) -> None:
    """In a process that did nothing else: what was never called has no signature."""
    script = ASKED.format(module=module, names=names)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300
    )

    assert "" == done.stdout.strip()
