"""What comes back of what an arm sold: one trial for each arm and unit, its first sale.

Who sends things back mostly sends back the next one too, so sales of one visitor are no independent
trials: of each arm only the first item that a unit bought from its prompts counts, and whether any
of it came back. A return is told by the prompt's own outcomes, or elsewhere by its order's number
alone (`unmatched`), and may be read before the sale that it is of. Memory is bounded as that of
first impressions is.
"""

from collections import OrderedDict
from typing import NamedTuple

from pydantic import ValidationError

from models.evaluation.latest_windows import LatestWindows
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome, Unmatched
from streams.experiments.open_prompts import possible
from streams.storefront.reference.guardrails.first_impressions import FirstImpressions, Firsts

BACKS_MAX = 100_000
"""Orders of which something came back elsewhere that are remembered."""
ITEMS_OF_ORDER_MAX = 2_000
"""First sales, and items that came back, that are remembered of one order, as many as its lines.

More are told only by who tells one number again and again; they count as kept.
"""
MARKS = b'"bought"', b'"returned"', b'"unmatched"'
"""What the value of a record has in it, one of them, that tells of a sale or a return."""
EVERYTHING = frozenset[str]()
"""What a return is of that names no items."""


class Sales(NamedTuple):
    """First sales of an arm, one a unit."""

    sold: int = 0
    came_back: int = 0


class FirstSales:
    """Counts first sales by arm; `units` knows whose sessions are.

    >>> sales = FirstSales(FirstImpressions())
    >>> for order in ("o-1", "o-2"):
    ...     sales.sold("popular", "monday", "p1", order, "coat")
    >>> sales.came_back("p1", "o-1", "coat")
    >>> sales.by_arm
    {'popular': Sales(sold=1, came_back=1)}
    """

    def __init__(self, units: FirstImpressions, backs_max: int = BACKS_MAX) -> None:
        self._units, self._firsts = units, FirstImpressions(units.units_max, units.open_max)
        self.backs_max = backs_max
        self._backs: OrderedDict[str, frozenset[str]] = OrderedDict()
        """By order the items that came back elsewhere."""
        self._of_order: OrderedDict[str, dict[tuple[str, str], None]] = OrderedDict()
        """By order its first sales: the prompt and the item of each."""

    @property
    def by_arm(self) -> dict[str, Sales]:
        """The sales of each arm."""
        return {arm: Sales(*firsts) for arm, firsts in self._firsts.by_arm.items()}

    @property
    def lately(self) -> dict[str, LatestWindows[Firsts]]:
        """The same by the time of the sales: of first ones how many there were, and came back."""
        return self._firsts.lately

    def sold(
        self, arm: str, session_id: str, prompt_id: str, order_id: str, item_id: str, at_ms: int = 0
    ) -> None:
        """Count that an order bought an item from a prompt: of a unit the first of the arm."""
        unit = self._units.unit(session_id, at_ms)
        if unit is None:
            return
        if not self._firsts.shown(arm, unit, _named(prompt_id, order_id, item_id), at_ms):
            return
        known = self._of_order.pop(order_id, {})
        self._of_order[order_id] = known
        if len(known) < ITEMS_OF_ORDER_MAX:
            known[prompt_id, item_id] = None
        if len(self._of_order) > self._units.open_max:
            self._of_order.popitem(last=False)
        back = self._backs.get(order_id)
        if back is not None and (back == EVERYTHING or item_id in back):
            self.came_back(prompt_id, order_id, item_id)

    def came_back(self, prompt_id: str, order_id: str, item_id: str) -> None:
        """Count that some of a sale came back, once, if it was such a first one."""
        self._firsts.dismissed(_named(prompt_id, order_id, item_id))

    def came_back_elsewhere(self, order_id: str, items: frozenset[str]) -> None:
        """The same of all that an order sold of these items; none: of any."""
        before = self._backs.pop(order_id, items)
        told = EVERYTHING if EVERYTHING in (items, before) else before | items
        self._backs[order_id] = told if len(told) <= ITEMS_OF_ORDER_MAX else before
        if len(self._backs) > self.backs_max:
            self._backs.popitem(last=False)
        for prompt_id, item_id in self._of_order.get(order_id, ()):
            if items == EVERYTHING or item_id in items:
                self.came_back(prompt_id, order_id, item_id)

    def count(self, outcome: Outcome) -> None:
        """Count what an outcome tells; a repeat changes nothing, however late it comes."""
        order_id, item_id = outcome.order_id, outcome.item_id
        if order_id is None or item_id is None:
            return
        if outcome.stage == "bought":
            who, at_ms = outcome.session_id, outcome.occurred_at_ms
            self.sold(outcome.arm, who, outcome.prompt_id, order_id, item_id, at_ms)
        elif outcome.stage == "returned":
            self.came_back(outcome.prompt_id, order_id, item_id)

    def read(self, value: bytes | None) -> None:
        """Count what a record of the outcomes topic tells, if it is of a sale, and can be true.

        All of them are looked at: whoever joins outcomes of prompts knows no items of a prompt any
        more when that is settled, and drops what comes of a second one.
        """
        if value is None or not any(mark in value for mark in MARKS):
            return
        try:
            told = ANY_OUTCOME.validate_json(value)
        except ValidationError:  # counted by whoever reads all of it
            return
        if isinstance(told, Unmatched):
            items = frozenset(line.item_id for line in told.lines)
            self.came_back_elsewhere(told.order_id, items)
        elif isinstance(told, Outcome) and possible(told):
            self.count(told)


def _named(prompt_id: str, order_id: str, item_id: str) -> str:
    return f"{prompt_id}\0{order_id}\0{item_id}"
