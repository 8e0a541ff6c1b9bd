"""Fuzzing: `NUMBA_BOUNDSCHECK=1 python -m tests.fuzz --events 10000000 --seed 1`.

Refuses to begin where compiled loops do not check their bounds, as it would find nothing then.
"""

import sys

import click
import numpy as np

from models.compiled import compiled
from tests.fuzz.episodes import EVENTS, Life


@compiled
def beyond(numbers: np.ndarray, place: int) -> int:
    """A number that is not there."""
    return int(numbers[place])


def bounds_are_checked() -> bool:
    """Whether a loop that looks beyond its array says so."""
    try:
        beyond(np.zeros(1 << 16, np.int64)[: 1 << 8], 1 << 9)
    except IndexError:
        return True
    return False


@click.command()
@click.option(
    "--events", default=10_000_000, help="Events to be learned, in lives of some thousands."
)
@click.option("--seed", default=1, help="Of the first life; each next one has the next.")
def main(events: int, seed: int) -> None:
    """Let models live under tight bounds, and see that they keep to their arrays."""
    if not bounds_are_checked():
        sys.exit("bounds are not checked here: set NUMBA_BOUNDSCHECK=1")
    lives = -(-events // EVENTS)
    for number in range(seed, seed + lives):
        try:
            Life(number).live(min(EVENTS, events))
        except Exception:
            print(f"life {number} ended badly: --seed {number} --events {EVENTS}", file=sys.stderr)  # noqa: T201
            raise
        if (number - seed + 1) % 250 == 0:
            print(f"{number - seed + 1} of {lives} lives", flush=True)  # noqa: T201
    print(f"{lives * min(EVENTS, events):,} events in {lives:,} lives: nothing found")  # noqa: T201


if __name__ == "__main__":
    main()
