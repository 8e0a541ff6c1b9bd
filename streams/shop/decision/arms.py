"""The arms: named strategies that the policy chooses among, each with its source of candidates.

An arm proposes; the guards have taken away what must not be offered; the policy chooses one arm.
An arm without a candidate is not offered to the policy, and without any arm there is silence. Only
the arm that was drawn has to rank: whether the others have anything to offer is cheap to know.
To add a strategy: docs/extending.md, "An arm"; without its texts no worker starts.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from models import Candidate, Recommender
from models.recommenders.recommender import Rankings
from streams.shop.memory.learned import Learned, visit
from streams.shop.memory.session import Session


class CandidateQuery(NamedTuple):
    """What is asked of an arm: for this session, beside this anchor, now, but none of these."""

    session: Session
    anchor: str
    time_s: float
    excluded: Collection[str]
    items_max: int
    beside: Sequence[str] = ()
    """What was in the basket with it, and is not any more: it was ordered."""
    rankings: Rankings | None = None
    """What the sources have ranked for this event, where more than one arm or slot may ask."""


class Arm(NamedTuple):
    """A strategy: where its candidates come from, and what its source is asked with."""

    source: Callable[[Learned], Recommender | None]
    context: Callable[[CandidateQuery], Sequence[str]]
    names: Callable[[CandidateQuery], dict[str, str]] | None = None
    """Session and shopper, for a source that knows them apart."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: what the policy has to know of every arm."""
        source = self.source(learned)
        if source is None:
            return False
        context, out, time_s = self.context(question), question.excluded, question.time_s
        if self.names is None:
            return source.proposes(context, exclude=out, time_s=time_s)
        return source.proposes(context, exclude=out, time_s=time_s, **self.names(question))

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first: worked out for the arm that was drawn alone."""
        if question.rankings is not None:
            return [*islice(self.admissible(learned, question), question.items_max)]
        source = self.source(learned)
        if source is None:
            return []
        names = {} if self.names is None else self.names(question)
        return source.recommend(
            self.context(question),
            question.items_max,
            exclude=question.excluded,
            time_s=question.time_s,
            **names,
        )

    def admissible(self, learned: Learned, question: CandidateQuery) -> Iterator[Candidate]:
        """All that it may offer, best first, ranked as far as somebody looks."""
        if (source := self.source(learned)) is None:
            return iter(())
        rankings, out = question.rankings, question.excluded
        names = None if self.names is None else self.names(question)
        if rankings is None:
            rankings = Rankings()
        ranked = rankings.of(source, self.context(question), question.time_s, names)
        return (one for one in ranked if one.item not in out)


def in_basket(question: CandidateQuery) -> Sequence[str]:
    """The basket, the anchor last."""
    basket = question.session.own_basket
    return _last([*basket, *question.beside] if question.beside else basket, question.anchor)


def _viewed(question: CandidateQuery) -> Sequence[str]:
    """What was looked at, the anchor last."""
    return _last(question.session.viewed, question.anchor)


def _last(items: list[str], anchor: str) -> list[str]:
    """These items, each of them once, with the anchor last, as it mostly is already."""
    if anchor in items:
        if items[-1] == anchor:
            return items
        items = [item for item in items if item != anchor]
    return [*items, anchor]


def _shopper(question: CandidateQuery) -> Sequence[str]:
    """The shopper, where we know who it is."""
    shopper_id = question.session.shopper_id
    return () if shopper_id is None else (shopper_id,)


def _path(question: CandidateQuery) -> Sequence[str]:
    """What was looked at or taken, in order."""
    return question.session.path


def _named(question: CandidateQuery) -> dict[str, str]:
    session = question.session
    return {"session": visit(session), "shopper": session.shopper_id or ""}


def _anybody(_question: CandidateQuery) -> Sequence[str]:
    return ()


ARMS = {
    # what others bought with the basket: completes the purchase
    "bought_together": Arm(attrgetter("baskets"), in_basket),
    # what others looked at in the same visit: helps those who are still looking
    "viewed_together": Arm(attrgetter("browsing"), _viewed),
    # what this very shopper buys again and again: nothing for those whom we do not know
    "buy_again": Arm(attrgetter("repeats"), _shopper),
    # what everybody buys: better than nothing where nothing else is known
    "popular": Arm(attrgetter("popularity"), _anybody),
    # all of these and similar visits, in an order that is learned from what shoppers do next; only
    # where the settings ask for it
    "best_fit": Arm(attrgetter("fit"), _path, _named),
}
BEST_WORTH = "best_worth"
"""The arm that ranks what all of these propose by what it is expected to earn, where the settings
ask for it: it needs a catalogue (`streams.shop.decision.policy.best_worth`)."""
