"""The fault plan: a list of faults drawn from a seed, the same for the same seed."""

import random
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal[
    "kill",
    "kill_away",
    "term",
    "pause",
    "broker_stop",
    "broker_kill",
    "broker_restart",
    "redis_kill",
    "redis_flush",
    "redis_slow",
    "join",
    "leave",
]
KINDS: dict[Kind, str] = {
    "kill": "SIGKILL a worker; its keeper restarts it at once",
    "kill_away": "SIGKILL a worker and its keeper, restart them after its session",
    "term": "SIGTERM a worker, restart it at once under its name",
    "pause": "SIGSTOP a worker for longer than its session, then SIGCONT: a zombie",
    "broker_stop": "shut the broker down, start it again after a while",
    "broker_kill": "SIGKILL the broker, start it again after a while",
    "broker_restart": "shut the broker down, start it again at once",
    "redis_kill": "SIGKILL Redis, start it again, empty, after a while",
    "redis_flush": "empty Redis",
    "redis_slow": "let Redis answer nobody for a while",
    "join": "start one more worker",
    "leave": "SIGTERM a worker, which stays away",
}
"""Every kind of fault, and what is done."""
ON_WORKERS: frozenset[Kind] = frozenset({"kill", "kill_away", "term", "pause", "join", "leave"})
BEYOND_SESSION_S = 1.5
"""So much longer than its session a worker is away: the group has given it up by then."""
WORKERS_MIN, WORKERS_MAX = 2, 3


class Fault(NamedTuple):
    """One thing that goes wrong."""

    kind: Kind
    after_s: float
    """Pause since the fault before was over."""
    lasts_s: float
    """How long whoever it hits is away; 0: it comes back at once, or was never gone."""
    whom: float
    """In [0, 1): which of the workers that live by then."""


def plan(faults: int, seed: int, *, between_s: float, session_timeout_s: float) -> list[Fault]:
    """So many faults, `between_s` seconds apart on average; every kind comes up as often.

    >>> bad_day = plan(24, seed=1, between_s=4.0, session_timeout_s=6.0)
    >>> sorted({fault.kind for fault in bad_day}) == sorted(KINDS)
    True
    >>> bad_day == plan(24, seed=1, between_s=4.0, session_timeout_s=6.0)
    True
    """
    dice = random.Random(seed)
    workers, planned = WORKERS_MIN, []
    kinds = _in_turn(dice)
    for _ in range(faults):
        kind = next(kinds)
        if kind in ("join", "leave"):  # whichever there is room for
            kind = "leave" if workers == WORKERS_MAX else "join"
            workers += 1 if kind == "join" else -1
        after_s = between_s * dice.uniform(0.25, 1.75)
        lasts_s = _lasts_s(kind, dice, session_timeout_s)
        planned.append(Fault(kind, after_s, lasts_s, whom=dice.random()))
    return planned


def _in_turn(dice: random.Random) -> Iterator[Kind]:
    while True:
        kinds = list(KINDS)
        dice.shuffle(kinds)
        yield from kinds


def _lasts_s(kind: Kind, dice: random.Random, session_timeout_s: float) -> float:
    if kind in ("kill_away", "pause"):
        return session_timeout_s + BEYOND_SESSION_S
    if kind in ("broker_stop", "broker_kill"):
        return dice.uniform(1.0, session_timeout_s + BEYOND_SESSION_S)
    if kind in ("redis_kill", "redis_slow"):
        return dice.uniform(1.0, 4.0)
    return 0.0
