"""The fate of an event: what became of it, in plain values and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from streams.cli.printable import printable
from streams.contract.dead_letters import REASONS
from streams.contract.errors import InvalidEvent
from streams.contract.events import (
    OrderPlaced,
    OrderTakenBack,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.events.slots import Placement
from streams.contract.published.outcomes import Outcome, UnitOutcome
from streams.contract.published.prompts import Prompt, PromptItem, PromptWithdrawn
from streams.operations.explanation.advice import Told, why_too_late
from streams.operations.explanation.log.session_log import Place, PublishedAnswers, SessionEvent
from streams.operations.explanation.retold import NO_SILENCES, Retold
from streams.operations.explanation.words.sender_times import sender_times, times_in_words
from streams.operations.explanation.words.told_units import NOBODYS, as_values, of_unit_in_words
from streams.shop.people.context import asks

OF_ALL = {"arm_stopped": "its arm was stopped", "offer_ended": "its offer ended"}
"""Why a prompt was taken back as a whole, whatever its items."""
Became = Literal["prompt", "silence", "dead_letter", "waiting", "unknown", "learned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What became of one event."""

    event: SessionEvent
    became: Became
    """`waiting`: no worker has read or answered it yet; `unknown`: no prompt is there, though it
    should be; `learned`: it asks for no prompt."""
    prompts: tuple[Prompt, ...] = ()
    """One a slot."""
    silences: Mapping[Placement, Told] = field(default_factory=lambda: NO_SILENCES)
    """Why there is none in others of the slots that it asked for."""
    reason: str | None = None
    """Of the dead letter."""
    message: str = ""
    letter_id: str | None = None
    """For `goeswith dead-letters show`."""
    brought: tuple[Outcome, ...] = ()
    """Stages that this event brought to prompts."""
    of_units: tuple[UnitOutcome, ...] = ()
    """What it brought to a unit of the experiment: its side, an order, what came back."""
    stages: tuple[Outcome, ...] = ()
    """Stages that its own prompts reached, by whichever event."""
    withdrew: tuple[str, ...] = ()
    """The ids of prompts that it made pointless."""
    taken_back: tuple[PromptWithdrawn, ...] = ()
    """Those of its own prompts that catalogue or controls have taken back."""
    too_late: bool = False
    """Whether it was taken for a repeat, though none of its id was before."""

    @property
    def silence(self) -> Told | None:
        """Why there is no prompt at all; of several slots, why not in the first one."""
        return next(iter(self.silences.values()), None) if self.became == "silence" else None

    def said(self, name: str) -> Any:
        """A field of the event, as far as it can be read."""
        held = self.event.held
        if isinstance(held, InvalidEvent):
            return self.event.said.get(name)
        return getattr(held, name, None)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        partition, offset = self.event.place
        names = ("event_id", "type", "item_id", "occurred_at_ms")
        prompts = [one.model_dump(mode="json", exclude_none=True) for one in self.prompts]
        return {
            "partition": partition,
            "offset": offset,
            "timestamp_ms": self.event.timestamp_ms,
            **{name: self.said(name) for name in names},
            "sender": sender_times(self.event)._asdict(),
            "became": self.became,
            "too_late": self.too_late,
            "prompt": next(iter(prompts), None),
            "silence": self.silence._asdict() if self.silence else None,
            "prompts": prompts,
            "silences": {slot: one._asdict() for slot, one in self.silences.items()},
            "dead_letter": {"reason": self.reason, "message": self.message, "id": self.letter_id}
            if self.reason
            else None,
            "brought": [_stage(outcome) for outcome in self.brought],
            "of_units": [as_values(one) for one in self.of_units],
            "stages": [_stage(outcome) for outcome in self.stages],
            "withdrew": list(self.withdrew),
            "taken_back": [
                one.model_dump(mode="json", include={"prompt_id", "because", "item_id"})
                for one in self.taken_back
            ],
        }


def fate(
    event: SessionEvent,
    published: PublishedAnswers,
    retold: Mapping[Place, Retold],
    committed: Mapping[int, int | None],
) -> Fate:
    """What became of an event; `committed`: the group's offsets, by partition."""
    held, letter = event.held, published.dead_letters.get(event.place)
    waits = (committed.get(event.place[0]) or 0) <= event.place[1]
    reason, message = (letter.cause.reason, letter.cause.message) if letter else (None, "")
    if isinstance(held, InvalidEvent) and not waits:
        reason, message = reason or held.reason, message or str(held)
    prompts, silences = tuple[Prompt, ...](), NO_SILENCES
    event_id = held.event_id if event.first and not isinstance(held, InvalidEvent) else None
    brought = tuple(o for o in published.outcomes if o.caused_by == event_id)
    of_units = tuple(o for o in published.of_units if o.caused_by == event_id)
    withdrew = tuple(w.prompt_id for w in published.withdrawals if w.caused_by == event_id)
    became: Became = "dead_letter" if reason else "learned"
    if asks(held):
        prompts = published.prompts.get(event.place, ())
        there, again = {one.placement for one in prompts}, retold.get(event.place, Retold())
        silences = {slot: one for slot, one in again.silences.items() if slot not in there}
        became = _asked(prompts, silences, waits=waits)
    elif waits and not (reason or brought or of_units or withdrew):  # else it was read, at least
        became = "waiting"
    mine = {one.prompt_id for one in prompts}
    return Fate(
        event=event,
        became=became,
        prompts=prompts,
        silences=NO_SILENCES if became == "waiting" else silences,
        reason=reason,
        message=message,
        letter_id=letter.id if letter else None,
        brought=brought,
        of_units=of_units,
        too_late=retold.get(event.place, Retold()).too_late,
        stages=tuple(o for o in published.outcomes if o.prompt_id in mine),
        withdrew=withdrew,
        taken_back=_taken_back_of(mine, published),
    )


