"""Events in the order of time."""

from hypothesis import given
from hypothesis import strategies as st

from streams.lab.evaluate.logs.sessions import LoggedSession, in_time

times = st.lists(st.floats(0, 1e9), min_size=1, max_size=6).map(lambda found: tuple(sorted(found)))
sessions = st.lists(
    times.map(lambda times_s: LoggedSession(("bread",) * len(times_s), times_s)), max_size=6
)


@given(log=sessions)
def test_time_never_falls_and_a_session_keeps_its_order(log: list[LoggedSession]) -> None:
    """Every event comes once."""
    found = list(in_time(log))
    told = [log[number].times_s[place] for number, place in found]

    assert sorted(told) == told
    for number, session in enumerate(log):
        places = [place for of, place in found if of == number]
        assert list(range(len(session.items))) == places
