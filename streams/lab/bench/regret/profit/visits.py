"""Visits to a simulated shop, straight into a `Shop`: what is prompted, and what comes of it.

The same seed brings the same visitors with the same wishes to every contender. What a prompt is
worth is not what was bought by chance, but what it earns on average, as the truth has it.
"""

from itertools import count
from random import Random
from typing import Any, NamedTuple

from streams.contract.events import (
    Event,
    ItemAdded,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptDismissed,
    PromptShown,
)
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.lab.bench.regret.profit.shops import CURRENCY, ProfitShop, ShopVisitor
from streams.shop.decision.arms import ARMS, Arm
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.guards import kept_out
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

BEGINS_MS = 1_767_225_600_000
STEP_MS = 20_000
"""Between two things that a visitor does: more than the pause after a prompt."""
BETWEEN_MS = 60_000
"""Between two visits."""
LOOKS_AROUND, HABIT = 0.5, 0.25
"""How often something like it is looked at first, and how often a habit is followed anyway."""
FREE = {"not_worth", "no_candidate", "withheld"}
"""Silences of our own choice: the manners (pause, cap, dismissals) bind the best as well."""


class Expectation(NamedTuple):
    """An offered item: what it was expected to earn, and what it earns on average."""

    expected_minor: float
    true_minor: float


class Takings:
    """What a contender has made of its visits, since it was last begun anew."""

    def __init__(self) -> None:
        self.sessions = self.prompts = self.items = 0
        self.worth_minor = self.best_minor = self.mannerly_minor = 0.0
        self.dismissals = self.best_dismissals = 0.0
        self.expectations: list[Expectation] = []


