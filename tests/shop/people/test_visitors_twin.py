"""Visitors beside a plain twin, and on every interleaving: random logs with renewed sessions."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine
from streams.contract.settings import Settings
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.properties.test_fold import woken
from tests.stories import NOON_MS, OPEN, Story, Till

ITEMS = ("bread", "butter", "jam")
WHO: list[dict[str, Any]] = [
    {},
    {"shopper_id": None},
    {"shopper_id": "ann", "consent": True},
    {"shopper_id": "bob", "consent": True},
    {"shopper_id": "ann"},
    {"shopper_id": "ann", "consent": False},
]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(WHO),
        st.sampled_from(["view", "add", "add", "remove", "order", "see", "click", "shop"]),
        st.sampled_from(ITEMS),
        st.sampled_from([1, 1, 1, 60, 2000]),
    ),
    max_size=25,
)
"""Which session has an event, who is there, what happens to which item, how much later."""
VISITORS = ("v", "v", "v", "w", None)
"""Whose session is whose."""
SOMEBODY = "somebody"


class Trail:
    """What follows a visitor, as the twin knows it."""

    def __init__(self) -> None:
        self.basket: Counter[str] = Counter()
        self.shown: set[str] = set()
        self.whose: str | None = None
        self.holder = ""


class Twin:
    """Whose basket is whose, by the rules, each event looked at with all that came before it."""

    def __init__(self) -> None:
        self.trails: dict[str, Trail] = {}
        self.latest: dict[str, str] = {}
        self.signed_in: dict[str, str | None] = {}
        self.left_ms: dict[str, int] = {}

    def sees(self, event: Event) -> Trail:
        """The trail that an event belongs to."""
        name, visitor, who = event.session_id, event.visitor_id, event.shopper_id
        known = who if event.consent else (SOMEBODY if who else None)
        there = who if event.says_who else self.signed_in.get(name)
        trail = self.trails.get(name)
        if trail is None:
            before = self.trails.get(self.latest.get(visitor or "", ""))
            goes_on = visitor is not None and before is not None and before.whose in (None, who)
            trail = before if before is not None and goes_on else Trail()
            trail.whose = trail.whose or known
        elif trail.holder != name:
            late = event.occurred_at_ms <= self.left_ms[name]
            if not late and trail.whose not in (None, there):
                trail = Trail()
                trail.whose = known if event.says_who else self.signed_in.get(name)
        if trail.holder != name:
            self.left_ms[trail.holder] = event.occurred_at_ms
            self.latest[visitor or ""] = name
        trail.holder, self.trails[name] = name, trail
        self._signed(trail, event, known)
        return trail

    def _signed(self, trail: Trail, event: Event, known: str | None) -> None:
        """Signing in gives a trail to somebody; whatever follows closes it."""
        before = self.signed_in.get(event.session_id)
        if event.says_who:
            self.signed_in[event.session_id] = known if event.consent else None
        said = event.says_who and (known is not None or before is not None)
        signs_out = before is not None and event.shopper_id is None
        same = trail.whose == event.shopper_id and event.consent is not False and not signs_out
        if not said or same:
            return
        if trail.whose is None and not signs_out:
            trail.whose = known
        else:
            trail.whose = SOMEBODY


def told(event: Event, trail: Trail) -> None:
    """What an event does to a basket."""
    match event.type:
        case "item_added":
            trail.basket[event.item_id] += 1
        case "item_removed":
            item = event.item_id
            trail.basket[item] = max(0, trail.basket[item] - 1)
        case "order_placed":
            for line in event.lines:
                trail.basket[line.item_id] = max(0, trail.basket[line.item_id] - 1)
        case "basket_updated":
            trail.basket = Counter(bread=1)


def events_of(steps: Any, prompts: dict[str, Any]) -> Any:
    """The events of a log, one after the other; those on prompts know which there were."""
    now_ms, stories = NOON_MS, [Story(f"s{number}") for number in range(5)]
    for number, who, what, item, after_s in steps:
        now_ms += 1000 * after_s
        story = stories[number]
        story.now_ms = now_ms
        said = {"schema_version": 2, "visitor_id": VISITORS[number], "after_s": 0, **who}
        said["consent"] = who.get("consent")
        if what in ("see", "click"):
            prompt = prompts.get(story.session_id)
            if prompt is None:
                continue
            yield getattr(story, what)(prompt, **said)
        elif what == "shop":
            lines = (OrderLine(item_id="bread"),)
            yield story.set_basket("bread", lines=lines, **said)
        else:
            yield getattr(story, what)(item, **said)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_a_plain_twin_agrees_whose_basket_is_whose(steps: Any) -> None:
    """And whose cap: whatever sessions, sign-ins and pauses there are."""
    till, twin, prompts = Till(lateness_s=1e9, session_gap_s=1e6), Twin(), dict[str, Any]()
    till.teach("bread", "butter", "jam", times=2)
    for event in events_of(steps, prompts):
        answer = till.serve(event)
        trail = twin.sees(event)
        told(event, trail)
        if answer.prompt is not None:
            prompts[event.session_id] = answer.prompt
        trail.shown |= {o.prompt_id for o in answer.outcomes if o.stage == "shown"}
        for name, theirs in twin.trails.items():
            found = till.shop.sessions[0].find(name)
            assert found is not None
            assert dict(+theirs.basket) == found.basket
            assert len(theirs.shown) == found.shown


@settings(max_examples=150, deadline=None)
@given(STEPS, st.lists(st.integers(0, 1), max_size=25), st.integers(0, 25), st.integers(1, 6))
def test_every_worker_ties_the_same_sessions(
    steps: Any, places: list[int], restart: int, sessions_max: int
) -> None:
    """Two partitions, another secret, a restart in between, and little room: the same state."""
    shops = [
        Shop(Settings(**{**OPEN, "sessions_max": sessions_max, "consent_default": True}))
        for _ in range(2)
    ]
    log: list[list[Event]] = [[], []]
    prompts: dict[str, Any] = {}
    where = dict(enumerate(places))
    for number, event in enumerate(events_of(steps, prompts)):
        partition = where.get(int(event.session_id[1:]), 0)
        offset = len(log[partition])
        log[partition].append(event)
        assert "folded" == shops[0].learn(partition, offset, event)
        prompt = shops[0].answer(event, partition, offset, PendingPrompts()).prompt
        if prompt is not None:
            prompts[event.session_id] = prompt
        if number == restart:
            shops[0] = woken(shops[0])
    for partition in (1, 0):
        for offset, event in enumerate(log[partition]):
            assert "folded" == shops[1].learn(partition, offset, event)

    assert shops[0].digests() == shops[1].digests()
    again = woken(shops[0])
    assert again.digests() == shops[0].digests()
    for sessions in shops[0].sessions.values():
        assert len(sessions) <= sessions_max
        _, latest = sessions.visitors.state(lambda one: [one.session_id])
        noted, _ = sessions.orders.shoppers.state()
        kept = {one.session_id for one in sessions}
        assert kept >= {name for _, name in latest} | {name for _, *her in noted for name in her}
