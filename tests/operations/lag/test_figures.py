"""The arithmetic of lag."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from streams.cli.live import show
from streams.clients.log_reader import GroupMember
from streams.operations.lag.figures import GroupLag, PartitionLag, partition_lag
from streams.operations.lag.history import History
from streams.operations.lag.tables import in_one_line, lag_report, lag_table

OFFSETS = st.integers(0, 2**40)


def test_a_group_that_is_caught_up_has_no_lag() -> None:
    """Nothing waits, so nothing has waited for any time, however old the last event is."""
    lag = partition_lag(3, committed=7, begin=0, end=7, waiting_since_ms=None, now_ms=1_000_000)

    assert PartitionLag(3, end=7, committed=7, lag_events=0, lag_s=0.0) == lag


def test_seconds_are_the_age_of_the_event_at_the_committed_offset() -> None:
    """Not of the last one, and not interpolated."""
    lag = partition_lag(0, committed=5, begin=0, end=7, waiting_since_ms=1_000, now_ms=61_500)

    assert (2, 60.5) == (lag.lag_events, lag.lag_s)


def test_no_commit_is_not_offset_zero() -> None:
    """A group that never committed waits for all that the log still holds, and it shows."""
    never = partition_lag(0, committed=None, begin=90, end=100, waiting_since_ms=1, now_ms=2)
    zero = partition_lag(0, committed=0, begin=90, end=100, waiting_since_ms=1, now_ms=2)

    assert (None, 10) == (never.committed, never.lag_events)
    assert (0, 10) == (zero.committed, zero.lag_events)


def test_a_group_that_is_not_there_is_said_to_be_none() -> None:
    """Its name is wrong, mostly: that everything waits for it would be true, and no help."""
    waits = PartitionLag(0, 9, None, 9, 40.0, status="STOPPED")
    nobody = GroupLag("nosuch", "t", (waits,), ())
    text = io.StringIO()
    Console(file=text, width=100).print(lag_table(nobody))
    line = in_one_line(nobody)

    assert (False, True) == (nobody.exists, nobody.wrong)
    assert "nosuch on t: no such group" in text.getvalue()
    assert "ERROR" not in text.getvalue()
    assert "nobody is in it, and it has committed nothing" in " ".join(text.getvalue().split())
    assert "nosuch on t: 9 events wait, for 40.0 s; no such group: nobody is in it" in line
    assert json.loads(nobody.as_json())["exists"] is False


def test_a_group_that_somebody_is_in_or_that_has_committed_is_there() -> None:
    """So may be one of which the broker does not tell who is in it."""
    never, once = PartitionLag(0, 9, None, 9, 40.0), PartitionLag(0, 9, 4, 5, 40.0)
    member = GroupMember("w1", "host", ())

    assert GroupLag("g", "t", (never,), (member,)).exists
    assert GroupLag("g", "t", (never, once), ()).exists
    assert GroupLag("g", "t", (never,), None).exists
    assert not GroupLag("g", "t", (once,), ()).wrong
    assert GroupLag("g", "t", (once._replace(committed=12),), (member,)).wrong


def test_what_cannot_be_read_is_unknown_and_not_zero() -> None:
    """A total with an unknown part is unknown."""
    lag = partition_lag(0, committed=5, begin=0, end=7, waiting_since_ms=None, now_ms=61_500)
    caught_up = partition_lag(1, committed=7, begin=0, end=7, waiting_since_ms=None, now_ms=0)

    assert (2, None) == (lag.lag_events, lag.lag_s)
    assert GroupLag("g", "t", (lag, caught_up)).lag_s_max is None


def test_names_from_elsewhere_reach_no_terminal_as_they_are() -> None:
    """Whoever writes to Redis does not get to clear the operator's screen, nor does a group."""
    behind = PartitionLag(1, 9, None, 9, 40.0)
    line = in_one_line(GroupLag("g\x1b[2J", "t", (behind,), (), ("\x1b[2Jbad",)))

    assert r"g\x1b[2J on t: 9 events wait" in line
    assert r"seen of late: \x1b[2Jbad" in line
    assert "\x1b" not in line


@given(
    committed=st.none() | OFFSETS,
    begin=OFFSETS,
    end=OFFSETS,
    waiting_since_ms=st.none() | st.integers(0, 2**43),
    now_ms=st.integers(0, 2**43),
)
def test_lag_is_never_negative(
    committed: int | None, begin: int, end: int, waiting_since_ms: int | None, now_ms: int
) -> None:
    """Neither when offsets are asked for in the wrong order, nor when a clock is ahead."""
    lag = partition_lag(
        0,
        committed=committed,
        begin=begin,
        end=end,
        waiting_since_ms=waiting_since_ms,
        now_ms=now_ms,
    )

    assert lag.lag_events >= 0
    assert lag.lag_s is None or lag.lag_s >= 0


