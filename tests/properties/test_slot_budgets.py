"""Caps, pauses and dismissals by slot, beside a plain second computation that lists what was said.

It keeps each prompt of the visit with what became of it, and counts them anew for each question.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events.slots import PLACEMENTS
from streams.contract.published.prompts import Prompt
from streams.shop.memory.answer import Answer
from tests.stories import Story, Till

CAPS = {"checkout": 2, "post_purchase": 1, "upgrade": 1}
CAP, DISMISSALS_MAX, PAUSE_S, SLOT_PAUSE_S, TTL_S, GAP_S = 3, 2, 5.0, 20.0, 60.0, 300.0
SAID_MAX = 7
"""As many prompts a session remembers for certain: a story ends there."""

SLOTS = st.lists(st.sampled_from(PLACEMENTS), max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["view", "add", "check_out", "order"]), SLOTS),
        st.tuples(st.sampled_from(["see", "dismiss"]), st.integers(0, 6)),
    ),
    max_size=24,
)
PAUSES_S = st.sampled_from([1, 2, 7, 25, 61, 301])


@dataclass
class Said:
    """A prompt of this visit, and what became of it."""

    prompt: Prompt
    shown_ms: int | None = None
    sent_away: bool = False
    withdrawn: bool = False

    def counts(self, now_ms: int) -> bool:
        """Whether the shopper has seen it, or still may."""
        may_be_seen = self.prompt.expires_at_ms > now_ms and not self.withdrawn
        return self.shown_ms is not None or may_be_seen


@dataclass
class Visit:
    """What was said in a visit, and the rules, by the book."""

    said: list[Said] = field(default_factory=list)
    paying: bool = False

    def why_not(self, slot: str, event_id: str, now_ms: int) -> str | None:
        """Why nothing may be said in this slot now."""
        own = slot in CAPS
        if self.paying and slot != "checkout":
            return "checkout"
        family = [slot] if own else ["product_page", "basket"]
        upsell = [one for one in self.said if one.prompt.placement == "upgrade"]
        kind = upsell if slot == "upgrade" else [one for one in self.said if one not in upsell]
        refused = sum(one.sent_away for one in kind)
        if refused >= DISMISSALS_MAX:
            return "dismissed"
        here = [one for one in self.said if one.prompt.placement in family]
        living = [one for one in here if one.counts(now_ms)]
        if len(living) >= (CAPS[slot] if own else CAP):
            return "session_cap"
        pause_ms = 1000 * (SLOT_PAUSE_S if own else PAUSE_S) * 2**refused
        times = [
            one.prompt.occurred_at_ms if one.shown_ms is None else one.shown_ms
            for one in living
            if one.prompt.caused_by != event_id
        ]
        return "cool_down" if times and now_ms - max(times) < pause_ms else None


def shop() -> Till:
    """A shop in which there is always something to offer: nobody sends away all of it."""
    till = Till(
        cool_down_s=PAUSE_S,
        slot_cool_down_s=SLOT_PAUSE_S,
        prompts_per_session_max=CAP,
        dismissals_max=DISMISSALS_MAX,
        prompt_ttl_s=TTL_S,
        session_gap_s=GAP_S,
        prompt_items_max=1,
        **{f"{slot}_prompts_max": most for slot, most in CAPS.items()},
    )
    till.teach(*[f"item-{number}" for number in range(12)], times=3)
    return till


def outcome(answer: Answer, slot: str) -> str | None:
    """Why there is no prompt in a slot; None: there is one."""
    if any(slot == each.fields["placement"] for each in answer.outgoing_prompts):
        return None
    silence = answer.silent_slots.get(slot, answer.silence)  # type: ignore[call-overload]
    assert silence is not None
    return str(silence.reason)


@settings(max_examples=150)
@given(STEPS, st.lists(PAUSES_S, min_size=24, max_size=24))
def test_what_may_be_said_in_a_slot_is_what_the_book_says(
    steps: list[tuple[str, Any]], pauses_s: list[int]
) -> None:
    """Whatever a shopper does: silent for the same reason, or spoken to."""
    till, story, visit = shop(), Story("s1", schema_version=2), Visit()
    for (what, how), pause_s in zip(steps, pauses_s, strict=False):
        if len(visit.said) > SAID_MAX:
            return
        if what in ("see", "dismiss"):
            react(till, story, visit, what, how, min(pause_s, 61))
            continue
        if pause_s > GAP_S:
            visit = Visit()
        act = getattr(story, what)
        named = [f"item-{len(till.served) % 12}"] if what != "check_out" else []
        event = act(*named, slots=tuple(how), after_s=pause_s)
        visit.paying = what == "check_out" or (visit.paying and what == "view")
        answer = till.serve(event)
        for slot in [*filter("upgrade".__eq__, how), *how]:
            if any(
                one.prompt.caused_by == event.event_id and one.prompt.placement == slot
                for one in visit.said
            ):
                continue
            expected = visit.why_not(slot, event.event_id, event.occurred_at_ms)
            found = outcome(answer, slot)
            assert found == expected or (expected is None and found == "no_candidate")
            visit.said += [
                Said(each.prompt())
                for each in answer.outgoing_prompts
                if each.fields["placement"] == slot
            ]
        gone = {each.prompt_id for each in answer.withdrawals}
        for one in visit.said:  # what an order ends counts for what is asked by it
            one.withdrawn |= one.prompt.prompt_id in gone


def react(till: Till, story: Story, visit: Visit, what: str, which: int, pause_s: int) -> None:
    """The shopper sees a prompt of this visit, or sends it away."""
    if not visit.said:
        return
    one = visit.said[which % len(visit.said)]
    event = getattr(story, what)(one.prompt, after_s=pause_s)
    till.serve(event)
    if one.shown_ms is None:
        one.shown_ms = event.occurred_at_ms
    one.sent_away |= what == "dismiss"
