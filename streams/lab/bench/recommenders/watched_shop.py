"""A shop beside plain books: each of its prompts is looked at, as soon as it is made."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.lab.bench.recommenders.changing_shop import Change
from streams.lab.bench.recommenders.unsuitable import PlainBooks
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controls
from streams.shop.memory.answer import OutgoingPrompt
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import asks
from streams.shop.shop import Shop

EXAMPLES_MAX = 20
BESIDE_EVERY = 50
"""One in so many events is answered again without a catalogue: that would have been offered."""


class WatchedShop:
    """Folds and answers events, and counts what it offered that it must not offer."""

    def __init__(self, settings: Settings) -> None:
        self._shop, self._pending = Shop(settings), PendingPrompts()
        self._catalog, self._controls = Catalog.of(settings), Controls(settings)
        self._books = PlainBooks(settings.margin_ratio_min)
        self._tally = Counter(events=0, changes=0, prompts=0, items=0, asked_without=0)
        self._found, self._without = Counter[str](), Counter[str]()
        self._examples: list[str] = []

    def change(self, change: Change) -> None:
        """The catalogue says something else, or a control."""
        self._tally["changes"] += 1
        if isinstance(change, list):
            self._controls.put("items.hidden", change, 0)
            self._catalog.hidden, self._books.hidden = self._controls.hidden, frozenset(change)
        else:
            self._catalog.put(change)
            self._books.items[change.item_id] = change

    def serve(self, event: Event) -> None:
        """An event happens, and is answered; now and then also as if there were no catalogue."""
        offset = self._shop.position.get(0, 0)
        self._shop.learn(0, offset, event)
        self._books.note(event)
        self._tally["events"] += 1
        said = event, 0, offset, self._pending
        answer = self._shop.answer(*said, now_ms=event.occurred_at_ms, catalog=self._catalog)
        for kind, example in self._wrong(event, answer.outgoing_prompts):
            self._found[kind] += 1
            self._examples.append(f"{kind}: {example}")
        self._tally["prompts"] += len(answer.outgoing_prompts)
        self._tally["items"] += sum(len(prompt.items) for prompt in answer.outgoing_prompts)
        if asks(event) and self._tally["events"] % BESIDE_EVERY == 0:
            plain = self._shop.answer(*said, now_ms=event.occurred_at_ms).outgoing_prompts
            self._tally["asked_without"] += len(plain)
            self._without.update(kind for kind, _ in self._wrong(event, plain))

    def _wrong(self, event: Event, prompts: Iterable[OutgoingPrompt]) -> Iterable[tuple[str, str]]:
        for prompt in prompts:
            slot = prompt.fields["placement"]
            wrong = self._books.unsuitable(event, slot, prompt.fields["anchor"], prompt.items)
            for kind, item_id in wrong:
                yield kind, f"{item_id} in {slot} at {event.event_id}"

    def figures(self) -> dict[str, Any]:
        """What was found, as JSON."""
        return {
            **self._tally,
            "unsuitable": self._found.total(),
            "found": dict(self._found),
            "examples": self._examples[:EXAMPLES_MAX],
            "without_catalogue": dict(self._without),
        }
