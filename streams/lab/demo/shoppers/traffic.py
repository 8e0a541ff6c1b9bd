"""All visits under way: who comes when, who is due next, and who hears which prompt.

Pure: time comes in as an argument and events go out as values, so the same traffic runs against
Kafka (`simulation`) or, in a test, straight into a `Shop`.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

from streams.contract.events import Event, ItemAdded
from streams.contract.published.outcomes import STAGES, Stage
from streams.contract.published.prompts import Published
from streams.lab.demo.shoppers.belongings import Belongings
from streams.lab.demo.shoppers.shoppers import Shopper, visitors
from streams.lab.demo.shoppers.visits import Visit
from streams.lab.demo.shops.assortment import GROCERY, Assortment

THINK_S = 0.5
"""Mean pause between two steps of a visit: people take half a minute, the demo has less time."""
VISITS_MAX = 2_000


class Traffic:
    """Keeps as many visits going as it takes to say as many events as are asked for.

    >>> traffic = Traffic(seed=7, shoppers=(), run="doc")
    >>> [event.event_id for event in traffic.advance(0.0, 1767225600000, 3)]
    ['doc-1-1', 'doc-2-1', 'doc-3-1']
    >>> len(traffic)
    3
    """

    def __init__(
        self,
        *,
        seed: int,
        shoppers: Sequence[Shopper],
        run: str,
        shop: Assortment = GROCERY,
        think_s: float = THINK_S,
        visits_max: int = VISITS_MAX,
    ) -> None:
        self.visits_ended = 0
        self.prompts_missed = 0
        self._items_foreign = 0
        self.shop = shop
        self._seed = seed
        self._run = run
        self._think_s = think_s
        self._visits_max = visits_max
        self._visitors = visitors(seed, shoppers)
        self._numbers = count(1)
        self._visits: dict[str, Visit] = {}
        self._here: set[str] = set()
        self._belongings = Belongings(shop)
        self._due: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._visits)

    @property
    def items_foreign(self) -> int:
        """Items in prompts that our shoppers know nothing of, and passed over."""
        here = sum(visit.items_foreign for visit in self._visits.values())
        return self._items_foreign + here

    def advance(self, now_s: float, now_ms: int, wanted: int) -> list[Event]:
        """About `wanted` events: of the visits that are due by `now_s`, else of new visits."""
        events: list[Event] = []
        while len(events) < wanted and (visit := self._next(now_s)) is not None:
            events += visit.step(now_ms)
            if visit.over:
                self._leave(visit)
            else:
                heappush(self._due, (now_s + visit.pause_s(self._think_s), visit.session_id))
        return events

    def hear(self, published: Published, now_ms: int) -> tuple[Event, ...]:
        """Hand a prompt to its visit; what the shopper says at once. Who has left hears nothing."""
        visit = self._visits.get(published.session_id)
        if visit is None:
            self.prompts_missed += published.type == "prompt"
            return ()
        return visit.hear(published, now_ms)

    def _next(self, now_s: float) -> Visit | None:
        if self._due and self._due[0][0] <= now_s:
            return self._visits[heappop(self._due)[1]]
        return self._enter() if len(self._visits) < self._visits_max else None

    def _enter(self) -> Visit:
        """Somebody who is not here already begins a visit."""
        shopper = next(who for who in self._visitors if who.shopper_id not in self._here)
        number = next(self._numbers)
        seed = f"{self._seed}/{number}"
        visitor = self._belongings.of(shopper)
        visit = Visit(f"{self._run}-{number}", visitor, seed, self.shop)
        self._visits[visit.session_id] = visit
        if shopper.shopper_id is not None:
            self._here.add(shopper.shopper_id)
        return visit

    def _leave(self, visit: Visit) -> None:
        del self._visits[visit.session_id]
        self._here.discard(visit.shopper.shopper_id or "")
        self._belongings.take(visit.shopper, visit.kept)
        self.visits_ended += 1
        self.prompts_missed += visit.prompts_missed
        self._items_foreign += visit.items_foreign


def feedback_stage(event: Event) -> Stage | None:
    """The stage of a prompt that an event reports, if it is feedback.

    >>> from streams.contract.events import PromptShown
    >>> shown = PromptShown(event_id="e", session_id="s", occurred_at_ms=1767225600000, receipt="r")
    >>> feedback_stage(shown)
    'shown'
    """
    if isinstance(event, ItemAdded):
        return "added" if event.receipt is not None else None
    said = event.type.removeprefix("prompt_")
    return next((stage for stage in STAGES if stage == said), None)
