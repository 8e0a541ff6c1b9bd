"""Arms by themselves: what they have to offer."""

from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.memory.session import Session
from tests.stories import NOON_MS, Till


def test_an_arm_whose_model_is_switched_off_has_nothing_to_offer() -> None:
    """Whoever asks: neither a promise nor candidates."""
    learned, arm = Till().shop.learned, ARMS["best_fit"]
    session = Session("s1", NOON_MS, NOON_MS, path=["bread"])
    query = CandidateQuery(session, "bread", NOON_MS / 1000, set(), 3)

    assert learned.fit is None
    assert not arm.proposes(learned, query)
    assert [] == arm.candidates(learned, query)
    assert [] == [*arm.admissible(learned, query)]


def test_what_is_taken_once_more_is_asked_for_once_and_last() -> None:
    """A basket is what is in it, not how often something was added; what came last says most."""
    session = Session("s1", NOON_MS, NOON_MS, basket={"bread": 2, "tea": 1, "milk": 1})
    session.viewed.extend(["jam", "bread", "oats"])
    query = CandidateQuery(session, "bread", NOON_MS / 1000, set(), 3, beside=["bread", "eggs"])

    assert ["tea", "milk", "eggs", "bread"] == ARMS["bought_together"].context(query)
    assert ["jam", "oats", "bread"] == ARMS["viewed_together"].context(query)


def test_what_other_slots_offer_is_asked_of_no_arm() -> None:
    """Whoever asks again what was decided in one slot tells what stood in the others."""
    decision, session = Till().shop.decision, Session("s1", NOON_MS, NOON_MS)
    asked = session, "bread", NOON_MS / 1000
    alone, beside = decision.question(*asked), decision.question(*asked, offered=("butter",))

    assert {"butter"} == {*beside.excluded} - {*alone.excluded}
