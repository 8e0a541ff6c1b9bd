"""What a policy does not earn for not knowing the truth, in worlds where we know it.

Each bound compares two means over the same seeds, which is to say over the same shoppers:

```
ten_arms          20,000 decisions between ten arms            of textbook Thompson sampling
late_by_1000      the same, each reward 1,000 decisions late   of the same without delay
context_*         384 contexts of four factors, eight arms     of each peer
drift             the best arm becomes the worst at half time  of the same, never forgetting
weekends, wave    all arms pay 40 % less or more together      of the same, blind to sudden changes
survival_*        conversions come late, or never              of waiting for the end of the window
```
"""

import json
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from streams.contract.errors import Misconfigured
from streams.lab.bench.regret.players import (
    PolicyPlayer,
    River,
    Textbook,
    factor_policy,
    plain_policy,
)
from streams.lab.bench.regret.players import regret_when_late as late
from streams.lab.bench.regret.worlds import (
    BEST_IS_LATE,
    DAY,
    EQUALLY_LATE,
    HORIZON,
    TEN_ARMS,
    contextual,
    flipping,
    plain,
    swinging,
)

PEERS = Path(".venv-peers/bin/python")
PEER_S_MAX = 1800
PACE_S = 86_400 / DAY
"""Seconds a decision where the world drifts: 7,000 decisions in the policy's half-life."""
NEVER_SETTLED_S = 10 * 365 * 86_400.0
"""Trials that may earn for so long are never judged: the policy finds no change."""
NEVER_S = 1e12
"""A half-life that forgets nothing."""

Game = Callable[[int, int], float]
"""From a seed and a horizon to a regret."""


def ten_arms(seed: int, horizon: int) -> float:
    """Our policy on ten arms."""
    return plain(TEN_ARMS, seed, horizon).play(PolicyPlayer(plain_policy(), 10, seed))


def ten_arms_late(seed: int, horizon: int) -> float:
    """The same, each reward 1,000 decisions late."""
    return plain(TEN_ARMS, seed, horizon).play(PolicyPlayer(plain_policy(), 10, seed), delay=1_000)


def ten_arms_textbook(seed: int, horizon: int) -> float:
    """Textbook Thompson sampling on ten arms."""
    return plain(TEN_ARMS, seed, horizon).play(Textbook(10, seed))


def context(seed: int, horizon: int) -> float:
    """Our policy of factors in many contexts."""
    return contextual(seed, horizon).play(PolicyPlayer(factor_policy(), 8, seed))


def context_river(seed: int, horizon: int) -> float:
    """River's Thompson sampling there."""
    return contextual(seed, horizon).play(River(8, seed))


def drift(seed: int, horizon: int) -> float:
    """Our policy where the best arm becomes the worst."""
    return flipping(seed, horizon).play(PolicyPlayer(plain_policy(), 8, seed, PACE_S))


def drift_undecayed(seed: int, horizon: int) -> float:
    """The same policy that never forgets."""
    policy = plain_policy(half_life_s=NEVER_S)
    return flipping(seed, horizon).play(PolicyPlayer(policy, 8, seed, PACE_S))


def swing(shape: str, seed: int, horizon: int, *, blind: bool) -> float:
    """Our policy where all arms swing together; a blind one looks for no change."""
    policy = plain_policy(settle_s=NEVER_SETTLED_S if blind else 0.0)
    return swinging(shape, seed, horizon).play(PolicyPlayer(policy, 8, seed, PACE_S))


def peer(name: str, seed: int, horizon: int) -> float:
    """A player of `streams.lab.bench.regret.peers`, in its own environment."""
    command = [str(PEERS), "-m", "streams.lab.bench.regret.peers", name, str(seed), str(horizon)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(_root())}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=PEER_S_MAX, env=environment
    )
    return float(json.loads(done.stdout)["regret"])


def _root() -> list[str]:
    return [str(Path(__file__).parents[4])]


class Target(NamedTuple):
    """A bound on the mean regret of one game, as a share of that of another."""

    ours: str
    theirs: str
    bound: float
    seeds: int


