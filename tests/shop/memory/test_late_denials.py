"""A denial that names nobody is of who was there at its time: told in time, late, or once more."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.shop.memory.orders.seen import SEEN_MAX
from streams.shop.memory.orders.weight import SINCE_BYTES, STAY_BYTES, weight
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import session_of
from streams.shop.people.denials import hashed
from streams.shop.people.sign_in import GONE_MAX, SignIn, Stay, read
from tests.shop.memory.test_late_events import looks, served
from tests.shop.memory.test_late_events import session_of as in_shop
from tests.stories import NOON_MS, Story, Till

DAY_MS = 86_400_000
WHO = ("ann", "bob", "eve")
PAUSE_S = 3_600


def repeats(till: Till) -> str:
    """What is kept of what shoppers buy."""
    return json.dumps(till.shop.state()["repeats"], sort_keys=True)


def past(*shoppers: str) -> list[Event]:
    """They have bought bread, yesterday and in sessions of their own."""
    stories = [Story(f"past {who}", start_ms=NOON_MS - DAY_MS, shopper_id=who) for who in shoppers]
    return [story.order("bread") for story in stories]


def late(story: Story) -> list[Event]:
    """So many looks that what comes from before them may be a repeat."""
    return looks(story, 2 * SEEN_MAX)


@pytest.mark.parametrize("again", [0, 1])
def test_who_was_not_there_yet_is_not_denied_by_what_comes_again(again: int) -> None:
    """Nobody was signed in; whoever has been since keeps all that is known of them."""
    story = Story(schema_version=2)
    denies = story.view("jam", consent=False)
    signed = [story.view("bread", shopper_id="ann"), story.view("bread", shopper_id="ann")]
    till = served([*past("ann"), denies, *signed, *late(story)])
    for _ in range(again):
        till.serve(denies)

    assert not till.shop.identity.denials.at_s
    assert "ann" in repeats(till)


def test_who_was_not_there_yet_is_not_denied_by_what_was_overtaken() -> None:
    """The sign-in came before it, and happened after it."""
    story = Story(schema_version=2)
    first, denies = story.view("tea"), story.view("jam", consent=False)
    signed = story.view("bread", shopper_id="ann")
    till = served([*past("ann"), first, signed, denies])

    assert not till.shop.identity.denials.at_s
    assert "ann" in repeats(till)


def test_who_was_there_by_then_is_denied_by_a_late_word() -> None:
    """However often they have been named since."""
    story = Story(schema_version=2)
    named = story.order("bread", shopper_id="ann")
    denies = story.view("jam", consent=False)
    since = [story.view("tea", shopper_id="ann"), *late(story)]
    till = served([named, *since, denies])

    assert till.shop.identity.denials.covers(hashed("ann"), denies.occurred_at_ms)
    assert "ann" not in repeats(till)


@pytest.mark.parametrize("leaves", ["signs out", "another comes"])
def test_who_has_left_is_denied_by_a_late_word_from_while_they_were_there(leaves: str) -> None:
    """As in time; whoever came since is not."""
    story = Story(schema_version=2)
    named: list[Event] = [story.view("tea"), story.order("bread", shopper_id="ann")]
    denies = story.view("jam", consent=False)
    out: dict[str, dict[str, Any]] = {
        "signs out": {"shopper_id": None, "consent": True},
        "another comes": {"shopper_id": "bob"},
    }
    named += [story.view("jam", **out[leaves])]
    later = [*late(story), story.order("bread", shopper_id="bob")]
    till = served([*past("bob"), *named, *later, denies])

    assert {hashed("ann")} == {*till.shop.identity.denials.at_s}
    assert "ann" not in repeats(till)
    assert "bob" in repeats(till)


def test_whoever_comes_back_from_a_pause_was_there_before_it() -> None:
    """The next visit is theirs from its first event on, so nothing has to be kept of that."""
    story = Story(schema_version=2)
    named = story.order("bread", shopper_id="ann")
    denies = story.view("jam", consent=False)
    back = story.view("tea", after_s=PAUSE_S, shopper_id="ann")
    till = served([named, back, *late(story)])
    presence = in_shop(till.shop).signed_in.presence()
    till.serve(denies)

    assert [] == presence
    assert {hashed("ann")} == {*till.shop.identity.denials.at_s}


@pytest.mark.parametrize(("after_s", "again"), [(0, False), (1, False), (1, True)])
def test_whoever_comes_at_once_after_a_pause_was_not_there_before_it(
    after_s: int, again: bool
) -> None:
    """Whom the visit's first event named, with no word of consent or by an id of before, was."""
    story = Story(schema_version=2)
    named = story.order("bread", shopper_id="ann")
    denies = story.view("jam", consent=False)
    back = story.view("tea", after_s=PAUSE_S, shopper_id="ann", consent=None)
    if again:
        back = back.model_copy(update={"event_id": named.event_id})
    another = story.view("tea", after_s=after_s, shopper_id="bob")
    till = served([*past("bob"), named, back, another, denies])

    assert another.occurred_at_ms == in_shop(till.shop).signed_in.since_ms
    assert not till.shop.identity.denials.at_s
    assert "bob" in repeats(till)


