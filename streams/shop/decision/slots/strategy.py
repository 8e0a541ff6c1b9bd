"""A strategy: what the policy draws, be it an arm for everybody or one made for this basket."""

from collections.abc import Mapping
from typing import Protocol

from models import Candidate
from streams.shop.decision.arms import CandidateQuery
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
