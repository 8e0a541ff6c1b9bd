"""Impressions as trials: prompts that were shown, their propensities, and what they earned.

The outcomes of a prompt are joined by its id, in any order, repeats dropped (those told by item by
`Outcome.identity`, as long as their prompt is not settled); `shown`, or else the prompt itself,
tells what it was drawn from. A prompt that nobody saw is no trial. What a trial earns is what its
outcomes bring within `settle_ms` of being shown, less what came back elsewhere by then
(`streams.experiments.open_prompts`): only then is it settled, and counted. To count earlier would
be to compare arms by what is quick. Time is event time: the latest that any record has told of.

Records that cannot be true (a reward that no stage brings, a prompt whose arm had no chance) are
left out, and counted. Memory is bounded: whoever reads a long log takes what is settled out now and
then (`swept`); of more than `open_max` that are not settled the oldest are forgotten, and counted.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from sys import intern
from typing import NamedTuple

from streams.contract.published.outcomes import AnyOutcome, Outcome, Unmatched
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.experiments.open_prompts import (
    BITS,
    PROMPTED,
    REWARD_MAX,
    ROUNDING,
    Logged,
    OpenPrompt,
    QuietTime,
    ReturnsElsewhere,
    possible,
)

OPEN_MAX = 500_000
"""Some 700 bytes each."""
CLOSED_MAX = 500_000
"""Prompts of which only is remembered what was published of them; some 250 bytes each."""
SETTLE_S = 600.0
"""Ten minutes: nearly all clicks and adds come by then, and most orders of a short visit."""
ARM_SETS_MAX = 4_096
"""Sets of arms whose names are shared."""
SWEEP_RECORDS = 100_000
"""How often to look while reading. What was news since the last time but one waits."""


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


class Trials:
    """Joins what was published.

    >>> from streams.contract.schemas.examples import OUTCOME, SHOWN
    >>> trials = Trials(settle_ms=19_000)
    >>> [trials.add(published) for published in (OUTCOME, SHOWN, OUTCOME)]
    [True, True, False]
    >>> [(trial.arm, trial.reward) for trial in trials.settled()]
    [('bought_together', 0.4)]
    """

    def __init__(
        self,
        settle_ms: float = SETTLE_S * 1000,
        open_max: int = OPEN_MAX,
        ids_max: int = CLOSED_MAX,
        *,
        in_money: bool = False,
    ) -> None:
        self.settle_ms = settle_ms
        self.open_max = open_max
        self.ids_max = ids_max
        self.forgotten = 0
        """Prompts that had to be forgotten before they were settled."""
        self.without_propensities = 0
        """Prompts whose outcomes do not tell what else was on offer, as they once did not."""
        self.without_shown = 0
        """Prompts of which outcomes were read, and not that they were shown: that was before."""
        self.repeats = 0
        """Records that had been published before."""
        self.impossible = 0
        """Records that cannot be true."""
        self.unreadable = 0
        """Records that whoever feeds us could not read."""
        self.begins_ms: int | None = None
        """Where the log begins, by whoever feeds us, if it has forgotten what was before."""
        self.outside = 0
        """Trials whose outcomes add up to less than 0 or more than 1: whoever judges cuts them."""
        self.returns = ReturnsElsewhere(in_money=in_money)
        """What came back of orders, as no outcome of a prompt tells it."""
        self.quiet = QuietTime()
        """How long nothing has come: while a shop is quiet, impressions settle, too."""
        self._latest_ms = 0
        self._of_partition_ms: dict[int, int] = {}
        self._sweeps = 0
        self._open: OrderedDict[str, OpenPrompt] = OrderedDict()
        self._closed: OrderedDict[str, int] = OrderedDict()
        self._ids_gone = False
        """Whether ids have been forgotten of what is settled."""
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def pending(self) -> int:
        """Prompts that were shown, and are not settled yet."""
        return len(self._shown_ms())

    @property
    def settled_until_ms(self) -> float:
        """All that was shown before this is settled, of what has been read."""
        now_ms = max(self._latest_ms, self.quiet.after(self._latest_ms))
        return min([now_ms - self.settle_ms, *self._shown_ms()])

    @property
    def empty(self) -> bool:
        """Whether nothing has been read that was of use."""
        return not self._latest_ms

    @property
    def counts(self) -> dict[str, int]:
        """How many are not counted, by why: of prompts, then of records."""
        return {
            "pending": self.pending,
            "forgotten": self.forgotten,
            "without_propensities": self.without_propensities,
            "without_shown": self.without_shown,
            "repeats": self.repeats,
            "impossible": self.impossible,
            "unreadable": self.unreadable,
            "outside": self.outside,
            "returns_forgotten": self.returns.forgotten,
        }

    def add(self, published: Prompt | PromptWithdrawn | Outcome, partition: int = 0) -> bool:
        """Note what was published, and in which partition; whether it was news, and can be true."""
        if isinstance(published, PromptWithdrawn):
            self._latest_ms = max(self._latest_ms, published.occurred_at_ms)
            return False
        if not possible(published):
            self.impossible += 1
            return False
        at_ms = published.occurred_at_ms
        self._latest_ms = max(self._latest_ms, at_ms)
        self.passed(partition, at_ms)
        bit = PROMPTED if isinstance(published, Prompt) else BITS[published.stage]
        one, before = self._known(published.prompt_id, bit, published.propensities is not None)
        if one is not None and not one.published:
            one.partition, one.sweep = partition, self._sweeps
        if one.repeats(published, bit) if one is not None else before & bit:
            self.repeats += 1
            return False
        if one is not None:
            self._note(one, published)
        return True

    def was_shown(self, prompt_id: str) -> bool | None:
        """Whether it was read that this was shown; None: it is no longer known."""
        if (one := self._open.get(prompt_id)) is not None and one.published & BITS["shown"]:
            return True
        if (before := self._closed.get(prompt_id)) is not None:
            return bool(before & BITS["shown"])
        return None if self._ids_gone else False

    def see(self, outcome: AnyOutcome, partition: int) -> bool:
        """Note what the outcomes topic tells; whether it was an outcome of a prompt, and news."""
        if isinstance(outcome, Outcome):
            return self.add(outcome, partition)
        self.passed(partition, outcome.occurred_at_ms)
        if isinstance(outcome, Unmatched):
            self.returns.add(outcome)
        return False

    def passed(self, partition: int, at_ms: int) -> None:
        """A partition has been read up to this time, as any of its records tells."""
        self._of_partition_ms[partition] = max(self._of_partition_ms.get(partition, 0), at_ms)

    def settled(self) -> list[Trial]:
        """The trials that are settled by now, each once.

        To be called when all topics have been read: what is read after that comes too late.
        """
        return self._taken(lambda _one: max(self._latest_ms, self.quiet.after(self._latest_ms)))

    def settled_of_partitions(self) -> list[Trial]:
        """The same where reading goes on as topics grow: each by its own partition's time."""
        now_ms = self.quiet.after(self._latest_ms)
        return self._taken(lambda one: max(now_ms, self._of_partition_ms[one.partition]))

    def swept(self, unread: Iterable[int] = ()) -> list[Trial]:
        """The trials that are settled in the midst of reading; `unread`: partitions with more.

        Outcomes of a prompt lie in its own partition. What came back of its orders may lie in any:
        a prompt that has sold something waits until all have been read up to its time.
        """
        self._sweeps += 1
        times, last = self._of_partition_ms, self._sweeps - 1
        all_ms = min((times.get(partition, 0) for partition in unread), default=self._latest_ms)

        def now_ms(one: OpenPrompt) -> int:
            if one.sweep >= last:
                return 0
            own_ms = times[one.partition]
            return min(own_ms, all_ms) if one.traded else own_ms

        return self._taken(now_ms)

    def _taken(self, now_ms: Callable[[OpenPrompt], int]) -> list[Trial]:
        found = []
        for prompt_id, one in list(self._open.items()):
            if now_ms(one) < self._settles_ms(one):
                continue
            if one.logged is None:
                self._unjudged(one.published)
            elif one.shown_ms is not None:
                found.append(self._trial(one.logged, one))
            self._close(prompt_id, one.published)
        return found

    def _shown_ms(self) -> list[int]:
        """When those were shown that are not settled yet."""
        there = [one for one in self._open.values() if one.logged is not None]
        return [one.shown_ms for one in there if one.shown_ms is not None]

    def _known(self, prompt_id: str, bit: int, drawn: bool) -> tuple[OpenPrompt | None, int]:
        """What is kept of it, if open, and what was published before; `drawn` pushes others out."""
        if (one := self._open.get(prompt_id)) is not None:
            return one, one.published
        if (before := self._closed.get(prompt_id)) is not None:
            self._closed[prompt_id] = before | bit
            return None, before
        if len(self._open) >= self.open_max:
            if not drawn:  # of a prompt that was forgotten long ago, or never read
                self._close(prompt_id, bit)
                self._unjudged(bit)
                return None, 0
            oldest, forgotten = next(iter(self._open.items()))
            self._close(oldest, forgotten.published)
            self.forgotten += 1
        return self._open.setdefault(prompt_id, OpenPrompt()), 0

    def _unjudged(self, published: int) -> None:
        """Count a prompt of which nobody knows what it was drawn from, by why."""
        if published & BITS["shown"]:
            self.without_propensities += 1
        else:
            self.without_shown += 1

    def _note(self, one: OpenPrompt, published: Prompt | Outcome) -> None:
        if isinstance(published, Prompt):
            one.logged = self._logged(published)
        elif published.stage == "shown":
            one.shown_ms = published.occurred_at_ms
            one.logged = one.logged or self._logged(published)
            if published.reward:  # net reward begins with what a dismissal takes
                one.earn(published)
        else:
            one.earn(published)

    def _logged(self, prompt: Prompt | Outcome) -> Logged | None:
        if prompt.propensities is None:
            return None
        arms = tuple(map(intern, prompt.propensities))
        arms = self._names.setdefault(arms, arms) if len(self._names) < ARM_SETS_MAX else arms
        return Logged.of(prompt, arms, tuple(prompt.propensities.values()))

    def _close(self, prompt_id: str, published: int) -> None:
        self._open.pop(prompt_id, None)
        self._closed[prompt_id] = published
        if len(self._closed) > self.ids_max:
            self._closed.popitem(last=False)
            self._ids_gone = True

    def _settles_ms(self, one: OpenPrompt) -> float:
        """From when on nothing more counts; a prompt may be shown until it expires."""
        if one.shown_ms is not None:
            return one.shown_ms + self.settle_ms
        if one.logged is not None:
            return one.logged.expires_at_ms + self.settle_ms
        return max((at_ms for at_ms, _ in one.rewards), default=0) + self.settle_ms

    def _trial(self, logged: Logged, one: OpenPrompt) -> Trial:
        last_ms = self._settles_ms(one)
        reward = sum(gain for at_ms, gain in one.rewards if at_ms <= last_ms)
        reward -= self.returns.lost(one, last_ms)
        self.returns.miss(one)
        self.outside += not -ROUNDING <= reward <= REWARD_MAX + ROUNDING
        chances = dict(zip(logged.arms, logged.propensities, strict=True))
        expected = dict(zip(logged.arms, logged.estimates, strict=False))
        shown_s = (one.shown_ms or 0) / 1000
        return Trial(logged.arm, logged.context, chances, expected, reward, shown_s)
