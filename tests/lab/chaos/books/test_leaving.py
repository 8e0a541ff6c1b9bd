"""Who has left since they asked is owed nothing, though they may be back in the end."""

from typing import Any

from streams.contract.events import Event, ItemViewed
from streams.contract.published.prompts import prompt_id
from streams.lab.chaos.books.books import recompute
from tests.lab.chaos.books.test_books import SETTINGS, recorded
from tests.stories import NOON_MS


def view(session: str, number: int, at_ms: int, **who: Any) -> ItemViewed:
    """The visitor looks at something."""
    about: dict[str, Any] = {"schema_version": 2, "visitor_id": "v", "item_id": "jam"}
    identity = f"{session}-{number}"
    return ItemViewed(
        event_id=identity, session_id=session, occurred_at_ms=NOON_MS + at_ms, **about, **who
    )


HERS: dict[str, Any] = {"shopper_id": "ann", "consent": True}
ASKED = view("s1", 0, 0)
GOES_ON = view("s2", 0, 1_000, **HERS)
LEAVES = view("s2", 1, 2_000, shopper_id=None, consent=True)
IS_BACK = view("s1", 1, 3_000)


def owed(*events: Event) -> frozenset[str]:
    """The events whose prompts the log calls for."""
    ids = {prompt_id(e.event_id, e.session_id, "product_page"): e.event_id for e in events}
    return frozenset(ids[identity] for identity in recompute(SETTINGS, recorded(events), {}).owed)


def test_who_stays_is_owed_a_prompt() -> None:
    """In both of the visitor's sessions."""
    assert owed(ASKED, GOES_ON) == {"s1-0", "s2-0"}


def test_who_has_left_in_the_next_session_and_is_back_in_the_end_is_owed_none() -> None:
    """A worker that had folded the sign-out when it answered said nothing; it owes the others."""
    assert owed(ASKED, GOES_ON, LEAVES) == {"s2-1"}
    assert owed(ASKED, GOES_ON, LEAVES, IS_BACK) == {"s2-1", "s1-1"}


def test_what_another_visitor_does_changes_nothing() -> None:
    """Nor what is done elsewhere."""
    other = LEAVES.model_copy(update={"session_id": "s3", "visitor_id": "w"})

    assert owed(ASKED, other) == {"s1-0", "s2-1"}
