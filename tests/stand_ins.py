"""Small real classes that stand where a test does not want the whole.

A shop that counts, a delivery that keeps what it is given, records made by hand.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from streams.contract.events import Event, ItemAdded, ItemRemoved, ItemViewed, encode
from streams.contract.published.prompts import (
    Evidence,
    Prompt,
    PromptItem,
    PromptWithdrawn,
    Reason,
    prompt_id,
)
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controlled
from streams.shop.memory.answer import Answer, OutgoingPrompt, Silence
from streams.shop.memory.pending_prompts import PendingPrompt, PendingPrompts
from streams.shop.shop import Folding
from streams.worker.delivery import OutgoingRecord


@dataclass(frozen=True)
class Record:
    """A record as a consumer would bring it."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 0
    timestamp_type: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


def recorded(event: Event, offset: int) -> Record:
    """The record that holds this event."""
    return Record(offset, encode(event), event.session_id.encode(), event.occurred_at_ms)


class CountingShop:
    """Counts items; asked about a view or an add, it always offers butter."""

    def __init__(self) -> None:
        self.position: dict[int, int] = {}
        self.unknown_keys: dict[str, int] = {}
        self.items: Counter[str] = Counter()

    def start(self, partition: int, offset: int) -> None:
        """The log of a partition goes on here."""
        self.position[partition] = max(offset, self.position.get(partition, 0))

    def learn(self, partition: int, offset: int, event: Event | None) -> Folding:
        """Count the event's item."""
        position = self.position.get(partition, 0)
        if offset != position:
            return "gap" if offset > position else "repeated"
        if isinstance(event, ItemViewed | ItemAdded | ItemRemoved):
            self.items[event.item_id] += 1
        self.position[partition] = offset + 1
        return "folded"

    def answer(
        self,
        event: Event,
        partition: int,
        offset: int,
        pending: PendingPrompts,
        *,
        now_ms: int | None = None,
        catalog: Catalog | None = None,
        controls: Controlled | None = None,
    ) -> Answer:
        """Butter, unless it was offered and not seen yet; removing withdraws what was offered."""
        if isinstance(event, ItemRemoved):
            return Answer(
                withdrawals=tuple(_withdrawn(p, event) for p in pending.of(event.session_id))
            )
        if not isinstance(event, ItemViewed | ItemAdded):
            return Answer()
        if pending.of(event.session_id):
            return Answer(silence=Silence("cool_down"))
        return Answer(outgoing_prompt=OutgoingPrompt.of(_butter(event)))

    def digests(self) -> dict[str, str]:
        """A hash of the counts and the position."""
        folded = [sorted(self.position.items()), sorted(self.items.items())]
        return {"all": sha256(json.dumps(folded).encode()).hexdigest()}


class KeepingDelivery:
    """Keeps what is published, and says that it is delivered when told to."""

    def __init__(self) -> None:
        self.published: list[list[OutgoingRecord]] = []
        self.waiting: list[Callable[[], object]] = []

    async def publish(self, records: Iterable[OutgoingRecord], then: Callable[[], object]) -> None:
        """Keep the records of a round."""
        self.published.append(list(records))
        self.waiting.append(then)

    def deliver(self) -> None:
        """The broker has everything."""
        while self.waiting:
            self.waiting.pop(0)()


def _butter(event: ItemViewed | ItemAdded) -> Prompt:
    return Prompt(
        prompt_id=prompt_id(event.event_id, event.session_id, "basket"),
        session_id=event.session_id,
        placement="basket",
        anchor=event.item_id,
        items=(PromptItem(item_id="butter", score=1.0, evidence=Evidence(together=1, of=2)),),
        arm="popular",
        context="basket",
        propensity=0.5,
        propensities={"popular": 0.5, "silence": 0.5},
        reason=Reason(key="popular", text="Often bought"),
        caused_by=event.event_id,
        occurred_at_ms=event.occurred_at_ms,
        expires_at_ms=event.occurred_at_ms + 120_000,
        receipt="sealed",
    )


def _withdrawn(prompt: PendingPrompt, event: Event) -> PromptWithdrawn:
    return PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id=event.session_id,
        because="ordered",
        caused_by=event.event_id,
        occurred_at_ms=event.occurred_at_ms,
    )
