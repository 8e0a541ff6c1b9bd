"""Laws of the fold, tried on generated shops full of shoppers."""

from hypothesis import given
from hypothesis import strategies as st

from streams.events import Event
from streams.said import Said
from streams.settings import Settings
from streams.shop import Shop
from tests.stories import OPEN, Story

ITEMS = st.sampled_from(["bread", "butter", "jam", "tea", "milk"])
STEPS = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["view", "add", "remove", "order", "check_out"]),
    ITEMS,
    st.integers(0, 400),
)
PARTITIONS = 3


@st.composite
def logs(draw: st.DrawFn) -> list[list[Event]]:
    """A log of three partitions: the steps of six shoppers, each on a partition of its own."""
    log: list[list[Event]] = [[] for _ in range(PARTITIONS)]
    stories = [Story(f"s{n}", shopper_id=f"shopper-{n % 4}") for n in range(6)]
    for who, what, item, pause_s in draw(st.lists(STEPS, max_size=60)):
        act = getattr(stories[who], what)
        event = act(after_s=pause_s) if what == "check_out" else act(item, after_s=pause_s)
        log[who % PARTITIONS].append(event)
    return log


def fold(shop: Shop, log: list[list[Event]], order: list[int]) -> Shop:
    """Fold the next event of the partitions in this order, then what is left."""
    left = [list(enumerate(events)) for events in log]
    for partition in (*order, *(p for p in range(PARTITIONS) for _ in log[p])):
        if left[partition]:
            offset, event = left[partition].pop(0)
            assert shop.learn(partition, offset, event)
    return shop


def shop() -> Shop:
    """A shop that nothing silences."""
    return Shop(Settings(**OPEN))


@given(logs(), st.lists(st.integers(0, PARTITIONS - 1), max_size=80))
def test_any_interleaving_of_partitions_ends_in_the_same_state(
    log: list[list[Event]], order: list[int]
) -> None:
    """Within a partition order holds; across partitions only what commutes may count."""
    assert fold(shop(), log, []).digest() == fold(shop(), log, order).digest()


@given(logs(), st.data())
def test_redelivered_offsets_change_nothing(log: list[list[Event]], data: st.DataObject) -> None:
    """After each event any earlier one may come again."""
    twice = shop()
    for partition, events in enumerate(log):
        for offset, event in enumerate(events):
            assert twice.learn(partition, offset, event)
            again = data.draw(st.integers(0, offset))
            assert twice.learn(partition, again, events[again]) is False

    assert fold(shop(), log, []).digest() == twice.digest()


@given(logs(), st.data())
def test_repeated_events_change_nothing_but_the_position(
    log: list[list[Event]], data: st.DataObject
) -> None:
    """A sender may send any event twice."""
    repeated = [
        [event for each in events for event in [each] * (1 + data.draw(st.booleans()))]
        for events in log
    ]
    once, twice = fold(shop(), log, []).state(), fold(shop(), repeated, []).state()
    for state in (once, twice):
        del state["position"]
        for _, (_, sessions) in state["sessions"]:
            for session in sessions:
                session[9] = [event_id for event_id, _ in session[9]]

    assert once == twice


@given(logs())
def test_every_answer_is_admissible(log: list[list[Event]]) -> None:
    """Never basket or anchor, one to three items, exact propensities above the floor."""
    till, said = shop(), Said()
    floor = till.settings.arm_floor
    for partition, events in enumerate(log):
        for offset, event in enumerate(events):
            till.learn(partition, offset, event)
            draft = till.answer(event, partition, offset, said).draft
            if draft is None:
                continue
            said.add(draft)
            prompt = draft.prompt()
            session = till.sessions[partition].find(event.session_id)
            assert session is not None
            offered = {item.item_id for item in prompt.items}
            assert offered.isdisjoint({*session.basket, *session.bought, prompt.anchor})
            assert 1 <= len(offered) <= 3
            assert abs(sum(prompt.propensities.values()) - 1) < 1e-9
            assert min(prompt.propensities.values()) >= min(floor, 1 / len(prompt.propensities))
            assert prompt.propensity == prompt.propensities[prompt.arm]
