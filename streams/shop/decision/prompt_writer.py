"""The prompt of a choice: its items with their evidence, the reason, the vector, the receipt."""

from collections.abc import Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from models import Candidate, Choice
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import prompt_id
from streams.contract.receipts import Receipt, Receipts
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import BEST_WORTH
from streams.shop.decision.languages.directions import ANCHOR
from streams.shop.decision.languages.message_files import FALLBACK
from streams.shop.decision.languages.messages import OF_SEVERAL, SUGGESTED, reason
from streams.shop.memory.answer import CONSTANT_FIELDS, OutgoingPrompt
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent

SPEAKS_FOR, SOURCE = attrgetter("anchor", "source"), attrgetter("source")
COUNTS = attrgetter("together", "of")
"""What speaks for a candidate, and what was counted."""


class PromptWriter:
    """Writes prompts that live for `ttl_ms`, with these texts, and receipts that are sealed so.

    With `evidence_said` reasons say what was counted, too.
    """

    def __init__(
        self,
        receipts: Receipts,
        texts: Mapping[str, Mapping[str, str]],
        ttl_ms: int,
        *,
        evidence_said: bool = False,
    ) -> None:
        self.receipts, self.ttl_ms, self.evidence_said = receipts, ttl_ms, evidence_said
        self.texts = {**texts}  # all files are read by now: none while a shopper waits

    def prompt(
        self,
        session: Session,
        event: AskingEvent,
        placement: Placement,
        asked_for: str,
        context: str,
        choice: Choice,
        candidates: list[Candidate],
        known: tuple[ItemWorth, ...] = (),
    ) -> OutgoingPrompt:
        """What is published; `asked_for`: the item that the choice was made beside.

        `known`: what each item earns, to be sealed with the rest; nothing where nobody asks for it.
        """
        identity = prompt_id(event.event_id, event.session_id, placement)
        items = tuple([candidate.item for candidate in candidates])
        until_ms = event.received_at_ms + self.ttl_ms
        own = identity, session.session_id, items, choice.arm, event.event_id
        write = partial(self._written, event, asked_for, context, choice, candidates, known)
        asked_as = session.shopper_id is not None, event.segment
        return OutgoingPrompt(*own, event.occurred_at_ms, until_ms, placement, write, asked_as)

    def _written(
        self,
        event: AskingEvent,
        asked_for: str,
        context: str,
        choice: Choice,
        candidates: list[Candidate],
        known: tuple[ItemWorth, ...],
        outgoing: OutgoingPrompt,
    ) -> dict[str, Any]:
        """All fields of the record, in its order; the receipt is the last one."""
        identity, who = outgoing.prompt_id, outgoing.session_id
        now_ms, until_ms = outgoing.occurred_at_ms, outgoing.expires_at_ms
        arm, propensity, chances, estimate, expected = choice
        fields = {
            **CONSTANT_FIELDS,
            "prompt_id": identity,
            "session_id": who,
            "placement": outgoing.placement,
            "anchor": asked_for,
            "items": _items(candidates),
            "arm": arm,
            "context": context,
            "propensity": propensity,
            "propensities": chances,
            "estimates": expected,
            "reason": self._reason(event, arm, asked_for, candidates),
            "caused_by": event.event_id,
            "occurred_at_ms": now_ms,
            "expires_at_ms": until_ms,
        }
        if event.locale is not None:
            fields["locale"] = event.locale
        if outgoing.besides:
            fields.update(outgoing.besides)
        vector = (*chances,), (*chances.values(),), (*map(expected.__getitem__, chances),)
        worth = arm, context, propensity, estimate, outgoing.items
        receipt = Receipt(identity, who, *worth, now_ms, until_ms, *vector, known)
        fields["receipt"] = self.receipts.seal(receipt)
        return fields

    def _reason(
        self, event: AskingEvent, arm: str, asked_for: str, candidates: list[Candidate]
    ) -> dict[str, str]:
        """Why, in the shopper's language; what was counted, where that was so of each item."""
        best = candidates[0]
        key = self._of_source(arm, best.source) if best.source else arm
        if len({*map(SPEAKS_FOR, candidates)}) > 1:
            key = self._key_of_all(key, arm, candidates)
        counted = None
        if self.evidence_said and len({*map(COUNTS, candidates)}) == 1:
            counted = COUNTS(best)
        anchor, locale = best.anchor or asked_for, event.locale
        return reason(key, anchor=anchor, locale=locale, texts=self.texts, counted=counted)

    def _of_source(self, arm: str, source: str) -> str:
        """The key of the text for what a source offers: of one without, what is true of all."""
        key = key_of(arm, source)
        return key if key in self.texts[FALLBACK] else SUGGESTED

    def _key_of_all(self, key: str, arm: str, candidates: list[Candidate]) -> str:
        """The key of a text for items that different items, or different sources, speak for.

        It is read as the heading of each of them; `key`: that of the first one.
        """
        if len({*map(SOURCE, candidates)}) > 1:
            return OF_SEVERAL.get(arm, SUGGESTED)
        if ANCHOR not in self.texts[FALLBACK][key]:
            return key
        return OF_SEVERAL.get(key) or OF_SEVERAL.get(arm, SUGGESTED)


def key_of(arm: str, source: str) -> str:
    """The key of the text for what an arm offers by one of its sources.

    >>> key_of("best_fit", "knn"), key_of("best_worth", "popular")
    ('best_fit/knn', 'popular')
    """
    return source if arm == BEST_WORTH else f"{arm}/{source}"


def _items(candidates: list[Candidate]) -> list[dict[str, Any]]:
    """The candidates as the fields of `PromptItem`s."""
    return [
        {
            "item_id": item,
            "score": score,
            "evidence": {"anchor": anchor, "together": together, "of": of},
        }
        for item, score, together, of, anchor, _ in candidates
    ]
