"""What is kept by shopper: only with consent, only for a time, and gone when it is denied."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.checkpoint import packed, read, restored
from streams.shop.memory.sessions import session_of
from streams.shop.people.denials import Denials, hashed
from streams.shop.shop import Shop
from tests.shop.memory.test_identity import arms
from tests.stories import NOON_MS, OPEN, Story, Till

ANN: dict[str, Any] = {"shopper_id": "ann-19", "consent": True}
DAY_S = 86_400


def coffee(till: Till, session: str = "past", **said: Any) -> None:
    """Ann buys coffee, if she may be remembered: and nobody else does."""
    till.serve(Story(session, **{**ANN, **said}).order("coffee"))


def kept(shop: Shop) -> str:
    """All that a checkpoint of the shop would hold, as text."""
    return json.dumps(shop.state())


def woken(till: Till) -> Till:
    """The shop after a restart."""
    _, data = packed(till.shop, cluster="c", now_ms=1, made_by="a test")
    again = Till(**till.shop.settings.model_dump())
    again.shop = restored(read(data), till.shop.settings)
    return again


@pytest.mark.parametrize("default", [True, False])
def test_an_event_that_does_not_say_is_remembered_as_the_setting_says(default: bool) -> None:
    """By default it is not."""
    till = Till(consent_default=default)
    coffee(till, consent=None)

    assert default == ("ann-19" in kept(till.shop))
    assert not Settings().consent_default


@pytest.mark.parametrize("said", [{"consent": None}, {"consent": False}])
@pytest.mark.parametrize("version", [1, 2])
def test_without_consent_nothing_is_kept_by_shopper(said: dict[str, Any], version: int) -> None:
    """Not in the session, not in what was learned, with the ranker or without."""
    till, story = Till(best_fit=True), Story(schema_version=version, shopper_id="ann-19", **said)
    for event in (story.view("bread"), story.add("bread"), story.order("bread")):
        till.serve(event)

    assert "ann-19" not in kept(till.shop)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("denial", ["withdrawn", "withdrawn by who is signed in", "forgotten"])
def test_a_denial_drops_what_was_kept_and_sticks(denial: str, restart: bool) -> None:
    """Until consent is given anew, for what comes then."""
    till = Till(best_fit=True, together_min=100, consent_default=True)
    coffee(till, start_ms=NOON_MS - 30 * DAY_S * 1000)
    story = Story(**ANN)
    assert "buy_again" in arms(till, story.view("bread"))
    if denial == "forgotten":
        till.serve(Story("office", start_ms=story.now_ms + 1000).forget("ann-19"))
    else:
        named = {"shopper_id": "ann-19"} if denial == "withdrawn" else {}
        silent = Story("s1", start_ms=story.now_ms, schema_version=2)
        till.serve(silent.view("jam", event_id="no", consent=False, **named))
    assert "ann-19" not in kept(till.shop)
    till = woken(till) if restart else till

    later = Story("later", start_ms=NOON_MS + 60_000, shopper_id="ann-19")
    till.serve(later.order("tea", consent=None))
    assert "ann-19" not in kept(till.shop)
    till.serve(later.order("tea", consent=True))
    assert {"tea"} == till.shop.learned.repeats.bought_since("ann-19", 0)


@pytest.mark.parametrize("said", [{}, {"schema_version": 2, "shopper_id": None}])
def test_a_basket_that_outlives_a_visit_does_not_say_whose_it_was(said: dict[str, Any]) -> None:
    """No checkpoint of the session links it with a shopper who is forgotten."""
    till, story = Till(), Story()
    till.serve(story.set_basket("bread", **ANN))
    till.serve(Story("office", start_ms=story.now_ms).forget("ann-19"))
    till.serve(story.view("jam", after_s=3600, **said))

    session = till.shop.sessions[0].find("s1")
    assert session is not None
    assert {"bread": 1} == session.basket
    assert hashed("ann-19") not in json.dumps(session.state())


def test_to_forget_twice_is_to_forget_once() -> None:
    """A repeated request changes nothing, and an old one does not undo a new consent."""
    till, office = Till(), Story("office")
    coffee(till)
    till.serve(office.forget("ann-19"))
    till.serve(office.forget("ann-19"))
    coffee(till, "anew", start_ms=NOON_MS + 100_000)
    till.serve(office.forget("ann-19"))

    assert {"coffee"} == till.shop.learned.repeats.bought_since("ann-19", 0)


def test_nobody_else_is_forgotten() -> None:
    """What others have bought stays, and so does what all of them say together."""
    till = Till()
    coffee(till)
    coffee(till, "another", shopper_id="bob")
    till.serve(Story("office", start_ms=NOON_MS + 5_000).forget("ann-19"))

    assert {"bob"} == {*till.shop.learned.repeats.known()}
    assert till.shop.learned.popularity.recommend((), 1)


def test_what_is_kept_by_shopper_expires() -> None:
    """By the time of the log: sessions, their sign-ins, and what was bought."""
    till = Till(personal_ttl_s=30 * DAY_S, basket_ttl_s=400 * DAY_S)
    coffee(till)
    till.serve(Story("past", start_ms=NOON_MS + 2_000, **ANN).add("bread", event_id="x"))
    till.serve(Story("later", start_ms=NOON_MS + 31 * DAY_S * 1000, shopper_id="bob").order("tea"))

    assert "ann-19" not in kept(till.shop)
    assert till.shop.sessions[0].find("past") is None
    assert "bob" in kept(till.shop)


def test_a_session_from_before_consent_was_noted_is_read() -> None:
    """Whether its shopper consented is not known: that is for the setting to say."""
    till = Till()
    till.serve(Story(**ANN).view("bread"))
    (now,) = till.shop.sessions[0].state()[1]
    before = [*now[:3], "ann-19", *now[4:13], 3, *now[14:]]
    session = session_of(json.loads(json.dumps(before)))

    assert "ann-19" == session.signed_in.shopper_id
    assert till.shop.identity.kept(session.signed_in) is None
    assert "ann-19" == Till(consent_default=True).shop.identity.kept(session.signed_in)


def test_a_late_event_of_one_shopper_is_not_remembered_by_another_ones_consent() -> None:
    """Ann is signed in where an order of Bob's comes late, from before he was forgotten."""
    shops = []
    for denied_first in (True, False):
        till, story = Till(), Story()
        late = story.order("coffee", shopper_id="bob", consent=True)
        hers = story.view("bread", **ANN)
        forget = Story("office", start_ms=NOON_MS + 60_000).forget("bob")
        for event in (forget, hers, late) if denied_first else (hers, late, forget):
            till.serve(event)
        shops.append(till.shop)

    assert ["ann-19" in kept(shop) for shop in shops] == [True, True]
    assert [set(), set()] == [{*shop.learned.repeats.known()} for shop in shops]


