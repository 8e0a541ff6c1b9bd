"""What happened so far, of those impressions alone that were read.

A log that has forgotten its beginning, or that is read from a later time on, tells what came of
prompts whose `shown` is not there. To count that would be to credit an arm with what impressions
have earned by which it is not divided: returns of a sale give back, too. An outcome that is read
before its `shown` waits for it. Of too many that wait the oldest are given up. All that wait, or
were given up, are left out, and counted.
"""

from collections import OrderedDict

from streams.contract.published.outcomes import Outcome
from streams.experiments.impressions import Trials
from streams.views.arm_board import ArmBoard

WAITING_MAX = 20_000
"""Outcomes that wait for their impression; some 1,500 bytes each."""


class SoFar:
    """Lets onto a board what is of an impression that was read.

    >>> from streams.contract.schemas.examples import OUTCOME, SHOWN
    >>> trials, board = Trials(), ArmBoard()
    >>> so_far = SoFar(trials)
    >>> for outcome in (OUTCOME, SHOWN):
    ...     if trials.add(outcome):
    ...         so_far.count(outcome, board, partition=0)
    ...     print(so_far.left_out, [(row.shown, row.added) for row in board.rows()])
    1 []
    0 [(1, 1)]
    """

    def __init__(self, trials: Trials, waiting_max: int = WAITING_MAX) -> None:
        self.waiting_max = waiting_max
        self._trials = trials
        self._waiting: OrderedDict[str, tuple[Outcome, ...]] = OrderedDict()
        self._number = 0
        self._given_up = 0
        self._first_ms: dict[int, int] = {}
        """By partition when the first prompt was made that is known to be shown.

        Each begins at a time of its own; all outcomes of a prompt are on one of them.
        """

    @property
    def left_out(self) -> int:
        """Outcomes of impressions that were not read."""
        return self._number + self._given_up

    def count(self, outcome: Outcome, board: ArmBoard, partition: int) -> None:
        """Count what the trials have just taken for news, and what has waited for it."""
        at_ms = outcome.prompted_at_ms
        if outcome.stage == "shown":
            self._first_ms[partition] = min(at_ms, self._first_ms.get(partition, at_ms))
            board.count(outcome)
            for one in self._came(outcome.prompt_id):
                board.count(one)
        elif self._known(outcome, partition):
            board.count(outcome)
        else:
            self._wait(outcome)

    def _known(self, outcome: Outcome, partition: int) -> bool:
        """Whether its impression was read.

        Of more settled prompts than are remembered, that of one made since the first of its
        partition: it was read.
        """
        known = self._trials.was_shown(outcome.prompt_id)
        first_ms = self._first_ms.get(partition)
        if known is None:
            return first_ms is not None and outcome.prompted_at_ms >= first_ms
        return known

    def _wait(self, outcome: Outcome) -> None:
        self._waiting[outcome.prompt_id] = *self._waiting.get(outcome.prompt_id, ()), outcome
        self._number += 1
        while self._number > self.waiting_max:
            _, oldest = self._waiting.popitem(last=False)
            self._number -= len(oldest)
            self._given_up += len(oldest)

    def _came(self, prompt_id: str) -> tuple[Outcome, ...]:
        came = self._waiting.pop(prompt_id, ())
        self._number -= len(came)
        return came
