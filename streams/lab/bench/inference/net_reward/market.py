"""A real shop of two partitions before such customers: what is published, settled and estimated.

Events are folded in the order in which brokers would have them, returns days after their orders;
each outcome goes as JSON through the fold of `goeswith off-policy`, which settles it two weeks
later, and reads one partition after the other. Beside it the same fold that settles after ten
minutes, as somebody would who does not wait.
"""

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, NamedTuple

from streams.contract.events import (
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptShown,
)
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.experiments.evidence.outcome_records import add_outcome
from streams.experiments.impressions import Trial, Trials
from streams.experiments.off_policy.off_policy import evaluated_policy
from streams.lab.bench.inference.net_reward.journeys import (
    ARMS,
    HABITS,
    TARGETS,
    Journey,
    journeys,
    net_reward,
    true_value,
)
from streams.shop.decision.arms import ARMS as ALL_ARMS
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
START_MS = 1_767_225_600_000
EACH_MS = 600_000
"""Between two customers."""
BACK_MS_MAX = 13 * DAY_MS
SETTLE_MS = 14 * DAY_MS
"""By then everything is back that comes back."""
SOON_MS = 600_000
PARTITIONS = 2
SWEEP_RECORDS = 100
"""Often, so that returns are read long after the prompts of their orders were swept."""
EARLY = 0.2
"""The share of returns that are read before their order,"""
ELSEWHERE = 0.5
"""and of those that another session tells, on the other partition."""
UNSAID = 0.5
"""The share of whole returns that name no lines."""
ROUNDING = 1e-9
FLOOR = 0.15
ANCHOR = "bread"
OTHERS = ("butter", "jam", "tea", "cheese", "honey", "rice")
SETTINGS: dict[str, Any] = {
    "receipt_secret": "not a secret",
    "holdout_share": 0.0,
    "cool_down_s": 0.0,
    "prompts_per_session_max": 1,
    "lateness_s": 1e7,
    "arm_floor": FLOOR,
    "segments": "club",
    "staples_withheld": 0,
    "lift_z_min": 0.0,
}
"""Nothing silences the shop, and each arm always has something to offer."""


class Estimated(NamedTuple):
    """What was said of a policy, and what is true."""

    truth: float
    aipw: float
    ips: float
    soon: float
    """AIPW again, judged ten minutes after the impression."""
    held: bool
    """Whether bounds that hold at every look hold the truth."""


class MarketRun(NamedTuple):
    """What one shop came to."""

    impressions: int
    wrong_rewards: int
    """Impressions that settled at another reward than that of their journey."""
    returned: int
    """Journeys of which something came back."""
    by_target: dict[str, Estimated]


class Planned(NamedTuple):
    """An event that is to come, at this time; those of one time in the order of their numbers."""

    at_ms: int
    number: int
    partition: int
    event: Event