class Contender:
    """A shop of some settings and arms, and the visitors who come to it."""

    def __init__(
        self,
        simulated: ProfitShop,
        seed: int,
        settings: Settings,
        arms: dict[str, Arm] | None = None,
    ) -> None:
        self.takings, self.events = Takings(), 0
        self._simulated, self._seed = simulated, seed
        self._shop = Shop(settings, arms=arms or ARMS)
        self._pending, self._now_ms = PendingPrompts(), BEGINS_MS
        self._catalog = Catalog(worths=True)
        for item in simulated.catalog():
            self._catalog.put(item)
        self._visits = count(1)

    def run(self, events: int) -> Takings:
        """Visits until so many events more were said; what was taken in meanwhile."""
        self.takings, until = Takings(), self.events + events
        while self.events < until:
            self._visit(next(self._visits))
        return self.takings

    def _visit(self, number: int) -> None:
        rng = Random(f"{self._seed}/{number}")
        shopper = self._simulated.visitor(rng)
        visit = PlayedVisit(f"v-{number}", shopper, self._now_ms)
        self.takings.sessions += 1
        for item in self._wishes(shopper, rng):
            if rng.random() < LOOKS_AROUND:
                other = rng.choice(self._simulated.alike[item])
                self._ask(visit, ItemViewed(**visit.said(), item_id=other), other, rng)
            self._ask(visit, ItemViewed(**visit.said(), item_id=item), item, rng)
            if item not in visit.basket:
                visit.basket.append(item)
                self._ask(visit, ItemAdded(**visit.said(), item_id=item), item, rng)
        self._checkout(visit, rng)
        self._now_ms = visit.now_ms + BETWEEN_MS

    def _wishes(self, shopper: ShopVisitor, rng: Random) -> list[str]:
        """What is wanted anyway: something, perhaps what goes with it, perhaps a habit."""
        simulated, wanted = self._simulated, []
        for _ in range(rng.choice((1, 1, 2))):
            item = simulated.popular(rng)
            wanted.append(item)
            for other, need in simulated.complements[item].items():
                if rng.random() < 0.5 * need:
                    wanted.append(other)
        wanted += [habit for habit in shopper.habits if rng.random() < HABIT]
        return list(dict.fromkeys(wanted))

    def _ask(self, visit: "PlayedVisit", event: Event, anchor: str, rng: Random) -> None:
        """Something that may be answered by a prompt, which the visitor then sees."""
        answer, having = self._say(event), {*visit.basket, anchor}
        takings, simulated, luck = self.takings, self._simulated, rng.random()
        prompt = answer.prompt
        if answer.silence is None or answer.silence.reason in FREE:
            self._compare_with_best(visit, event, anchor, having)
        if prompt is None:
            return
        items = [item.item_id for item in prompt.items]
        takings.prompts, takings.items = takings.prompts + 1, takings.items + len(items)
        takings.worth_minor += simulated.worth(items, having, visit.shopper)
        self._compare(prompt, items, having, visit.shopper)
        self._say(PromptShown(**visit.said(), receipt=prompt.receipt))
        mood = Random(luck)
        chances = simulated.chances(items, having, visit.shopper)
        taken = [
            item for item, chance in zip(items, chances, strict=True) if mood.random() < chance
        ]
        for item in taken:
            visit.basket.append(item)
            self._say(ItemAdded(**visit.said(), item_id=item, receipt=prompt.receipt))
        if not taken and mood.random() < simulated.dismissed(chances):
            takings.dismissals += 1
            self._say(PromptDismissed(**visit.said(), receipt=prompt.receipt))

    def _compare_with_best(
        self, visit: "PlayedVisit", event: Event, anchor: str, having: set[str]
    ) -> None:
        """What who knows everything would say now: by no manners, and by ours.

        By ours nothing is offered again that was just sent away or bought, as nothing of ours is.
        """
        takings, simulated, shopper = self.takings, self._simulated, visit.shopper
        best = simulated.best(having, shopper)
        takings.best_minor += simulated.worth(best, having, shopper)
        takings.best_dismissals += simulated.sent_away(best, having, shopper)
        session, shop = self._shop.sessions[0].find(visit.session_id), self._shop
        if session is not None:
            asked = session, anchor, event.time_s
            out = kept_out(*asked, shop.learned, shop.settings)
            mannerly = simulated.best(having, shopper, out)
            takings.mannerly_minor += simulated.worth(mannerly, having, shopper)

    def _compare(
        self, prompt: Prompt, items: list[str], having: set[str], shopper: ShopVisitor
    ) -> None:
        numbers, simulated = self._shop.decision.numbers, self._simulated
        if numbers is None:
            return
        worths = self._shop.receipts.open(prompt.receipt, prompt.session_id).worths
        expected = numbers.expected(prompt.arm, prompt.context, worths)
        chances = simulated.chances(items, having, shopper)
        for item, said, chance in zip(items, expected, chances, strict=True):
            true = chance * simulated.goods[item].net_minor
            self.takings.expectations.append(Expectation(said, true))

    def _checkout(self, visit: "PlayedVisit", rng: Random) -> None:
        """All of the basket is bought; some of it comes back."""
        goods, order_id = self._simulated.goods, f"o-{visit.session_id}"
        lines = tuple(
            OrderLine(item_id=item, price_minor=goods[item].price_minor) for item in visit.basket
        )
        self._say(OrderPlaced(**visit.said(), order_id=order_id, lines=lines, currency=CURRENCY))
        back = tuple(line for line in lines if rng.random() < goods[line.item_id].returned)
        if back:
            self._say(OrderReturned(**visit.said(), order_id=order_id, lines=back))

    def _say(self, event: Event) -> Answer:
        self.events += 1
        offset = self._shop.position.get(0, 0)
        self._shop.learn(0, offset, event)
        answer = self._shop.answer(event, 0, offset, self._pending, catalog=self._catalog)
        if answer.outgoing_prompt is not None:
            self._pending.add(answer.outgoing_prompt)
        return answer


class PlayedVisit:
    """A visit under way."""

    def __init__(self, session_id: str, shopper: ShopVisitor, now_ms: int) -> None:
        self.session_id, self.shopper, self.now_ms = session_id, shopper, now_ms
        self.basket: list[str] = []
        self._numbers = count(1)

    def said(self) -> dict[str, Any]:
        """What the next event has in common with all others."""
        self.now_ms += STEP_MS
        return {
            "event_id": f"{self.session_id}-{next(self._numbers)}",
            "session_id": self.session_id,
            "shopper_id": self.shopper.shopper_id,
            "consent": None if self.shopper.shopper_id is None else True,
            "occurred_at_ms": self.now_ms,
        }
