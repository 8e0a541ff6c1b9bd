"""Arms by themselves: what they have to offer."""

from collections.abc import Collection

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.slot_arms import proposing
from streams.shop.memory.learned import Learned
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


class AskedArm:
    """It offers what is not excluded of its items, and counts how often it is asked for that."""

    def __init__(self, *items: str) -> None:
        self.items, self.asked = items, 0

    def proposes(self, _learned: Learned, question: CandidateQuery) -> bool:
        """Whether any may be offered."""
        self.asked += 1
        return any(item not in question.excluded for item in self.items)

    def candidates(self, _learned: Learned, _question: CandidateQuery) -> list[Candidate]:
        """Nobody asks."""
        raise NotImplementedError


def asked_in_slots(arm: AskedArm, *offered: Collection[str], name: str = "popular") -> list[bool]:
    """Whether it proposes in slot after slot, beside what was offered before each of them."""
    learned, catalog = Till().shop.learned, Catalog()
    catalog.put(CatalogItem(item_id="gone", in_stock=False))
    out, found = Exclusions(catalog), list[bool]()
    for items in offered:
        out.fill({"bread", *items}, ("bread", *items))
        query = CandidateQuery(Session("s1", NOON_MS, NOON_MS), "bread", NOON_MS / 1000, out, 3)
        found.append(proposing({name: arm}, learned, query, out) == [name])
    return found


def test_an_arm_is_asked_in_one_slot_for_all_while_what_it_proposed_may_be_offered() -> None:
    """Once it may not, the arm is asked anew; one that looks at more than one item, each time."""
    arm, again, other = AskedArm("jam", "tea"), AskedArm("jam", "tea"), AskedArm("jam", "tea")

    assert [True, True] == asked_in_slots(arm, (), ("oats",))
    assert 1 == arm.asked
    assert [True, True, False] == asked_in_slots(again, (), ("jam",), ("jam", "tea"))
    assert 3 == again.asked
    assert [True, True] == asked_in_slots(other, (), ("oats",), name="top_up")
    assert 2 == other.asked


def test_an_arm_that_proposed_nothing_is_asked_again_only_where_the_catalogue_kept_it_from_it() -> (
    None
):
    """So that each slot's silence tells why."""
    nothing, withheld = AskedArm("bread"), AskedArm("gone")

    assert [False, False] == asked_in_slots(nothing, (), ("oats",))
    assert 1 == nothing.asked
    assert [False, False] == asked_in_slots(withheld, (), ("oats",))
    assert 2 == withheld.asked
