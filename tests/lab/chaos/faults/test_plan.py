"""The plan of faults: seeded, bounded, and nothing is left out."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.lab.chaos.faults.plan import KINDS, WORKERS_MAX, WORKERS_MIN, Fault, plan


def drawn(faults: int, seed: int) -> list[Fault]:
    """A plan of the usual pace."""
    return plan(faults, seed, between_s=4.0, session_timeout_s=6.0)


@given(faults=st.integers(0, 200), seed=st.integers(0, 1000))
def test_there_is_always_a_worker_to_hit(faults: int, seed: int) -> None:
    """Workers join and leave, but never too many, and never the last two."""
    workers = WORKERS_MIN
    for fault in drawn(faults, seed):
        workers += (fault.kind == "join") - (fault.kind == "leave")
        assert WORKERS_MIN <= workers <= WORKERS_MAX


@given(seed=st.integers(0, 1000))
def test_every_kind_comes_up_as_often(seed: int) -> None:
    """In two hundred faults each of the twelve kinds comes up sixteen or seventeen times."""
    counted = Counter(fault.kind for fault in drawn(200, seed))

    assert counted.keys() == KINDS.keys()
    both = counted.pop("join") + counted.pop("leave")
    assert 32 <= both <= 34
    assert {16, 17} >= set(counted.values())


def test_a_zombie_sleeps_longer_than_its_session() -> None:
    """Else nobody would have taken its place."""
    asleep = [fault.lasts_s for fault in drawn(48, 1) if fault.kind in ("pause", "kill_away")]

    assert min(asleep) > 6.0
