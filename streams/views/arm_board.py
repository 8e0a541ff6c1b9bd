"""The board of arms (a read model): what each strategy does and earns, from what we published.

A fold of prompts and outcomes, in any order: everything on it is a sum. Repeats are dropped by id.
What came back elsewhere (`unmatched`) names no arm, and is not taken off.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from streams.clients.deduplication import IDS_MAX, SeenIds
from streams.contract.published.outcomes import ITEM_STAGES, STAGES, AnyOutcome, Outcome
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.shop.memory.answer import OutgoingPrompt

ARMS_MAX = 100
"""Arms on the board; of later ones is kept what they did together (records may be anybody's)."""

Sums = dict[str, float]
"""Of one arm: `pulls`, how many prompts reached each stage, and `reward`."""

NO_SUMS: Sums = {}


class ArmRow(NamedTuple):
    """One arm on the board."""

    arm: str
    pulls: int
    """Prompts that it was chosen for."""
    share: float
    """Its share of all pulls; where none are told, of all impressions."""
    shown: int
    clicked: int
    dismissed: int
    added: int
    removed: int
    bought: int
    returned: int
    reward: float
    """The sum of its rewards."""
    reward_rate: float | None
    """Reward of each impression; None before the first."""


class ArmBoard:
    """Sums of each arm.

    >>> from streams.contract.schemas.examples import OUTCOME, PROMPT
    >>> board = ArmBoard()
    >>> for published in (PROMPT, OUTCOME, PROMPT):
    ...     board.add(published)
    >>> [(row.arm, row.pulls, row.added) for row in board.rows()]
    [('bought_together', 1, 1)]
    """

    def __init__(self, ids_max: int = IDS_MAX) -> None:
        self.sums: dict[str, Sums] = {}
        self.others: Sums = {}
        """Of all arms that are not on the board, for want of room."""
        self._seen = SeenIds(ids_max)

    def add(self, published: Prompt | OutgoingPrompt | PromptWithdrawn | AnyOutcome) -> None:
        """Count what was published, if it has not been counted lately."""
        match published:
            case Prompt() | OutgoingPrompt():
                identity = published.prompt_id
            case Outcome():
                identity = " ".join(published.identity)
            case _:
                return
        if not self._seen.before(identity):
            self.count(published)

    def count(self, published: Prompt | OutgoingPrompt | Outcome) -> None:
        """Count what is known to be no repeat; of one prompt's items, each stage once."""
        if isinstance(published, Outcome):
            stage, prompt_id = published.stage, published.prompt_id
            again = stage in ITEM_STAGES and self._seen.before(f"{prompt_id} {stage}")
            more = {stage: float(not again), "reward": published.reward}
        else:
            more = {"pulls": 1.0}
        self._count(published.arm, more)

    def rows(self) -> tuple[ArmRow, ...]:
        """The arms, the most pulled first."""
        return rows([self.sums], self.others)

    def _count(self, arm: str, more: Sums) -> None:
        on_board = arm in self.sums or len(self.sums) < ARMS_MAX
        of_arm = self.sums.setdefault(arm, {}) if on_board else self.others
        for name, number in more.items():
            of_arm[name] = of_arm.get(name, 0) + number


def rows(boards: Iterable[dict[str, Sums]], others: Sums = NO_SUMS) -> tuple[ArmRow, ...]:
    """The arms of several boards, added up, the most pulled first; shares are of `others`, too."""
    added: dict[str, Counter[str]] = {}
    for sums in boards:
        for arm, of_arm in sums.items():
            added.setdefault(arm, Counter()).update(of_arm)
    by = "pulls" if any(of_arm["pulls"] for of_arm in added.values()) else "shown"
    total = others.get(by, 0.0) + sum(of_arm[by] for of_arm in added.values())
    ordered = sorted(added.items(), key=lambda one: (-one[1][by], one[0]))
    return tuple(_row(arm, of_arm, of_arm[by] / total if total else 0.0) for arm, of_arm in ordered)


def _row(arm: str, of_arm: Counter[str], share: float) -> ArmRow:
    shown = of_arm["shown"]
    return ArmRow(
        arm=arm,
        pulls=int(of_arm["pulls"]),
        share=share,
        **{stage: int(of_arm[stage]) for stage in STAGES},
        reward=float(of_arm["reward"]),
        reward_rate=of_arm["reward"] / shown if shown else None,
    )