def test_a_late_refusal_holds_whoever_has_left_since() -> None:
    """Where consent is supposed: of whoever comes later, as when it is told in time."""
    story = Story()
    named = story.view("bread", shopper_id="ann", consent=None)
    denies = story.view("jam", consent=False)
    out = story.view("jam", shopper_id=None, schema_version=2)
    order = story.order("bread", shopper_id="bob", consent=None, after_s=300)
    till = served([named, out, *late(story), denies, order], consent_default=True)

    assert in_shop(till.shop).refused_consent
    assert "bob" not in repeats(till)


@pytest.mark.parametrize("name_kept", [True, False])
def test_who_was_named_late_was_there_by_then(name_kept: bool) -> None:
    """The next event that names her came first; a worker may know her by a hash alone by then."""
    story = Story(schema_version=2)
    first, named = story.view("tea"), story.order("bread", shopper_id="ann")
    denies, again = story.view("jam", consent=False), story.order("jam", shopper_id="ann")
    till = served([*past("ann"), first, again])
    if not name_kept:
        who = in_shop(till.shop).signed_in
        who.shopper_id, who.hash_alone = None, who.hash
    came_ms = [in_shop(till.shop).signed_in.since_ms]
    for event in (named, denies):
        till.serve(event)
        came_ms.append(in_shop(till.shop).signed_in.since_ms)

    assert [again.occurred_at_ms, named.occurred_at_ms, named.occurred_at_ms] == came_ms
    assert till.shop.identity.denials.covers(hashed("ann"), denies.occurred_at_ms)


@pytest.mark.parametrize("left", ["after it", "with it", "before it"])
def test_who_was_named_late_was_not_there_while_others_were(left: str) -> None:
    """Nor since before somebody left: who has come back since was away in between."""
    story = Story(schema_version=2)
    first, another = story.view("tea"), story.view("tea", shopper_id="bob")
    leaves = story.view("tea", shopper_id=None, consent=True)
    back = story.view("tea", after_s=9, shopper_id="ann")
    late_s = ["after it", "with it", "before it"].index(left) - 1
    named_ms = leaves.occurred_at_ms + 1_000 * late_s
    named = back.model_copy(update={"event_id": "named", "occurred_at_ms": named_ms})
    till = served([first, another, leaves, back, named])
    since_ms = back.occurred_at_ms if left == "after it" else named_ms

    assert since_ms == in_shop(till.shop).signed_in.since_ms


@pytest.mark.parametrize(
    ("at_ms", "left_ms", "since_ms", "stayed_ms"),
    [
        *[(60, 50, 50, 50), (50, 50, 50, 50), (49, 50, 49, 49), (21, 50, 21, 21)],
        *[(20, 50, 50, 50), (19, 50, 50, 50)],
        *[(49, 40, 49, 40), (40, 40, 40, 40), (39, 40, 50, 40)],
    ],
)
def test_whoever_is_replaced_has_left_by_the_first_word_of_who_replaced_them(
    at_ms: int, left_ms: int, since_ms: int, stayed_ms: int
) -> None:
    """But not before they came; who signed out by themselves left when they did."""
    here = SignIn("ann", None, 60, consented=True, since_ms=50, gone=(Stay("bob", 20, left_ms),))
    here.came_by(at_ms, 0)

    assert (since_ms, (Stay("bob", 20, stayed_ms),)) == (here.since_ms, here.gone)


@pytest.mark.parametrize("of_before", [True, False])
def test_who_was_named_late_was_not_there_since_an_earlier_visit(of_before: bool) -> None:
    """What was between is not known of it."""
    story = Story(schema_version=2)
    first, named = story.view("tea"), story.view("tea", shopper_id="ann")
    begins = story.view("tea", after_s=PAUSE_S)
    if not of_before:
        named = named.model_copy(update={"occurred_at_ms": begins.occurred_at_ms})
    back = story.view("jam", shopper_id="ann")
    till = served([first, begins, back, named])
    since_ms = (back if of_before else named).occurred_at_ms

    assert since_ms == in_shop(till.shop).signed_in.since_ms


