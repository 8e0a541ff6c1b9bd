"""What the slots of one event share changes no decision: each of them asked alone says the same."""

from collections import Counter
from collections.abc import Callable
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.events.slots import Placement
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.decision.slots.one_event import OneEvent
from streams.shop.memory.answer import OutgoingPrompt, Silence
from streams.shop.people.context import asks, slots_of
from tests.properties.every_arm import SHOPS, served
from tests.stories import Till

EVENTS = 250
OFF = {"best_fit", "best_worth"}
"""Arms that are asked for by a setting."""


class Forgetful(OneEvent):
    """Knows what was offered, and nothing else: each slot has to work out all of it anew."""

    def __init__(self) -> None:
        super().__init__()
        self.rankings = None  # type: ignore[assignment]  # every arm asks its source itself

    def excluded(self, by_guards: Callable[[], set[str]]) -> set[str]:
        """Asked of the guards each time."""
        return by_guards() | {*self.offered}


Said = dict[Placement, bytes | Silence]


def each_alone(till: Till, event: Event) -> Said:
    """What each slot of an event gets where none shares anything with another one."""
    session = till.shop.sessions[0].find(event.session_id)
    assert session is not None
    assert asks(event)
    mine, before, said = till.shop.identity.seen_by(session, event), Forgetful(), Said()
    unseen = till.pending.of_visitor(session.session_id, session.ties.formers)
    for slot in slots_of(event):
        assert till.catalog is not None
        out = Exclusions(till.catalog, event.segment)
        about = mine, event, unseen, out, slot, till.controls.now
        found = till.shop.decision.in_slot(*about, before)
        if isinstance(found, OutgoingPrompt):
            before.answer(slot, found)
        said[slot] = found if isinstance(found, Silence) else found.to_json()
    return said


def together(till: Till, event: Event) -> Said:
    """What they get where they share all that is the same for them."""
    session = till.shop.sessions[0].find(event.session_id)
    assert session is not None
    assert asks(event)
    assert till.catalog is not None
    mine, out = till.shop.identity.seen_by(session, event), Exclusions(till.catalog, event.segment)
    decided = till.shop.decision.decide(mine, event, till.pending, None, out, till.controls.now)
    said: Said = {}
    for slot in slots_of(event):
        if (silence := decided.silent_slots.get(slot)) is not None:
            said[slot] = silence
        elif len(slots_of(event)) == 1 and decided.silence is not None:
            said[slot] = decided.silence
    for each in filter(None, (decided.prompt, *decided.further_prompts)):
        said[each.fields["placement"]] = each.to_json()
    return said


@pytest.mark.parametrize("kind", SHOPS)
@settings(max_examples=4)
@given(seed=st.integers(0, 1 << 32))
def test_slots_that_share_say_what_each_says_alone(kind: str, seed: int) -> None:
    """Byte for byte, prompts and silences, in random shops where every arm has something to say."""
    till, slots = Till(**SHOPS[kind]), Counter[int]()
    for event, _ in served(till, Random(seed), EVENTS):
        if asks(event):
            alone = each_alone(till, event)
            slots[sum(isinstance(said, bytes) for said in alone.values())] += 1

            assert alone == together(till, event)
    assert slots[1]
    assert slots[2] or kind == "capped"


def test_every_arm_is_drawn_in_these_shops() -> None:
    """Else they would prove little: seed 7, 1,500 events."""
    till, arms = Till(**SHOPS["arms"]), Counter[str]()
    for event, _ in served(till, Random(7), 1_500):
        if asks(event):
            said = together(till, event).values()
            arms.update(orjson.loads(one)["arm"] for one in said if isinstance(one, bytes))

    assert {*ARM_NAMES} - OFF == arms.keys()
