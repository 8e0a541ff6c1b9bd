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