class Market:
    """The shop, its log and its outcomes, and what each customer who saw a prompt did."""

    def __init__(self, seed: int) -> None:
        self.seen: list[tuple[str, Journey]] = []
        """Arm and journey of each prompt that was shown."""
        self.soon = Trials(SOON_MS, in_money=True)
        self._log: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self._seed, self._chance = seed, Random(f"net reward {seed}")
        arms = {name: ALL_ARMS[name] for name in ARMS}
        self._shop = Shop(Settings(**SETTINGS), arms=arms)
        self._pending = PendingPrompts()
        self._numbers = count()
        self._queue: list[Planned] = []
        self._journeys = {of: list(journeys(habits)) for of, habits in HABITS.items()}
        self._teach()

    def play(self, customers: int) -> None:
        """So many customers, one after the other, and all that comes back of their orders."""
        for number in range(customers):
            self._ask(f"{self._seed} {number}", START_MS + number * EACH_MS, number % PARTITIONS)
        self._ask("somebody later", START_MS + customers * EACH_MS + 2 * SETTLE_MS, 0)
        while self._queue:
            self._tell(heappop(self._queue))
        self.seen.pop()  # the one who came later: by then all others are settled

    def later(self) -> list[Trial]:
        """What the log comes to, in the order of time; settled while it is read."""
        trials, found = Trials(SETTLE_MS, in_money=True), list[Trial]()
        for partition, records in enumerate(self._log):
            unread = range(partition, PARTITIONS)
            for number, record in enumerate(records):
                add_outcome(trials, record, partition)
                if number % SWEEP_RECORDS == 0:
                    found += trials.swept(unread)
        return sorted(found + trials.settled(), key=lambda trial: trial.shown_s)

    def _ask(self, session: str, at_ms: int, partition: int) -> None:
        """An add. Draws are seeded by session and event: so each shop's sessions have own ids."""
        segment = self._chance.choice(("club", "new"))
        said = self._said(session, at_ms, segment=segment)
        self._plan(at_ms, partition, ItemAdded(item_id=ANCHOR, **said))

    def _tell(self, planned: Planned) -> None:
        _, _, partition, event = planned
        offset = self._shop.position.get(partition, 0)
        self._shop.learn(partition, offset, event)
        answer = self._shop.answer(event, partition, offset, self._pending)
        for told in (*answer.outcomes, *answer.unit_outcomes):  # and what came back elsewhere
            self._log[partition].append(told.to_json())
            add_outcome(self.soon, told.to_json(), partition)
        if answer.outgoing_prompt is not None:
            self._react(answer.outgoing_prompt.prompt(), partition, event)

    def _react(self, prompt: Prompt, partition: int, event: Event) -> None:
        """Draw a journey, and plan its events; the prompt is seen at once."""
        segment = prompt.context.partition("/")[2]
        found = self._journeys[prompt.arm, segment]
        ((_, journey),) = self._chance.choices(found, [chance for chance, _ in found])
        self.seen.append((prompt.arm, journey))
        at_ms, who, receipt = event.occurred_at_ms, event.session_id, prompt.receipt
        items = [item.item_id for item in prompt.items]
        if len(journey.pieces) > len(items):
            raise ValueError(f"{prompt.arm} offers {items}: too few for this simulation")
        happens: list[Event] = [PromptShown(receipt=receipt, **self._said(who, at_ms + 1_000))]
        if journey.clicked:
            said = self._said(who, at_ms + 5_000)
            happens.append(PromptClicked(receipt=receipt, item_id=items[0], **said))
        for item, pieces in zip(items, journey.pieces, strict=False):
            said = self._said(who, at_ms + 10_000)
            happens.append(ItemAdded(item_id=item, quantity=pieces, receipt=receipt, **said))
        if journey.taken_out:
            said = self._said(who, at_ms + 20_000)
            happens.append(ItemRemoved(item_id=items[0], quantity=journey.pieces[0], **said))
        for one in happens:
            self._plan(one.occurred_at_ms, partition, one)
        if journey.ordered:
            self._order(who, at_ms + 60_000, partition, items, journey)

    def _order(
        self, who: str, at_ms: int, partition: int, items: list[str], journey: Journey
    ) -> None:
        """Everything in the basket is ordered; of that what comes back does so later."""
        order_id = f"order of {who}"
        bought = {ANCHOR: 1} | {items[at]: journey.pieces[at] for at in journey.stands}
        order = OrderPlaced(order_id=order_id, lines=_lines(bought), **self._said(who, at_ms))
        self._plan(at_ms, partition, order)
        back = {item: n for item, n in zip(items, journey.back, strict=False) if n}
        if not back:
            return
        early = self._chance.random() < EARLY
        back_ms = at_ms + (1_000 if early else self._chance.randrange(HOUR_MS, BACK_MS_MAX))
        if self._chance.random() < ELSEWHERE:
            who, partition = f"back office of {who}", 1 - partition
        said, whole = self._said(who, back_ms), all(bought[item] == n for item, n in back.items())
        everything = whole and len(back) == len(bought) - 1 and self._chance.random() < UNSAID
        kind = self._chance.choice((OrderCancelled, OrderReturned))
        lines = None if everything else _lines(back)
        self._plan(
            at_ms - 1 if early else back_ms, partition, kind(order_id=order_id, lines=lines, **said)
        )

    def _plan(self, at_ms: int, partition: int, event: Event) -> None:
        heappush(self._queue, Planned(at_ms, next(self._numbers), partition, event))

    def _said(self, session: str, at_ms: int, **more: Any) -> dict[str, Any]:
        event_id = f"{next(self._numbers)}"
        return {"session_id": session, "event_id": event_id, "occurred_at_ms": at_ms, **more}

    def _teach(self) -> None:
        """Baskets and visits of yesterday, in which everything stood beside everything."""
        for number in range(30):
            who, at_ms = f"past-{number}", START_MS - DAY_MS + number * EACH_MS
            items = (ANCHOR, *self._chance.sample(OTHERS, 4))
            views = [ItemViewed(item_id=item, **self._said(who, at_ms)) for item in items]
            adds = [ItemAdded(item_id=item, **self._said(who, at_ms)) for item in items]
            bought = dict.fromkeys(items, 1)
            said = self._said(who, at_ms)
            order = OrderPlaced(order_id=who, lines=_lines(bought), **said)
            past: list[Event] = [*views, *adds, order]
            for event in past:
                self._shop.learn(0, self._shop.position.get(0, 0), event)


def _lines(quantities: Mapping[str, int]) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(item_id=item, quantity=n) for item, n in quantities.items())


def run(seed: int, customers: int) -> MarketRun:
    """One shop, from its seed alone."""
    market = Market(seed)
    market.play(customers)
    later, soon = market.later(), market.soon.settled()
    wrong = sum(
        trial.arm != arm or abs(trial.reward - net_reward(journey)) > ROUNDING
        for trial, (arm, journey) in zip(later, market.seen, strict=True)
    )
    by_target = {name: _estimated(name, later, soon) for name in TARGETS}
    returned = sum(bool(journey.back) for _, journey in market.seen)
    return MarketRun(len(later), wrong, returned, by_target)


def _estimated(name: str, later: list[Trial], soon: list[Trial]) -> Estimated:
    target = TARGETS[name]
    found = evaluated_policy(later, target, floor=FLOOR, effective_min=2.0).verdict
    early = evaluated_policy(soon, target, floor=FLOOR, effective_min=2.0).verdict
    truth = sum(true_value(target, trial) for trial in later) / len(later)
    always = found.always_valid
    if found.dr is None or early.dr is None or always is None:
        raise ValueError("a log without expectations, or without a floor")
    held = always.low <= truth <= always.high
    return Estimated(truth, found.dr.value, found.ips.value, early.dr.value, held)
