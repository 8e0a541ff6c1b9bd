"""Scripted sequences: what each kind of trouble is called, and that what is none is called OK."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.log_reader import GroupMember
from streams.operations.lag.figures import GroupLag, PartitionLag, partition_lag
from streams.operations.lag.history import History
from streams.operations.lag.status import Sight, Status, status

MEMBERS = (GroupMember("ann", "10.0.0.7", (0,)),)
EVERY_S = 5.0


class Told:
    """A group on one partition, looked at every five seconds."""

    def __init__(self) -> None:
        self.history = History()
        self.now_s = 0.0
        self.members: tuple[GroupMember, ...] | None = MEMBERS
        self.statuses: list[Status | None] = []

    def look(
        self, committed: int | None, end: int, *, begin: int = 0, lag_s: float | None = 60.0
    ) -> PartitionLag:
        """What is told after one more look; what waits has waited for `lag_s`."""
        self.now_s += EVERY_S
        since_ms = None if lag_s is None else 0
        one = partition_lag(
            0,
            committed=committed,
            begin=begin,
            end=end,
            waiting_since_ms=since_ms,
            now_ms=int(1000 * (lag_s or 0)),
            owner=next((who.name for who in self.members or () if 0 in who.partitions), None),
        )
        lag = self.history.seen(GroupLag("g", "t", (one,), self.members), self.now_s)
        self.statuses.append(lag.partitions[0].status)
        return lag.partitions[0]


def test_a_group_that_gets_on_is_ok_whatever_waits_at_a_look() -> None:
    """A busy topic has events under way at every look; they have not waited for long."""
    told = Told()
    for n in range(20):
        told.look(1_000 * n, 1_000 * n + 40, lag_s=0.2)

    assert {"OK"} == set(told.statuses)


def test_a_quiet_topic_is_ok_for_as_long_as_nothing_waits() -> None:
    """Nothing is committed for hours, as there is nothing to commit; nor does one event alarm."""
    told = Told()
    for _ in range(100):
        told.look(7, 7)
    told.look(7, 8, lag_s=0.1)
    told.look(7, 8, lag_s=5.1)
    told.look(8, 8)

    assert {"OK"} == set(told.statuses)


def test_a_quiet_topic_whose_log_retention_has_emptied_has_lost_nothing() -> None:
    """What was answered may go."""
    told = Told()
    told.look(7, 7)
    told.look(7, 7, begin=7)

    assert ["OK", "OK"] == told.statuses


def test_a_stall_is_told_when_the_window_has_seen_enough() -> None:
    """Not at once: a rebalance takes some seconds, too; then for as long as it lasts."""
    told = Told()
    told.look(100, 100)
    for n in range(30):
        told.look(100, 150 + 10 * n)
    ok_first, later = told.statuses[:10], told.statuses[-15:]

    assert "STALLED" not in ok_first
    assert {"STALLED"} == set(later)


def test_a_group_that_has_stopped_is_told_apart_from_one_that_stands_still() -> None:
    """By whether anybody answers for the partition; the empty group already at one look."""
    told = Told()
    told.members = (GroupMember("ben", "10.0.0.8", (1,)),)
    for n in range(20):
        told.look(100, 150 + n)
    empty = Told()
    empty.members = ()

    assert "STOPPED" == told.statuses[-1]
    assert None is told.statuses[0]
    assert "STOPPED" == empty.look(100, 150).status
    assert "OK" == empty.look(150, 150).status


def test_a_group_that_is_empty_for_the_moment_of_a_restart_is_ok() -> None:
    """What came meanwhile has not waited for long."""
    told = Told()
    told.look(100, 100)
    told.members = ()
    told.look(100, 104, lag_s=1.0)
    told.members = MEMBERS
    told.look(104, 104)

    assert ["OK", "OK", "OK"] == told.statuses


def test_a_broker_that_does_not_tell_of_members_has_stalls_and_no_stops() -> None:
    """Nobody knows whether anybody is there."""
    told = Told()
    told.members = None
    for n in range(20):
        told.look(100, 150 + n)

    assert "STALLED" == told.statuses[-1]


def test_a_burst_that_is_worked_off_is_ok() -> None:
    """The lag rises for some looks, and falls for many: nobody is woken."""
    told, committed = Told(), 0
    for n in range(40):
        end = 100 * n + (20_000 if n > 5 else 0)
        committed = min(end, committed + 1_000)
        told.look(committed, end, lag_s=60.0 if committed < end else None)

    assert {"OK"} == set(told.statuses)


def test_a_group_that_is_too_slow_is_warned_of() -> None:
    """It answers, but the lag gets no less at any look."""
    told = Told()
    for n in range(20):
        slow = told.look(100 * n, 500 + 150 * n)

    assert "WARN" == slow.status
    assert (30.0, 20.0, None) == (slow.arrived_per_s, slow.answered_per_s, slow.catch_up_s)


def test_a_backlog_that_gets_less_is_ok_and_has_a_time_to_catch_up() -> None:
    """By the rates of the window."""
    told = Told()
    for n in range(8):
        one = told.look(1_000 * n, 20_000 + 100 * n)

    assert "OK" == one.status
    assert (20.0, 200.0) == (one.arrived_per_s, one.answered_per_s)
    assert one.catch_up_s == pytest.approx(13_700 / 180)


def test_a_rewind_is_told_at_once_and_until_it_is_made_good() -> None:
    """Also from the end of the log, where nothing had waited: all is answered again."""
    told = Told()
    told.look(100, 100)
    told.look(20, 100)
    told.look(60, 100)
    told.look(100, 100)
    told.look(110, 130, lag_s=1.0)

    assert ["OK", "REWIND", "REWIND", "OK", "OK"] == told.statuses


def test_a_topic_that_was_made_anew_is_ahead_until_the_group_begins_anew() -> None:
    """The group would pass events by until the log has grown to its offset."""
    told = Told()
    told.look(1_000, 1_000)
    ahead = told.look(1_000, 20)
    told.look(0, 20, lag_s=0.5)
    told.look(20, 25, lag_s=0.5)

    assert ["OK", "AHEAD", "OK", "OK"] == told.statuses
    assert 0 == ahead.lag_events


def test_what_an_open_transaction_holds_back_is_not_ahead() -> None:
    """A group that reads what is not committed is beyond the last stable offset, not the log."""
    lag = partition_lag(
        0,
        committed=15,
        begin=0,
        end=10,
        waiting_since_ms=None,
        now_ms=0,
        high_watermark=15,
    )
    (one,) = History().seen(GroupLag("g", "t", (lag,), MEMBERS), 0.0).partitions

    assert "OK" == one.status


def test_a_group_that_was_deleted_has_no_history() -> None:
    """Nothing is committed any more: it has not gone back, it is not there."""
    told = Told()
    told.look(100, 100)
    told.members = ()
    gone = told.look(None, 100, begin=10)

    assert ("STOPPED", 90, 1.0) == (gone.status, gone.lag_events, gone.retention_share)
    assert None is gone.answered_per_s


def test_what_retention_took_unanswered_is_an_error() -> None:
    """Whatever else is well."""
    assert "ERROR" == Told().look(100, 500, begin=101).status
    assert "ERROR" != Told().look(100, 500, begin=100).status


def test_one_look_does_not_tell_what_takes_time() -> None:
    """Nor do two that are far apart, nor many in a moment."""
    told = Told()
    told.look(100, 500)
    for _ in range(5):
        told.now_s -= EVERY_S - 0.1
        told.look(100, 500)
    apart = Told()
    apart.look(100, 500)
    apart.now_s += 40
    apart.look(100, 500)

    assert {None} == set(told.statuses + apart.statuses)


def test_history_holds_no_more_than_its_window() -> None:
    """However long it is watched, and whatever has gone."""
    told = Told()
    for n in range(500):
        told.look(n, n + 5)
    (looks,) = told.history._looks.values()
    kept = len(looks)
    told.history.keep(told.now_s + 30)
    after_a_moment = len(told.history._looks)
    told.history.keep(told.now_s + 61)

    assert (13, 1, {}) == (kept, after_a_moment, told.history._looks)


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)),
        min_size=1,
        max_size=20,
    )
)
def test_no_sequence_of_looks_is_without_an_answer(
    looks: list[tuple[int | None, int, int]],
) -> None:
    """And where nothing waits, and nothing was lost or is beyond the end, it is OK."""
    told = Told()
    for committed, begin, more in looks:
        end = begin + more
        one = told.look(committed, end, begin=begin)

        assert one.status == "OK" or one.lag_events or committed != end
        assert (one.status == "AHEAD") == (committed is not None and committed > end)
        assert one.catch_up_s is None or one.catch_up_s >= 0


def test_an_offset_that_went_back_over_nothing_is_ok() -> None:
    """What lies between is markers of transactions: nothing is answered again."""
    seen = Sight(0.0, 0, 100, 100, 0, 0.0, owned=True)
    back = Sight(5.0, 0, 100, 98, 0, 0.0, owned=True)

    assert "OK" == status([seen, back])


def test_a_topic_that_was_made_anew_and_has_outgrown_the_old_one_has_no_history() -> None:
    """It begins before the old one did: the group has not gone back, it is elsewhere."""
    told = Told()
    told.look(100, 100, begin=50)
    told.look(5, 200)

    assert ["OK", None] == told.statuses


def test_a_deleted_group_that_begins_anew_has_not_gone_back() -> None:
    """It was said at once that it was gone."""
    told = Told()
    told.look(100, 100)
    told.look(None, 100)
    told.look(5, 100)

    assert ["OK", None, None] == told.statuses
