"""First impressions: one a unit and arm, whoever repeats what."""

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.outcomes import Outcome
from streams.contract.schemas.examples import ASSIGNED, PROMPT, SHOWN
from streams.storefront.reference.guardrails.first_impressions import (
    TOLD_MS,
    FirstImpressions,
    Firsts,
)
from streams.storefront.reference.guardrails.first_sales import FirstSales, Sales
from streams.storefront.reference.guardrails.firsts_board import FirstsBoard
from streams.views.arm_board import ARMS_MAX


def outcome(prompt: str, session: str, stage: str) -> Outcome:
    """A stage of a prompt, as the outcomes topic has it."""
    told = {"prompt_id": prompt, "session_id": session, "stage": stage}
    return SHOWN.model_copy(update=told)


def test_the_sessions_of_a_visitor_are_one_unit() -> None:
    """Where an experiment tells whose they are; a session that it does not tell of is its own."""
    firsts = FirstImpressions()
    board = FirstsBoard(firsts)
    for session in ("monday", "tuesday"):
        firsts.read(ASSIGNED.model_copy(update={"session_id": session}).to_json())
    for session in ("monday", "tuesday", "somebody else's"):
        board.count(outcome(session, session, "shown"))
        board.count(outcome(session, session, "dismissed"))

    assert {SHOWN.arm: Firsts(2, 2)} == firsts.by_arm
    assert (3, 3) == (board.rows()[0].shown, board.rows()[0].dismissed)


def test_what_tells_of_no_session_is_passed_over() -> None:
    """Tombstones, other records, and what cannot be read: that is counted elsewhere."""
    firsts = FirstImpressions()
    for value in (None, b"{}", b'{"type":"assigned"}', SHOWN.to_json()):
        firsts.read(value)
    FirstsBoard(firsts).count(PROMPT)

    assert {} == firsts.by_arm


def test_only_what_was_a_first_impression_can_be_sent_away_and_once() -> None:
    """Neither the second one, nor a click, nor a repeat counts."""
    firsts = FirstImpressions()
    board = FirstsBoard(firsts)
    for prompt, stage in (
        *(("first", "shown"), ("second", "shown"), ("second", "dismissed")),
        *(("unseen", "dismissed"), ("first", "clicked")),
    ):
        board.count(outcome(prompt, "a session", stage))
    before = dict(firsts.by_arm)
    for _ in range(2):
        board.count(outcome("first", "a session", "dismissed"))

    assert ({SHOWN.arm: Firsts(1, 0)}, {SHOWN.arm: Firsts(1, 1)}) == (before, firsts.by_arm)


def test_an_arm_has_first_impressions_of_its_own() -> None:
    """Who has seen one has not seen the other; of made-up arms only so many are kept."""
    firsts = FirstImpressions()
    for number in range(ARMS_MAX + 5):
        firsts.shown(f"arm {number}", "a session", f"prompt {number}")

    assert [Firsts(1, 0)] * ARMS_MAX == [*firsts.by_arm.values()]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=200),
    st.integers(1, 20),
)
def test_however_little_is_remembered_nobody_counts_twice(
    seen: list[tuple[int, bool]], units_max: int
) -> None:
    """Units beyond what is remembered are counted less often, never again."""
    firsts = FirstImpressions(units_max=units_max)
    for number, (visitor, annoyed) in enumerate(seen):
        firsts.shown("popular", f"visitor {visitor}", f"prompt {number}")
        if annoyed:
            firsts.dismissed(f"prompt {number}")
    found = firsts.by_arm.get("popular", Firsts())

    assert found.dismissed <= found.shown <= len({visitor for visitor, _ in seen})
    assert found.shown >= min(units_max, len({visitor for visitor, _ in seen}))


def test_those_who_still_count_are_a_fair_part() -> None:
    """Of 4,000 who come with room for 100: half as many more each time that it is full."""
    firsts = FirstImpressions(units_max=100)
    for visitor in range(4_000):
        firsts.shown("popular", f"visitor {visitor}", f"prompt {visitor}")

    assert 300 <= firsts.by_arm["popular"].shown <= 700


def test_what_is_remembered_of_open_prompts_is_bounded() -> None:
    """The oldest goes: it cannot be sent away any more."""
    firsts = FirstImpressions(open_max=1)
    for session in ("monday", "tuesday"):
        firsts.shown("popular", session, session)
    for session in ("monday", "tuesday"):
        firsts.dismissed(session)

    assert {"popular": Firsts(2, 1)} == firsts.by_arm


def test_of_a_session_that_may_have_been_forgotten_nothing_counts() -> None:
    """Else its visitor counted again; how much that is, is known. A week later it is over."""
    firsts = FirstImpressions(sessions_max=1)
    sales = FirstSales(firsts)
    firsts.assigned("sunday", "ann", 4_000)
    firsts.shown("popular", "never told of", "before", 5_000)
    for session, at_ms in (("monday", 5_000), ("tuesday", 6_000)):
        firsts.assigned(session, "ann", at_ms)
    late_ms = 5_000 + TOLD_MS
    for number, at_ms in enumerate((5_000, late_ms, late_ms + 1)):
        firsts.shown("popular", f"session {number}", f"prompt {number}", at_ms)
        sales.sold("popular", f"session {number}", f"prompt {number}", "o-1", "coat", at_ms)
    firsts.shown("popular", "tuesday", "of ann", late_ms)

    assert ({"popular": Firsts(3, 0)}, 4) == (firsts.by_arm, firsts.left_out)
    assert {"popular": Sales(1, 0)} == sales.by_arm


def test_however_few_sessions_are_remembered_nobody_counts_twice() -> None:
    """Twenty visitors of thirty sessions each, told of before they see anything."""
    few = FirstImpressions(sessions_max=5)
    for number in range(600):
        few.assigned(f"session {number}", f"visitor {number % 20}")
        if number >= 9:
            few.shown("popular", f"session {number - number % 9}", f"prompt {number}")

    assert 0 < few.by_arm["popular"].shown <= 20
    assert few.left_out > 0
