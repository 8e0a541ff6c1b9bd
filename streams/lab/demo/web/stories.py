"""What became of each event of a visit: the decision and why, then what the shopper made of it.

```
events   ──► a step: what the visitor did
prompts  ──► a step: which arm was drawn with which chance, and what was counted for each item
outcomes ──► a step: shown, clicked, added, bought, and the reward that the arm got for it
silence  ──► a step, too: no topic tells it, so the judge's shop, which folds the same log, is asked
```
Kept of the latest visits alone, and of each the latest steps. Nobody else's session is told.
"""

from collections import OrderedDict, deque
from typing import Any, NamedTuple

from streams.contract.events import Event, ItemAdded
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt, Published
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import Assortment
from streams.operations.explanation.advice import told
from streams.shop.decision.languages.messages import spoken_in
from streams.shop.memory.answer import OutgoingPrompt
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import AskingEvent
from streams.shop.shop import Shop

VISITS_MAX = 200
STEPS_MAX = 300
OPEN_MAX = 20
Step = dict[str, Any]
"""`n` counts the steps of a visit from 1; `kind` says what it is: event, prompt, silence,
withdrawn, outcome."""


class AskedFor(NamedTuple):
    """An event that calls for a prompt, and its place."""

    partition: int
    offset: int
    event: AskingEvent


class VisitStories:
    """Follows visits on the topics, for those who look at them.

    `shop` is a shop that folds the log beside the workers (the judge's); `assortment` knows which
    offers are true.
    """

    def __init__(self, shop: Shop, settings: Settings, assortment: Assortment) -> None:
        self._shop, self._settings, self._assortment = shop, settings, assortment
        self._pending = PendingPrompts(VISITS_MAX)
        self._steps: OrderedDict[str, deque[Step]] = OrderedDict()
        self._said: dict[str, int] = {}
        self._heard: dict[str, set[str]] = {}
        self._open: dict[str, dict[str, AskedFor]] = {}
        """Events of which it is not known yet what they got."""

    def follow(self, visit: str) -> None:
        """Tell of this session from now on; the one not looked at for longest is forgotten."""
        if visit not in self._steps:
            self._steps[visit], self._said[visit] = deque(maxlen=STEPS_MAX), 0
            self._heard[visit], self._open[visit] = set(), {}
        self._steps.move_to_end(visit)
        while len(self._steps) > VISITS_MAX:
            gone, _ = self._steps.popitem(last=False)
            del self._said[gone], self._heard[gone], self._open[gone]

    def since(self, visit: str, number: int) -> list[Step]:
        """The steps of a visit after that number, in order."""
        return [step for step in self._steps.get(visit, ()) if step["n"] > number]

    def folded(self, partition: int, offset: int, event: Event | None, at_ms: int) -> None:
        """An event is on the topic, and the judge's shop has folded it."""
        if event is None or event.session_id not in self._steps:
            return
        self._tell(
            event.session_id,
            "event",
            type=event.type,
            event_id=event.event_id,
            item=getattr(event, "item_id", None),
            from_prompt=isinstance(event, ItemAdded) and event.receipt is not None,
            partition=partition,
            offset=offset,
            at_ms=at_ms,
        )
        if isinstance(event, AskingEvent):
            asked = self._open[event.session_id]
            asked[event.event_id] = AskedFor(partition, offset, event)
            while len(asked) > OPEN_MAX:
                del asked[next(iter(asked))]
            self._ask(event.session_id)

    def published(self, said: Published, at_ms: int) -> None:
        """A prompt or a withdrawal is on the topic; a repeat is no news."""
        visit = said.session_id
        if visit not in self._steps or f"{said.type} {said.prompt_id}" in self._heard[visit]:
            return
        self._heard[visit].add(f"{said.type} {said.prompt_id}")
        if isinstance(said, Prompt):
            self._pending.add(OutgoingPrompt.of(said))
            self._open[visit].pop(said.caused_by, None)
            self._tell(visit, "prompt", at_ms=at_ms, **self._decision(said))
            self._ask(visit)  # those after it may be silent for its sake
        else:
            self._pending.withdraw(visit, {said.prompt_id})
            what = {"prompt_id": said.prompt_id, "because": said.because}
            self._tell(visit, "withdrawn", at_ms=at_ms, **what)

    def outcome(self, said: Outcome, at_ms: int) -> None:
        """A prompt reached a stage; a repeat is no news."""
        visit, identity = said.session_id, " ".join(said.identity)
        if visit not in self._steps or identity in self._heard[visit]:
            return
        self._heard[visit].add(identity)
        self._tell(
            visit,
            "outcome",
            at_ms=at_ms,
            prompt_id=said.prompt_id,
            stage=said.stage,
            item=said.item_id,
            arm=said.arm,
            reward=said.reward,
        )

    def _ask(self, visit: str) -> None:
        """Why there is silence, where there is."""
        for partition, offset, event in list(self._open[visit].values()):
            answer = self._shop.answer(event, partition, offset, self._pending)
            if answer.silence is None:
                continue
            del self._open[visit][event.event_id]
            session = self._shop.sessions[partition].find(visit)
            formers = () if session is None else session.ties.formers
            unseen = self._pending.of_visitor(visit, formers)
            said = told(answer.silence.reason, event, session, unseen, self._settings)
            why = {"reason": said.reason, "why": said.why}
            self._tell(visit, "silence", caused_by=event.event_id, **why)

    def _decision(self, prompt: Prompt) -> Step:
        goes_with = self._assortment.goes_with
        return {
            "prompt_id": prompt.prompt_id,
            "caused_by": prompt.caused_by,
            "anchor": prompt.anchor,
            "arm": prompt.arm,
            "propensity": prompt.propensity,
            "propensities": prompt.propensities,
            "reason": prompt.reason.text,
            "direction": prompt.reason.direction or "ltr",
            "language": spoken_in(prompt.locale),
            "items": [
                {
                    "item": item.item_id,
                    "together": item.evidence.together,
                    "of": item.evidence.of,
                    "anchor": item.evidence.anchor,
                    "true": goes_with(item.item_id, item.evidence.anchor or prompt.anchor),
                }
                for item in prompt.items
            ],
        }

    def _tell(self, visit: str, kind: str, **more: Any) -> None:
        self._said[visit] += 1
        self._steps[visit].append({"n": self._said[visit], "kind": kind, **more})