GAMES: dict[str, Game] = {
    "context_mabwiser": partial(peer, "lints"),
    "context_vw": partial(peer, "squarecb"),
    "context": context,
    "context_river": context_river,
    "ten_arms": ten_arms,
    "ten_arms_late": ten_arms_late,
    "ten_arms_textbook": ten_arms_textbook,
    "drift": drift,
    "drift_undecayed": drift_undecayed,
    "weekends": partial(swing, "weekends", blind=False),
    "weekends_blind": partial(swing, "weekends", blind=True),
    "wave": partial(swing, "wave", blind=False),
    "wave_blind": partial(swing, "wave", blind=True),
    "survival_equal": partial(late, EQUALLY_LATE, strict=False),
    "strict_equal": partial(late, EQUALLY_LATE, strict=True),
    "survival_slow": partial(late, BEST_IS_LATE, strict=False),
    "strict_slow": partial(late, BEST_IS_LATE, strict=True),
}
LINES = {
    "ten_arms_of_textbook": Target("ten_arms", "ten_arms_textbook", 1.05, 100),
    "late_by_1000_of_no_delay": Target("ten_arms_late", "ten_arms", 1.45, 100),
    "context_of_river": Target("context", "context_river", 0.60, 20),
    "context_of_vw_squarecb": Target("context", "context_vw", 1.0, 20),
    "context_of_mabwiser_lints": Target("context", "context_mabwiser", 1.0, 20),
    "drift_of_undecayed": Target("drift", "drift_undecayed", 0.75, 48),
    "weekends_of_blind": Target("weekends", "weekends_blind", 1.02, 48),
    "wave_of_blind": Target("wave", "wave_blind", 1.02, 48),
    "survival_of_strict": Target("survival_equal", "strict_equal", 0.85, 32),
    "survival_of_strict_best_arm_slow": Target("survival_slow", "strict_slow", 0.85, 32),
}


def ready() -> None:
    """Raises `Misconfigured` when the peers' environment is missing."""
    if not PEERS.exists():
        raise Misconfigured(f"{PEERS} is missing: run `make peers` (mabwiser and vowpalwabbit)")


def seeds_of(game: str, seeds_max: int) -> int:
    """How many seeds a game is played with: as many as its most demanding line wants."""
    wanted = max(line.seeds for line in LINES.values() if game in (line.ours, line.theirs))
    return min(wanted, seeds_max)


def tasks(seeds_max: int) -> list[tuple[str, int]]:
    """All games with all their seeds, the longest ones first."""
    return [(game, seed) for game in GAMES for seed in range(seeds_of(game, seeds_max))]


def played(seeds_max: int, jobs: int, horizon: int = HORIZON) -> Iterator[tuple[str, int, float]]:
    """Play all games in `jobs` processes; yields game, seed and regret as they end."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a process is a core
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running = {pool.submit(GAMES[game], s, horizon): (game, s) for game, s in tasks(seeds_max)}
        for done in as_completed(running):
            yield (*running[done], done.result())


class Figure(NamedTuple):
    """A measured share and its bound."""

    value: float
    bound: float
    holds: bool


def judged(regrets: Iterable[tuple[str, int, float]]) -> dict[str, Figure]:
    """The lines, from the regret of each game and seed.

    >>> judged([("drift", 0, 30.0), ("drift_undecayed", 0, 50.0)])
    {'drift_of_undecayed': Figure(value=0.6, bound=0.75, holds=True)}
    """
    of = {(game, seed): regret for game, seed, regret in regrets}
    figures = {}
    for name, line in LINES.items():
        seeds = [s for s in range(line.seeds) if {(line.ours, s), (line.theirs, s)} <= of.keys()]
        if seeds:
            ours, theirs = (fmean(of[game, s] for s in seeds) for game in line[:2])
            share = round(ours / theirs, 4)
            figures[name] = Figure(share, line.bound, share <= line.bound)
    return figures


def means(regrets: Iterable[tuple[str, int, float]]) -> dict[str, tuple[float, float, int]]:
    """Mean regret of each game, its standard error, and how many seeds it was played with."""
    by_game: dict[str, list[float]] = {}
    for game, _, regret in regrets:
        by_game.setdefault(game, []).append(regret)
    return {
        game: (fmean(all_), stdev(all_) / len(all_) ** 0.5 if len(all_) > 1 else 0.0, len(all_))
        for game in GAMES
        if (all_ := by_game.get(game))
    }
