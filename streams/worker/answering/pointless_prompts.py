"""Pointless prompts: which of the living are to be taken back, by what was said of their items.

What is said is queued by item, once however often it is said, and the prompts of an item are looked
at by and by: to hear of an item costs the same however many prompts offer it. Work is bounded: so
many prompts are looked at each time, and so many taken back in a second; the rest waits.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable

from streams.contract.published.prompts import PromptWithdrawn
from streams.contract.settings import Settings
from streams.contract.wire.shop.withdrawals import CatalogReason
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.answer import Answer
from streams.worker.answering.living_prompts import LivingPrompt, LivingPrompts

TICK_S = 0.1
"""How often is looked whether there is something to take back."""
LOOKS_MAX = 2_000
"""Prompts that are looked at each time: some milliseconds."""


class PointlessPrompts:
    """Which living prompts are to be taken back. Pure: no Kafka in here, and no clock.

    >>> from streams.contract.events.reference.catalog import CatalogItem
    >>> catalog = Catalog()
    >>> pointless = PointlessPrompts(Settings(), catalog)
    >>> pointless.published([LivingPrompt("p1", "ann", 0, 120_000, ("butter",))])
    >>> _ = catalog.put(CatalogItem(item_id="butter", in_stock=False))
    >>> pointless.heard("butter")
    >>> [(gone.because, gone.item_id) for _, gone in pointless.due({0}, now_ms=1_000)]
    [('sold_out', 'butter')]
    """

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self.living = LivingPrompts()
        self._catalog, self._share_max = catalog, settings.reprice_share_max
        self._per_s, self._looked_ms = settings.withdrawals_per_s_max, 0
        self._at_once = self._saved = max(1.0, self._per_s * TICK_S)
        self._said: OrderedDict[str | None, None] = OrderedDict()  # a dict's first is far
        """Items of which something was said, and nothing is looked at yet; None: any item."""
        self._to_look: deque[str] = deque()
        """Prompts of the item that has its turn, and those that were pointless from the start."""

    @property
    def waiting(self) -> int:
        """Prompts that are to be looked at yet, and items whose prompts are."""
        return len(self._to_look) + len(self._said)

    def heard(self, item_id: str | None) -> None:
        """Catalogue or control have said something of an item; None: of any."""
        if item_id is None:
            self._said.clear()
        elif None in self._said or not self.living.offering(item_id):
            return
        self._said[item_id] = None

    def published(self, prompts: Iterable[LivingPrompt]) -> None:
        """These are in the producer's hands; what was said meanwhile counts for them, too."""
        catalog = self._catalog
        silent = not (catalog or catalog.stopped)  # as without a catalogue: then only offers end
        for prompt in prompts:
            is_new = self.living.add(prompt)
            if not is_new or (silent and prompt.offer is None):
                continue
            if prompt.pointless(catalog, self._share_max) is not None:
                self._to_look.append(prompt.prompt_id)

    def gone(self, answers: Iterable[Answer]) -> None:
        """What these answers have taken back already."""
        for answer in answers:
            for withdrawn in answer.withdrawals:
                self.living.drop(withdrawn.prompt_id)

    def due(self, ours: Collection[int], now_ms: int) -> list[tuple[LivingPrompt, PromptWithdrawn]]:
        """What is to be taken back now, of these partitions; it lives no longer."""
        self.living.expire(now_ms)
        waited_s = (now_ms - self._looked_ms) / 1000 if self._looked_ms else TICK_S
        self._saved = min(self._at_once, self._saved + self._per_s * max(0.0, waited_s))
        self._looked_ms = now_ms
        found: list[tuple[LivingPrompt, PromptWithdrawn]] = []
        not_ours: list[str] = []
        for _ in range(LOOKS_MAX):
            if self._saved < 1.0 or not (self._to_look or self._said):
                break
            prompt = self._next()
            if prompt is None or prompt.expires_at_ms <= now_ms:
                continue
            if prompt.partition not in ours:
                not_ours.append(prompt.prompt_id)
                continue
            why = prompt.pointless(self._catalog, self._share_max)
            if why is not None:
                self._saved -= 1.0
                self.living.drop(prompt.prompt_id)
                found.append((prompt, _withdrawn(prompt, *why, now_ms)))
        self._to_look.extend(not_ours)  # until it is said whose they are
        return found

    def _next(self) -> LivingPrompt | None:
        """The prompt whose turn it is; None: it lives no longer, or the item is in none."""
        if not self._to_look:
            item_id, _ = self._said.popitem(last=False)
            every = (prompt.prompt_id for prompt in self.living)
            self._to_look.extend(every if item_id is None else self.living.offering(item_id))
        return self.living.get(self._to_look.popleft()) if self._to_look else None


def _withdrawn(
    prompt: LivingPrompt, because: CatalogReason, item_id: str | None, now_ms: int
) -> PromptWithdrawn:
    return PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id=prompt.session_id,
        because=because,
        item_id=item_id,
        caused_by="",
        occurred_at_ms=now_ms,
    )
