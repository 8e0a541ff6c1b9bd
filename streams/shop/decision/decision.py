"""The decision: the pure function from what is known to a prompt, or to a silence with its reason.

1. May we speak at all? The guards' "no" is a silence with its reason.
2. Arms without a candidate that passes the guards drop out.
3. The policy draws one of the arms that are left, from a vector of exact probabilities, by a keyed
   hash of session, event and placement (`streams.shop.decision.draws`): the same event, asked twice
   of the same state, has one answer, and nobody outside can choose it. The arm that was drawn ranks
   its candidates.
4. The prompt carries evidence, reason, expiry, the whole vector, and a sealed receipt.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from models import Candidate, Choice, ThompsonSampling
from streams.contract.events import segment_names
from streams.contract.prompts import prompt_id
from streams.contract.receipts import Receipt, Receipts
from streams.contract.settings import Settings
from streams.shop.decision import guards
from streams.shop.decision.arms import ARMS, TOLD_ARMS, Arm, CandidateQuery
from streams.shop.decision.catalog import Exclusions
from streams.shop.decision.draws import DrawSeeds
from streams.shop.decision.messages import TEXTS, reason
from streams.shop.memory.answer import OutgoingPrompt, Silence
from streams.shop.memory.learned import Learned
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.people.context import PLACEMENTS, AskingEvent

SPARE = 4
"""So many times the items of a prompt are ranked where some of them may replace each other."""


class Decision:
    """Decides from what has been learned; changes none of it."""

    def __init__(
        self,
        settings: Settings,
        learned: Learned,
        policy: ThompsonSampling,
        receipts: Receipts,
        draws: DrawSeeds,
        arms: Mapping[str, Arm] = ARMS,
        texts: Mapping[str, Mapping[str, str]] = TEXTS,
    ) -> None:
        self.settings = settings
        self.learned = learned
        self.policy = policy
        self.receipts = receipts
        self.draws = draws
        self.arms = arms
        self.texts = texts
        said = {key.partition("/")[0] for key in texts["en"]}
        self.told = {name: arm for name, arm in TOLD_ARMS.items() if name in said}
        self.ttl_ms = round(settings.prompt_ttl_s * 1000)
        self.segments = segment_names(settings)

    def decide(
        self,
        session: Session,
        event: AskingEvent,
        pending: PendingPrompts,
        now_ms: int | None = None,
        exclusions: Exclusions | None = None,
    ) -> OutgoingPrompt | Silence:
        """A prompt for this session, or why there is none.

        What would have expired by `now_ms` is not said: after a backlog, a takeover or a back-fill
        nobody waits for it any more. `exclusions` know what a catalogue keeps out, if there is one.
        """
        if now_ms is not None and now_ms - event.received_at_ms >= self.ttl_ms:
            return Silence("expired")
        unseen = pending.of(session.session_id)
        if session.ties.formers:
            unseen = pending.of_visitor(session.session_id, session.ties.formers)
        silence = guards.silenced(session, event, unseen, self.settings)
        if silence is not None:
            return silence
        question = self.question(session, event.item_id, event.time_s, exclusions)
        offered = [name for name, arm in self.arms.items() if arm.proposes(self.learned, question)]
        if exclusions is not None:
            offered += [name for name, arm in self.told.items() if arm.proposes(question)]
        if not offered:
            return Silence("no_candidate") if exclusions is None else exclusions.silence()
        context = self.context(session, event)
        seed = self.draws.seed(event.identity, PLACEMENTS[type(event)])
        choice = self.policy.choose(offered, context, seed)
        arm = self.arms.get(choice.arm) or self.told[choice.arm]
        candidates = arm.candidates(self.learned, question)
        if exclusions is not None and exclusions.catalog.kinds:
            candidates = exclusions.unlike(candidates, self.settings.prompt_items_max)
        if not candidates:  # it promised some: a prompt less is better than a worker less
            return Silence("no_candidate")
        return self._outgoing_prompt(session, event, context, choice, candidates)

    def question(
        self, session: Session, anchor: str, time_s: float, exclusions: Exclusions | None = None
    ) -> CandidateQuery:
        """What the arms are asked: the session, and what is out of the question for it."""
        settings, just_bought = self.settings, set[str]()
        since_s = min(time_s - settings.just_bought_s, session.started_ms // 1000)
        if session.bought:
            just_bought = session.bought_since(1000 * since_s)
        if session.shopper_id is not None and settings.just_bought_s:
            just_bought |= self.learned.repeats.bought_since(session.shopper_id, since_s)
        withheld = settings.staples_withheld
        staples = self.learned.popularity.top(withheld) if withheld else ()
        excluded = guards.excluded(session, anchor, just_bought=just_bought, staples=staples)
        if exclusions is None:
            return CandidateQuery(session, anchor, time_s, excluded, settings.prompt_items_max)
        beside, bought = (*session.basket, anchor), partial(self._bought, session)
        exclusions.fill(excluded, beside, bought, self.learned)
        catalog = exclusions.catalog
        items_max = settings.prompt_items_max * (SPARE if catalog.kinds else 1)
        return CandidateQuery(session, anchor, time_s, exclusions, items_max, catalog)

    def _bought(self, session: Session) -> set[str]:
        """What this shopper is known to have bought, in this session or before."""
        bought = set(session.bought)
        if session.shopper_id is not None:
            bought |= self.learned.repeats.bought_since(session.shopper_id, 0)
        return bought

    def context(self, session: Session, event: AskingEvent) -> str:
        """What the policy knows: the placement, and the segment (one of a fixed list)."""
        known = "known" if session.shopper_id is not None else "new"
        segment = event.segment if event.segment in self.segments else known
        return f"{PLACEMENTS[type(event)]}/{segment}"

    def _outgoing_prompt(
        self,
        session: Session,
        event: AskingEvent,
        context: str,
        choice: Choice,
        candidates: list[Candidate],
    ) -> OutgoingPrompt:
        placement = PLACEMENTS[type(event)]
        identity = prompt_id(event.event_id, event.session_id, placement)
        items = tuple([candidate.item for candidate in candidates])
        now_ms, who = event.occurred_at_ms, session.session_id
        expires_at_ms = event.received_at_ms + self.ttl_ms
        worth = choice.arm, context, choice.propensity, choice.estimate
        chances, expected = choice.propensities, choice.estimates
        vector = (*chances,), (*chances.values(),), (*map(expected.__getitem__, chances),)
        receipt = Receipt(identity, who, *worth, items, now_ms, expires_at_ms, *vector)
        anchor, source = candidates[0].anchor or event.item_id, candidates[0].source
        key = f"{choice.arm}/{source}" if source else choice.arm  # the strongest of several
        fields = {
            "prompt_id": identity,
            "session_id": who,
            "placement": placement,
            "anchor": event.item_id,
            "items": [_item(candidate) for candidate in candidates],
            "arm": choice.arm,
            "context": context,
            "propensity": choice.propensity,
            "propensities": chances,
            "estimates": expected,
            "reason": reason(key, anchor=anchor, locale=event.locale, texts=self.texts),
            "caused_by": event.event_id,
            "occurred_at_ms": now_ms,
            "expires_at_ms": expires_at_ms,
        }
        own = identity, who, items, choice.arm, event.event_id, now_ms, expires_at_ms
        return OutgoingPrompt(*own, fields, partial(self.receipts.seal, receipt))


def _item(candidate: Candidate) -> dict[str, Any]:
    """The candidate as the fields of a `PromptItem`."""
    item, score, together, of, anchor, _ = candidate
    evidence = {"anchor": anchor, "together": together, "of": of}
    return {"item_id": item, "score": score, "evidence": evidence}