def in_any_order(told: list[Event], data: st.DataObject) -> list[Event]:
    """The same but for the first, with the events of each stay as they may overtake each other."""
    stays: list[list[Event]] = [[]]
    who: str | None = None
    for event in told[1:]:
        if event.says_who and (event.shopper_id != who or who is None):
            who = event.shopper_id
            stays.append([])
        stays[-1].append(event)
    return [told[0], *(event for stay in stays for event in data.draw(st.permutations(stay)))]


Step = tuple[str | None, bool, int]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([*WHO, None]), st.booleans(), st.sampled_from([1, 1, 9])),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
@settings(max_examples=60)
def test_whom_a_denial_denies_does_not_depend_on_when_it_comes(
    steps: list[Step], data: st.DataObject
) -> None:
    """In time, at the end or both, and whatever of one stay overtook what else is of it.

    As far as those who have left are known.
    """
    story = Story(schema_version=2)
    events: list[Event] = [story.view("tea")]
    for who, says, after_s in steps:
        named = {"shopper_id": who, "consent": True} if who or says else {}
        events.append(story.order(f"item-{len(events)}", after_s=after_s, **named))
    place = data.draw(st.integers(max(0, len(events) - GONE_MAX), len(events) - 1))
    at_ms = events[place].occurred_at_ms + 500
    denies = story.view("jam", consent=False).model_copy(update={"occurred_at_ms": at_ms})
    more = late(story)
    in_time = [*events[: place + 1], denies, *events[place + 1 :], *more]
    found = [
        served([*past(*WHO), *told])
        for told in (
            *(in_time, [*events, *more, denies], [*in_time, denies]),
            [*in_any_order(events, data), *more, denies],
        )
    ]

    assert 1 == len({json.dumps(till.shop.identity.denials.state()) for till in found})
    assert 1 == len({repeats(till) for till in found})


# How it is kept


def test_who_was_there_when_is_kept_where_that_is_not_always_the_same() -> None:
    """Of those who have left the latest two."""
    story = Story(schema_version=2)
    till = served([story.view("tea"), *(story.view("tea", shopper_id=who) for who in WHO)])
    session = in_shop(till.shop)
    begins = [NOON_MS + 1_000 * second for second in (2, 3, 4)]
    state = json.loads(json.dumps(session.state()))

    kept = [list(map(list, zip(map(hashed, WHO), begins, begins[1:], strict=False)))]
    assert [begins[2], *kept[0]] == state[3][6]
    assert state == json.loads(json.dumps(session_of(state).state()))


@pytest.mark.parametrize("named", [{}, {"shopper_id": "ann"}])
def test_nothing_is_kept_where_it_always_is_the_same(named: dict[str, Any]) -> None:
    """Nobody ever, or somebody from the first event on."""
    story = Story(schema_version=2, **named)
    till = served([story.view("tea"), story.view("tea"), story.view("tea", after_s=PAUSE_S)])

    assert 5 == len(in_shop(till.shop).state()[3])


def test_a_sign_in_that_was_kept_without_its_begin_was_there_always() -> None:
    """As far as earlier states tell, and nobody else was."""
    state = [*SignIn("ann", None, NOON_MS, consented=True).state("ann"), False]

    assert (SignIn("ann", None, NOON_MS, True), False) == read(state, NOON_MS)
    assert (hashed("ann"), "ann") == read(state, NOON_MS)[0].who_at(0)


@pytest.mark.parametrize(
    "wrong", [["noon"], [-1], [0, ["ann", 1]], [0, [1, 1, 2]], [0, ["ann", 1, None]], [None], 7]
)
def test_what_tells_nobodys_presence_is_refused(wrong: object) -> None:
    """Restored, it would stop all workers."""
    state = [*SignIn("ann", None, NOON_MS, consented=True).state("ann"), False, [0], wrong]
    with pytest.raises((TypeError, ValueError)):
        read(state, NOON_MS)


def test_who_has_come_and_left_has_a_weight() -> None:
    """So that a session takes 8 KB at most whoever is there."""
    session = Session("s1", NOON_MS, NOON_MS)
    session.signed_in = SignIn("ann", None, NOON_MS, consented=True)
    always = weight(session)
    session.signed_in.since_ms = NOON_MS
    assert always + SINCE_BYTES == weight(session)
    session.signed_in.gone = (Stay(hashed("bob"), 0, NOON_MS),)

    assert always + SINCE_BYTES + STAY_BYTES == weight(session)
