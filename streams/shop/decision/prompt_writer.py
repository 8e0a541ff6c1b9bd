"""The prompt of a choice: its items with their evidence, the reason, the vector, the receipt."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from models import Candidate, Choice
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import prompt_id
from streams.contract.receipts import Receipt, Receipts
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import BEST_WORTH
from streams.shop.decision.languages.messages import reason
from streams.shop.memory.answer import CONSTANT_FIELDS, OutgoingPrompt
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent


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
            "reason": self._reason(event, arm, asked_for, candidates[0]),
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
        self, event: AskingEvent, arm: str, asked_for: str, best: Candidate
    ) -> dict[str, str]:
        """Why, in the shopper's language: by the strongest source, where the arm has several."""
        key = f"{arm}/{best.source}" if best.source else arm
        if arm == BEST_WORTH:
            key = best.source
        counted = (best.together, best.of) if self.evidence_said else None
        anchor, locale = best.anchor or asked_for, event.locale
        return reason(key, anchor=anchor, locale=locale, texts=self.texts, counted=counted)


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
