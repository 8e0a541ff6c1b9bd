"""A strategy: what the policy draws, be it an arm for everybody or one made for this basket."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Protocol

from models import Candidate
from streams.shop.decision.arms import Arm, CandidateQuery
from streams.shop.memory.learned import Learned


class Strategy(Protocol):
    """What an arm can do: see `streams.shop.decision.arms.Arm`."""

    def proposes(self, learned: Learned, question: CandidateQuery, /) -> bool:
        """Whether it has anything to offer."""

    def candidates(self, learned: Learned, question: CandidateQuery, /) -> list[Candidate]:
        """What it offers, best first."""


def on_offer(arms: Mapping[str, Strategy], learned: Learned, question: CandidateQuery) -> list[str]:
    """Those of these arms that have something to offer."""
    return [name for name, arm in arms.items() if arm.proposes(learned, question)]


def offered_by(
    arm: Strategy, learned: Learned, question: CandidateQuery, items_max: int
) -> Iterable[Candidate]:
    """The first `items_max` of what an arm offers, ranked as far as somebody looks."""
    if type(arm) is Arm:
        return islice(arm.admissible(learned, question), items_max)
    return arm.candidates(learned, question._replace(items_max=items_max))