def test_of_too_many_denials_the_oldest_leaves_and_that_is_said() -> None:
    """They are bounded as all else is."""
    denials = Denials(shoppers_max=16)
    for number in range(17):
        denials.note(hashed(f"shopper-{number}"), 1000 * number)

    assert (16, True) == (len(denials), denials.full)
    assert hashed("shopper-0") not in denials


def told_by_ann() -> list[tuple[int, Event]]:
    """Where consent is supposed: what she buys on partition 0, and her denial on partition 1."""
    story = Story("s0", shopper_id="ann-19", consent=None)
    milk = story.order("milk", order_id="early")
    denial = Story("office", start_ms=story.now_ms + 60_000).forget("ann-19")
    tea = story.order("tea", order_id="o-1", after_s=120)
    coffee = story.order("coffee", order_id="o-2")
    back = story.send_back("coffee", order_id="o-2")
    said = story.order("tea", order_id="o-3", consent=True, occurred_at_ms=tea.occurred_at_ms)
    return [(0, milk), (0, tea), (0, coffee), (0, back), (0, said), (1, denial)]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("place", range(6))
def test_what_was_supposed_goes_with_a_denial_whichever_is_read_first(
    place: int, restart: bool
) -> None:
    """What she consented to after it stays, of the same item and second even."""
    *hers, denial = told_by_ann()
    events = [*hers[:place], denial, *hers[place:]]
    shops = []
    for told in (events, [denial, *hers]):
        till = Till(consent_default=True)
        for partition, event in told:
            till.shop.learn(partition, till.shop.position.get(partition, 0), event)
            till = woken(till) if restart else till
        shops.append(till.shop)

    assert shops[0].digests() == shops[1].digests()
    assert [1, 0] == shops[0].learned.repeats.state()["all"]
    assert {"tea"} == shops[0].learned.repeats.bought_since("ann-19", 0)


