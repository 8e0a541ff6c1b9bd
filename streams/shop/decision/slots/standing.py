"""Where a member stands: their balance, what is missing to the next tier, and what it is worth.

The balance is told by the event that asks (`points_balance`), of who is signed in and consents. It
is folded nowhere, and no longer in memory than its prompt lives: it goes into that, and is said
there only where the programme has something to say of it. After an order of this visit nothing is:
points were earned or paid with, and a token that was made before does not know.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.contract.wire.shop.offers import LoyaltyOffer
from streams.shop.decision.languages.messages import spoken_in
from streams.shop.decision.languages.points import tier_sentence, worth_sentence
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent


class MemberStanding(NamedTuple):
    """What is known of a member who asks."""

    balance: int
    locale: str | None = None

    def fields(
        self, program: LoyaltyProgram, tier: Tier, points: Sequence[int], currency: str
    ) -> dict[str, Any]:
        """What a `LoyaltyOffer` says besides, of items that bring so many points each.

        >>> rates, tiers = {"EUR": 10}, {"member": 1000, "gold": 2000}
        >>> begins = {"member": 0, "gold": 580}
        >>> program = LoyaltyProgram(points_per_mille=rates, tiers=tiers, tier_begins=begins)
        >>> said = MemberStanding(500).fields(program, Tier("member", 1000), (80, 20), "EUR")
        >>> said["next_tier"], said["missing_points"], said["reaches"]
        ('gold', 80, (True, False))
        >>> said["texts"]
        ('You need 80 more points to reach gold',)
        """
        said, texts, language = dict[str, Any](), list[str](), spoken_in(self.locale)
        above = program.next_after(tier.name)
        missing = 0 if above is None else above.begins - self.balance
        if above is not None and missing > 0:  # of who has them already the shop has the next word
            reaches = tuple(each >= missing for each in points)
            said |= {"next_tier": above.name, "missing_points": missing, "reaches": reaches}
            reached = all(reaches)  # else the sentence would not hold for each of them
            texts.append(tier_sentence(language, tier=above.name, missing=missing, reached=reached))
        if worth_minor := program.worth_minor(self.balance, currency):
            amount = {"worth_minor": worth_minor, "currency": currency}
            sentence = worth_sentence(language, points=self.balance, **amount)
            if sentence is not None:
                said |= amount
                texts.append(sentence)
        return {"balance": self.balance, **said, "texts": tuple(texts)} if said else {}


def standing_of(session: Session, event: AskingEvent) -> MemberStanding | None:
    """Where who asks stands; None: nobody says, or can by now.

    That is whoever is not signed in, does not consent, or has ordered since.
    """
    if event.points_balance is None or session.shopper_id is None or session.orders:
        return None
    return MemberStanding(event.points_balance, event.locale)


def still_stands(offer: LoyaltyOffer, program: LoyaltyProgram) -> bool:
    """Whether what an offer said of a balance is still so: no tier is further, no point worth less.

    >>> program = LoyaltyProgram(
    ...     points_per_mille={"EUR": 10}, tiers={"gold": 2000}, worth_per_mille={"EUR": 1000}
    ... )
    >>> offer = LoyaltyOffer(tier="gold", points=(9,), balance=50, worth_minor=50, currency="EUR")
    >>> dearer = offer.model_copy(update={"worth_minor": 51})
    >>> still_stands(offer, program), still_stands(dearer, program)
    (True, False)
    """
    if offer.balance is None:
        return True
    if offer.next_tier is not None:
        begins = program.tier_begins.get(offer.next_tier)
        if begins is None or begins - offer.balance > (offer.missing_points or 0):
            return False
    worth_minor = program.worth_minor(offer.balance, offer.currency or "")
    return worth_minor >= (offer.worth_minor or 0)
