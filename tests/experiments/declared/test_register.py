"""What was declared before the start stands, whoever says what afterwards, in whatever order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.control import ControlRecord
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.experiments.declared.register import EXPERIMENTS_MAX, Register, registered

ASKED = {"metric": "orders", "least_effect": 0.05, "experiment": "holdout-1f"}
MINUTE_MS = 60_000


def said(
    minute: int, name: str = "spring", what: str = "declared", value: Any = None, **asked: Any
) -> tuple[ControlRecord, int]:
    """A record, and when the broker got it: so many minutes into the year."""
    at_ms = NEW_YEAR_MS + minute * MINUTE_MS
    if what == "declared" and value is None:
        value = ASKED | {"start_ms": NEW_YEAR_MS + 10 * MINUTE_MS} | asked
    key = what if "." in what else f"experiments.{name}.{what}"
    return ControlRecord(key=key, value=value, author="ann", reason="why", at_ms=at_ms), at_ms


ENDED = {"verdict": "yes", "decision": "more"}


def test_before_the_start_the_last_word_counts_and_after_it_none_does() -> None:
    """The attempt is told, with who and when."""
    register = registered([said(0), said(5, least_effect=0.1), said(11, least_effect=0.5)])
    one = register.find("spring")

    assert one is not None
    assert 0.1 == one.asked.least_effect
    assert [NEW_YEAR_MS + 11 * MINUTE_MS] == [change.at_ms for change in one.attempts]


def test_what_is_declared_late_counts_from_then_on() -> None:
    """Nobody can ask afterwards, whatever start is named."""
    one = registered([said(30)]).find("spring")

    assert one is not None
    assert NEW_YEAR_MS + 30 * MINUTE_MS == one.start_ms
    assert NEW_YEAR_MS + 30 * MINUTE_MS == registered([said(30)]).start_of(
        "holdout-1f", NEW_YEAR_MS + 90 * MINUTE_MS
    )


def test_it_is_taken_back_before_it_begins_and_not_after() -> None:
    """`null` is a change like any other."""
    key = "experiments.spring.declared"
    early, late = (
        registered(
            [
                said(0),
                (ControlRecord(key=key, value=None, author="a", reason="b", at_ms=at_ms), at_ms),
            ]
        )
        for at_ms in (NEW_YEAR_MS + MINUTE_MS, NEW_YEAR_MS + 20 * MINUTE_MS)
    )

    assert early.find("spring") is None
    assert late.find("spring") is not None


def test_the_first_end_keeps_its_verdict() -> None:
    """A second thought changes nothing, and nothing is declared in its place."""
    register = registered(
        [
            said(0),
            said(60, what="ended", value=ENDED),
            said(90, what="ended", value=ENDED | {"verdict": "no"}),
            said(95, least_effect=0.3),
        ]
    )
    one = register.find("spring")

    assert one is not None
    assert one.concluded is not None
    assert ("yes", 0.05, 1) == (one.concluded.verdict, one.asked.least_effect, len(one.attempts))
    assert NEW_YEAR_MS + 60 * MINUTE_MS == one.end_ms


@pytest.mark.parametrize(
    ("minute", "state"), [(5, "planned"), (15, "running"), (25, "over")], ids=str
)
def test_states_follow_the_clock(minute: int, state: str) -> None:
    """Until somebody ends it."""
    end_ms = NEW_YEAR_MS + 20 * MINUTE_MS
    one = registered([said(0, end_ms=end_ms)]).find("spring")

    assert one is not None
    assert state == one.state(NEW_YEAR_MS + minute * MINUTE_MS)


def test_one_that_ended_before_it_began_moves_no_figures() -> None:
    """The start of figures is that of the one before it."""
    first = said(0)
    never = said(20, "summer", start_ms=NEW_YEAR_MS + 900 * MINUTE_MS)
    register = registered([first, never, said(30, "summer", "ended", ENDED)])

    assert NEW_YEAR_MS + 10 * MINUTE_MS == register.start_of(
        "holdout-1f", NEW_YEAR_MS + 90 * MINUTE_MS
    )
    assert 0 == register.start_of("another-2e", NEW_YEAR_MS)


def test_changes_of_what_shoppers_see_are_told_and_notes_are_not() -> None:
    """Those of the time in which it runs."""
    key = "arms.popular.state"
    register = registered(
        [
            said(0),
            said(5, what=key, value="off"),
            said(15, what=key, value="on"),
            said(16, what="colour.door", value="blue"),
        ]
    )
    one = register.find("spring")

    assert one is not None
    assert ["on"] == [change.value for change in register.changes_of(one)]


def test_what_is_no_declaration_is_none() -> None:
    """Whoever wrote it by hand: the register goes on."""
    wrong = [
        said(0, value={"metric": "happiness"}),
        said(0, metric="reward"),
        said(0, arms=["popular", "popular"], experiment="", metric="reward"),
        said(0, end_ms=NEW_YEAR_MS),
        said(0, guardrails=[{"metric": "orders", "loss_max": 0.1}]),
        said(0, what="ended", value={"verdict": ""}),
    ]

    assert [] == registered(wrong).all()


def test_there_is_room_for_so_many() -> None:
    """Further ones are left out, and counted."""
    register = registered(said(0, f"x{n}") for n in range(EXPERIMENTS_MAX + 3))

    assert EXPERIMENTS_MAX == len(register.all())
    assert 3 == register.left_out


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0.01, 9.0)), max_size=8))
def test_whatever_is_said_after_the_start_changes_nothing(later: list[tuple[int, float]]) -> None:
    """As law: the register of all records has the question of those before the start."""
    records = sorted([(0, 0.05), *later])
    whole, before = Register(), Register()
    for minute, effect in records:
        record = said(minute, least_effect=effect)
        whole.add(*record)
        if minute <= 10:
            before.add(*record)
    one, early = whole.find("spring"), before.find("spring")

    assert one is not None
    assert early is not None
    assert early.asked == one.asked
    assert len(records) == len(one.attempts) + sum(minute <= 10 for minute, _ in records)


def test_a_copy_is_of_its_time() -> None:
    """What is told to one is not told to the other."""
    register = registered([said(0)])
    copy = register.copy()
    register.add(*said(60, what="ended", value=ENDED))
    one = copy.find("spring")

    assert one is not None
    assert one.concluded_by is None


def test_one_that_is_planned_moves_no_figures_yet() -> None:
    """Of what runs by now the figures go on, and those of the holdout at large."""
    planned = said(20, "summer", start_ms=NEW_YEAR_MS + 900 * MINUTE_MS)
    register = registered([said(0), planned])

    assert NEW_YEAR_MS + 10 * MINUTE_MS == register.start_of(
        "holdout-1f", NEW_YEAR_MS + 899 * MINUTE_MS
    )
    assert NEW_YEAR_MS + 900 * MINUTE_MS == register.start_of(
        "holdout-1f", NEW_YEAR_MS + 900 * MINUTE_MS
    )
    assert 0 == registered([planned]).start_of("holdout-1f", NEW_YEAR_MS + 30 * MINUTE_MS)


def test_there_is_room_for_so_many_and_whoever_asks_is_told() -> None:
    """A known one may still be changed."""
    full = registered([said(0, f"e{number}") for number in range(EXPERIMENTS_MAX)])

    assert full.has_room("e0")
    assert not full.has_room("one-more")
    assert registered([said(0)]).has_room("one-more")


@pytest.mark.parametrize(
    "key", ["items.hidden", "curated.bread", "bundles.photo", "loyalty.program"]
)
def test_whatever_changes_what_shoppers_see_is_told(key: str) -> None:
    """Not arms alone."""
    at_ms = NEW_YEAR_MS + 30 * MINUTE_MS
    record = ControlRecord(key=key, value=[], author="ann", reason="recall", at_ms=at_ms)
    register = registered([said(0), (record, at_ms)])
    one = register.find("spring")

    assert one is not None
    assert [key] == [change.key for change in register.changes_of(one)]