def test_the_report_adds_up_events_and_takes_the_longest_wait() -> None:
    """The object that `--json` prints."""
    lag = GroupLag(
        "workers",
        "shop.events",
        (
            PartitionLag(
                0, 10, 4, 6, 2.5, owner="ann", status="WARN", arrived_per_s=3.0, answered_per_s=1.0
            ),
            PartitionLag(1, 9, None, 9, 40.0, 3, status="STOPPED"),
        ),
        (GroupMember("ann", "10.0.0.7", (0,)),),
        ("ben",),
    )

    assert {
        "group": "workers",
        "topic": "shop.events",
        "exists": True,
        "status": "ERROR",
        "partitions": [
            {"partition": 0, "end": 10, "committed": 4, "lag_events": 6, "lag_s": 2.5}
            | {"held_back": 0, "owner": "ann", "begin": 0, "status": "WARN"}
            | {"arrived_per_s": 3.0, "answered_per_s": 1.0, "catch_up_s": None}
            | {"retention_share": 0.6, "ahead": 0},
            {"partition": 1, "end": 9, "committed": None, "lag_events": 9, "lag_s": 40.0}
            | {"held_back": 3, "owner": None, "begin": 0, "status": "STOPPED"}
            | {"arrived_per_s": None, "answered_per_s": None, "catch_up_s": None}
            | {"retention_share": 1.0, "ahead": 0},
        ],
        "lag_events": 15,
        "lag_s_max": 40.0,
        "members": [{"name": "ann", "host": "10.0.0.7", "partitions": [0]}],
        "missing": ["ben"],
    } == json.loads(lag.as_json())


def test_a_commit_beyond_the_end_is_an_error_and_no_lag_of_nothing() -> None:
    """In the table, in a line and in JSON."""
    lag = GroupLag("workers", "shop.events", (PartitionLag(1, 10, 5_000, 0, 0.0),))
    text = io.StringIO()
    Console(file=text, width=80).print(lag_table(lag))

    assert "ERROR: commits ahead of the log, by 4,990 on partition 1" in text.getvalue()
    assert "ERROR: commits ahead of the log, by 4,990 on partition 1" in in_one_line(lag)
    assert [4_990] == [one["ahead"] for one in json.loads(lag.as_json())["partitions"]]
    assert "ERROR" not in in_one_line(lag._replace(partitions=(PartitionLag(1, 10, 10, 0, 0.0),)))


@pytest.mark.parametrize("held_back", [0, 3, 4, 5])
def test_a_commit_beyond_the_end_is_told_where_the_status_is_ahead(held_back: int) -> None:
    """Table, line, JSON and exit code say what the status says: an open transaction's are held."""
    lag = GroupLag("workers", "shop.events", (PartitionLag(1, 10, 14, 0, 0.0, held_back),))
    (one,) = History().seen(lag, 0.0).partitions

    assert ("AHEAD" == one.status) == bool(one.ahead) == (held_back < 4)
    assert bool(one.ahead) == ("commits ahead of the log" in in_one_line(lag))


def test_the_table_says_no_commit(capsys: pytest.CaptureFixture[str]) -> None:
    """In words, where a number would be read as an offset."""
    show(lag_table(GroupLag("workers", "shop.events", (PartitionLag(1, 9, None, 9, 40.0),))))

    assert "no commit" in capsys.readouterr().out


def test_where_nothing_came_nothing_could_be_committed(capsys: pytest.CaptureFixture[str]) -> None:
    """A topic that was made just now is no group that is behind."""
    new, waits = PartitionLag(0, 0, None, 0, 0.0), PartitionLag(1, 1, None, 1, 2.0)
    show(lag_table(GroupLag("workers", "shop.events", (new,))))

    shown = capsys.readouterr().out
    assert "nothing yet" in shown
    assert "no commit" not in shown
    assert "no event waits" in in_one_line(GroupLag("workers", "shop.events", (new,)))
    one = in_one_line(GroupLag("workers", "shop.events", (new, waits)))
    assert one.endswith("1 event waits, for 2.0 s; partition 1: no commit")