def test_what_was_supposed_and_denied_is_not_taken_back_twice() -> None:
    """Its return takes nothing from what she has bought since, with consent."""
    till, story = Till(consent_default=True), Story("s0", shopper_id="ann-19", consent=None)
    till.serve(story.order("tea", order_id="o-1"))
    till.serve(Story("office", start_ms=NOON_MS - 60_000).forget("ann-19"))
    till.serve(story.order("tea", order_id="o-2", consent=True))
    till = woken(till)
    till.serve(story.send_back("tea", order_id="o-1"))

    assert {"tea"} == till.shop.learned.repeats.bought_since("ann-19", 0)
    till.serve(story.send_back("tea", order_id="o-2"))
    assert "ann-19" not in json.dumps(till.shop.learned.repeats.state())


MOVES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["view", "add", "order", "order", "send_back", "forget"]),
        st.sampled_from(["ann", "bob", None, ...]),
        st.sampled_from([True, True, False, None]),
        st.sampled_from([1, 2]),
        st.integers(-3, 3),
    ),
    max_size=25,
)


def logs_of(moves: list[Any]) -> list[list[Event]]:
    """Four sessions, each on a partition of its own, in which two shoppers come and go."""
    stories = [Story(f"s{n}") for n in range(4)]
    log: list[list[Event]] = [[] for _ in stories]
    for n, what, who, consent, version, pause_s in moves:
        story = stories[n]
        said: dict[str, Any] = {"schema_version": version, "consent": consent, "after_s": pause_s}
        if what == "forget":
            log[n].append(story.forget("ann" if who != "bob" else "bob", **said))
        else:
            said |= {} if who is ... else {"shopper_id": who}
            log[n].append(getattr(story, what)("tea" if pause_s % 2 else "milk", **said))
    return log


def folded(log: list[list[Event]], order: list[int], default: bool, restart: int) -> Shop:
    """The shop after all of it, in this order of partitions, with a restart on the way."""
    shop = Shop(Settings(**{**OPEN, "consent_default": default}))
    left = [list(enumerate(events)) for events in log]
    turns = [*order, *(n for n, events in enumerate(log) for _ in events)]
    for turn, n in enumerate(turns):
        if turn == restart:
            again = Shop(shop.settings)
            for name, part in again.parts().items():
                part.restore(json.loads(json.dumps(shop.parts()[name].state())))
            shop = again
        if left[n]:
            shop.learn(n, *left[n].pop(0))
    return shop


@pytest.mark.parametrize("default", [False, True])
@settings(max_examples=100)
@given(
    moves=MOVES,
    one=st.lists(st.integers(0, 3)),
    other=st.lists(st.integers(0, 3)),
    restart=st.integers(0, 30),
)
def test_any_interleaving_of_partitions_agrees_on_who_is_remembered(
    default: bool, moves: list[Any], one: list[int], other: list[int], restart: int
) -> None:
    """Denials on one partition, and what they deny on others: in whichever order they are read."""
    log = logs_of(moves)

    first, second = folded(log, one, default, -1), folded(log, other, default, restart)
    assert first.digests() == second.digests()
    for name in ("ann", "bob"):
        assert (name in kept(first)) == (name in kept(second))