def _taken_back_of(mine: set[str], published: PublishedAnswers) -> tuple[PromptWithdrawn, ...]:
    """The withdrawals of these prompts that no event has caused."""
    gone = published.withdrawals
    return tuple(one for one in gone if one.prompt_id in mine and not one.caused_by)


def _asked(
    prompts: tuple[Prompt, ...], silences: Mapping[Placement, Told], *, waits: bool
) -> Became:
    """What became of an event that asks."""
    if prompts:
        return "prompt"
    if waits:
        return "waiting"
    return "silence" if silences else "unknown"


def in_words(fate: Fate) -> str:
    """Some lines for a terminal, times in UTC: the broker's first, then its sender's."""
    received_ms = fate.event.timestamp_ms
    at = _clock(received_ms)
    names = (fate.said(name) for name in ("event_id", "type", "item_id"))
    who = " ".join(printable(str(name), 60) for name in names if name is not None)
    lines = [*times_in_words(sender_times(fate.event), received_ms), *_lines(fate)]
    return "\n".join([f"{at} {who or 'no event'}", *(f"  {line}" for line in lines)])


def _clock(time_ms: int) -> str:
    """A record's time; as a number where no calendar reaches: senders may set microseconds."""
    try:
        return datetime.fromtimestamp(max(0, time_ms) / 1000, UTC).strftime("%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(time_ms)


def _lines(fate: Fate) -> Iterator[str]:
    yield from _said(fate)
    several = len(fate.prompts) + len(fate.silences) > 1
    for slot, silence in fate.silences.items():
        where = f" in {slot}" if several else ""
        yield f"silence{where}, {silence.reason}: {printable(silence.why, 300)}"
        yield f"  how long: {silence.wait}"
    if fate.became == "waiting":
        yield "no worker has answered it yet; goeswith lag says how far they are"
    if fate.became == "unknown":
        yield "no prompt is on the topic, though folding the log again gives one: it was answered"
        yield "too late (silence: expired), its retention is over, the catalogue or a control that"
        yield "has changed since kept it back (goeswith control history), or the worker has other"
        yield "settings, or knew less when it answered"
    if fate.reason is not None:
        yield from _dead(fate, fate.reason)
    for outcome in fate.brought:
        yield f"{outcome.stage} of prompt {outcome.prompt_id}, reward {outcome.reward:+.2f}"
    yield from map(of_unit_in_words, fate.of_units)
    for prompt_id in fate.withdrew:
        yield f"withdrew prompt {printable(prompt_id, 40)}"
    if fate.became == "learned" and fate.too_late:
        yield why_too_late(fate.said("consent"))
    elif fate.became == "learned" and not (fate.brought or fate.of_units):
        yield _learned(fate.event)


def _said(fate: Fate) -> Iterator[str]:
    """Its prompts, and what became of them."""
    for prompt in fate.prompts:
        items = ", ".join(printable(item.item_id, 40) for item in prompt.items)
        yield f"prompt {prompt.prompt_id}: {items}"
        yield f"  {printable(prompt.reason.text, 200)}"
        yield f"  by {prompt.arm} in {prompt.context}, p {prompt.propensity:.2f}{_counted(prompt)}"
        stages = [one.stage for one in fate.stages if one.prompt_id == prompt.prompt_id]
        if stages:
            yield f"  so far: {', '.join(stages)}"
    for gone in fate.taken_back:
        yield f"taken back of {printable(gone.prompt_id, 40)}: {_taken_back(gone)}"


def _taken_back(gone: PromptWithdrawn) -> str:
    """Why catalogue or controls have taken a prompt back: one of its items, or all of it."""
    because = printable(gone.because)
    if gone.item_id is None:
        return OF_ALL.get(because, f"{because} by now")
    return f"{printable(gone.item_id, 40)} is {because} by now"


def _counted(prompt: Prompt) -> str:
    """What was counted for its items, where anything was."""
    said = [_counted_of(one) for one in prompt.items if one.evidence.of]
    return f": {', '.join(said)}" if said else ""


def _counted_of(item: PromptItem) -> str:
    """How often an item was chosen, and with what, if with anything: what is popular is not."""
    counted = item.evidence
    beside = f" with {printable(counted.anchor, 40)}" if counted.anchor else ""
    return f"{printable(item.item_id, 40)} {counted.together:,} of {counted.of:,}{beside}"


def _dead(fate: Fate, reason: str) -> Iterator[str]:
    """What was wrong, and what to do about it."""
    where = f", see goeswith dead-letters show {fate.letter_id}" if fate.letter_id else ""
    yield f"DEAD LETTER, {reason}{where}"
    yield f"  {printable(fate.message, 300)}"
    if known := REASONS.get(reason):
        yield f"  next: {known.next_step.replace('`', '')}"


def _learned(event: SessionEvent) -> str:
    """What is said of an event that neither asks nor brought a stage to a prompt."""
    held = event.held
    if isinstance(held, PromptShown | PromptClicked | PromptDismissed):
        return "it brought no prompt to a stage: a repeat, too late, or of an item not offered"
    if not event.first:
        return "a repeat: this session had sent an event of this event_id before"
    if isinstance(held, OrderPlaced):
        return NOBODYS
    if isinstance(held, OrderTakenBack):
        return "no outcome is on the topic: its retention is over, or it came too late"
    return "learned from; it asks for no prompt"


def _stage(outcome: Outcome) -> dict[str, Any]:
    return outcome.model_dump(mode="json", include={"prompt_id", "stage", "reward"})