def test_the_table_says_who_owns_what_and_who_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At 80 columns, names whole; a worker without a partition is named, too."""
    lag = GroupLag(
        "workers",
        "shop.events",
        (
            PartitionLag(0, 1_234_567, 1_234_567, 0, 0.0, owner="worker-7-of-a-shop"),
            PartitionLag(1, 1_234_567, 1_234_567, 0, 0.0),
        ),
        (
            GroupMember("spare", "10.0.0.8", ()),
            GroupMember("worker-7-of-a-shop", "10.0.0.7", (0,)),
        ),
        ("ben",),
    )
    Console(width=80, highlight=False).print(lag_table(lag))
    said = capsys.readouterr().out

    assert "worker-7-of-a-shop" in said
    assert "nobody" in said
    assert "without a partition: spare; missing, though seen of late: ben" in " ".join(said.split())
    assert "one that lives and waits, as where settings differ, says why" in " ".join(said.split())
    assert "…" not in said
    line = in_one_line(lag)
    assert "; partition 1: nobody; missing, though seen of late: ben (" in line
    assert line.endswith("says why at its /readyz)")


def test_while_redis_is_away_nobody_says_that_none_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An alert on "missing" is not blind without saying so."""
    lag = GroupLag("workers", "shop.events", (PartitionLag(0, 1, 1, 0, 0.0),), (), None)
    show(lag_table(lag))
    table, line = " ".join(capsys.readouterr().out.split()), in_one_line(lag)

    assert "not known: Redis does not answer" in table
    assert "not known: Redis does not answer" in line
    assert json.loads(lag.as_json())["missing"] is None


def test_a_broker_that_does_not_tell_is_no_group_without_members(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The embedded one knows no such question."""
    lag = GroupLag("workers", "shop.events", (PartitionLag(0, 1, 1, 0, 0.0),))
    show(lag_table(lag))

    assert "nobody" not in capsys.readouterr().out + in_one_line(lag)
    assert json.loads(lag.as_json())["members"] is None


def test_what_an_open_transaction_holds_back_is_told_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It waits for its producer: it is no lag of ours, and no secret either."""
    lag = partition_lag(
        3, committed=7, begin=0, end=7, waiting_since_ms=None, now_ms=1, high_watermark=12
    )
    show(lag_table(GroupLag("workers", "shop.events", (lag,))))

    assert (0, 0.0, 5) == (lag.lag_events, lag.lag_s, lag.held_back)
    said = " ".join(capsys.readouterr().out.split())
    assert "offsets held back by open transactions: 5 of partition 3" in said


def test_a_high_watermark_that_was_asked_for_earlier_holds_nothing_back() -> None:
    """The end has moved on since."""
    lag = partition_lag(
        0, committed=9, begin=0, end=9, waiting_since_ms=None, now_ms=1, high_watermark=7
    )

    assert lag.held_back == 0


def test_what_is_not_well_is_said_at_80_columns_with_how_it_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the title, below the table, and by partition once there were several looks."""
    slow = PartitionLag(0, 1_234_567, 1_230_000, 4_567, 61.0, owner="ann", status="WARN")
    gone = PartitionLag(3, 9, None, 9, 61.0, status="STOPPED")
    lag = GroupLag("workers", "shop.events", (slow, gone), (GroupMember("ann", "h", (0,)),))
    Console(width=80, highlight=False).print(lag_report(lag))
    once = capsys.readouterr().out
    slow = slow._replace(arrived_per_s=1_200.0, answered_per_s=1_000.0)
    lag = lag._replace(partitions=(slow, gone))
    Console(width=80, highlight=False).print(lag_report(lag))
    watched = capsys.readouterr().out

    assert "workers on shop.events: ERROR" in once
    assert "WARN: partition 0; STOPPED: partition 3" in " ".join(once.split())
    assert "WARN: partition 0; STOPPED: partition 3" in in_one_line(lag)
    assert "arrive/s" not in once
    assert "1,200.0" in watched
    assert "1,000.0" in watched
    assert "100%" in watched
    assert "…" not in once + watched


def test_a_partition_where_nothing_waits_is_not_left_out_unsaid(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who reads that some of them have stopped would think that others go on."""
    stopped, idle = (
        PartitionLag(0, 9, None, 9, 61.0, status="STOPPED"),
        PartitionLag(1, 9, 9, 0, 0.0, status="OK"),
    )
    told = "STOPPED: partition 0; nobody answers for partition 1 either: nothing waits there"
    lag = GroupLag("workers", "shop.events", (stopped, idle), ())
    Console(width=80, highlight=False).print(lag_report(lag))

    assert told in " ".join(capsys.readouterr().out.split())
    assert told in in_one_line(lag)
    owned = lag._replace(partitions=(stopped, idle._replace(owner="ann")))
    assert "either" not in in_one_line(owned)
    well = lag._replace(partitions=(idle,))
    assert "either" not in in_one_line(well)


def test_where_the_log_begins_is_not_where_the_first_event_waits() -> None:
    """With nothing but markers in it nothing waits, and nothing was lost."""
    lag = partition_lag(
        0, committed=7, begin=9, end=9, waiting_since_ms=None, now_ms=1, log_begin=3
    )

    assert (0, 3, 0.0) == (lag.lag_events, lag.begin, lag.retention_share)
    assert 9 == partition_lag(0, committed=9, begin=9, end=9, waiting_since_ms=None, now_ms=1).begin
