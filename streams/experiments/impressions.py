"""Impressions as trials: prompts that were shown, their propensities, and what they earned.

Prompts and outcomes are joined by id, in any order, repeats dropped. A prompt that nobody saw is no
trial. What a trial earns is what its outcomes bring within `settle_ms` of being shown: only when
that time is over is it settled, and counted. To count earlier would be to compare arms by what is
quick. Time is event time: the latest that any record has told of.

Memory is bounded: of more than `open_max` prompts that are not settled the oldest are forgotten,
and counted as such.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.clients.deduplication import IDS_MAX, SeenIds
from streams.contract.prompts import Outcome, Prompt, PromptWithdrawn

OPEN_MAX = 200_000
SETTLE_S = 600.0
"""Ten minutes: nearly all clicks and adds come by then, and most orders of a short visit."""


class Trial(NamedTuple):
    """One prompt that was shown, and is settled."""

    arm: str
    context: str
    propensities: dict[str, float]
    """Of the arms that were on offer."""
    estimates: dict[str, float]
    """The reward expected of each of them; empty where that was not logged."""
    reward: float
    shown_s: float = 0.0
    """When it was shown, in seconds since 1970."""


@dataclass(slots=True)
class _Open:
    prompt: Prompt | None = None
    shown_ms: int | None = None
    rewards: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By stage: when, and what it brought."""


class Trials:
    """Joins what was published.

    >>> from streams.contract.schemas.examples import OUTCOME, PROMPT
    >>> trials = Trials(settle_ms=20_000)
    >>> shown = OUTCOME.model_copy(
    ...     update={"stage": "shown", "reward": 0.0, "occurred_at_ms": OUTCOME.prompted_at_ms})
    >>> for published in (PROMPT, OUTCOME, shown):
    ...     trials.add(published)
    >>> [(trial.arm, trial.reward) for trial in trials.settled()]
    [('bought_together', 0.4)]
    """

    def __init__(
        self, settle_ms: float = SETTLE_S * 1000, open_max: int = OPEN_MAX, ids_max: int = IDS_MAX
    ) -> None:
        self.settle_ms = settle_ms
        self.open_max = open_max
        self.forgotten = 0
        """Prompts that had to be forgotten before they were settled."""
        self.unreadable = 0
        """Records that whoever feeds us could not read."""
        self._latest_ms = 0
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._closed = SeenIds(ids_max)

    @property
    def pending(self) -> int:
        """Prompts that were shown, and are not settled yet."""
        return sum(one.prompt is not None and one.shown_ms is not None for one in self._all())

    def add(self, published: Prompt | PromptWithdrawn | Outcome) -> None:
        """Note what was published; repeats change nothing."""
        self._latest_ms = max(self._latest_ms, published.occurred_at_ms)
        if isinstance(published, PromptWithdrawn) or self._closed.holds(published.prompt_id):
            return
        one = self._open.setdefault(published.prompt_id, _Open())
        if isinstance(published, Prompt):
            one.prompt = one.prompt or published
        elif published.stage == "shown":
            one.shown_ms = published.occurred_at_ms
        else:
            one.rewards.setdefault(published.stage, (published.occurred_at_ms, published.reward))
        if len(self._open) > self.open_max:
            self._close(next(iter(self._open)))
            self.forgotten += 1

    def settled(self) -> list[Trial]:
        """The trials that are settled by now, each once.

        To be called when all topics have been read as far as they go: an outcome that is read after
        that, though it is older, comes too late.
        """
        found = []
        for prompt_id, one in list(self._open.items()):
            if self._latest_ms < self._settles_ms(one):
                continue
            if one.prompt is not None and one.shown_ms is not None:
                found.append(self._trial(one.prompt, one))
            self._close(prompt_id)
        return found

    def _all(self) -> Iterator[_Open]:
        return iter(self._open.values())

    def _close(self, prompt_id: str) -> None:
        del self._open[prompt_id]
        self._closed.before(prompt_id)

    def _settles_ms(self, one: _Open) -> float:
        """From when on nothing more counts; a prompt may be shown until it expires."""
        if one.shown_ms is not None:
            return one.shown_ms + self.settle_ms
        if one.prompt is not None:
            return one.prompt.expires_at_ms + self.settle_ms
        return max((at_ms for at_ms, _ in one.rewards.values()), default=0) + self.settle_ms

    def _trial(self, prompt: Prompt, one: _Open) -> Trial:
        last_ms = self._settles_ms(one)
        reward = sum(gain for at_ms, gain in one.rewards.values() if at_ms <= last_ms)
        known = prompt.propensities, prompt.estimates or {}
        return Trial(prompt.arm, prompt.context, *known, reward, (one.shown_ms or 0) / 1000)
