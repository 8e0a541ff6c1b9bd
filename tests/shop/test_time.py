"""Whose clock counts: backlogs, new groups, wrong clocks, back-fills, topics of senders' time."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, decode, encode
from streams.contract.settings import Settings
from streams.shop.memory.answer import Answer, Silence
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till, received

DAY_S, YEAR_S = 86_400, 31_536_000
YEAR_2036_MS = 2_082_758_400_000


def till(**settings: Any) -> Till:
    """A shop that has something to offer for bread."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    return shop


def reasons(answers: list[Answer]) -> set[str | None]:
    """Why there was silence; None: there was none."""
    return {answer.silence.reason if answer.silence else None for answer in answers}


# Backlogs and new groups


def test_after_a_backlog_what_is_live_is_answered_and_what_nobody_waits_for_is_not() -> None:
    """Ten minutes of adds, answered at once in the end: no cap counts what was never said."""
    shop, story = till(cool_down_s=30.0, prompts_per_session_max=5, prompt_ttl_s=120.0), Story()
    backlog = [story.add("bread", after_s=75) for _ in range(8)]
    live = story.add("bread", after_s=1)
    answers = [shop.serve(event, now_ms=live.occurred_at_ms + 121_000) for event in backlog]
    answer = shop.serve(live, now_ms=live.occurred_at_ms + 50)

    assert {"expired"} == reasons(answers)
    assert answer.prompt is not None
    assert answer.prompt.expires_at_ms > live.occurred_at_ms + 50


def test_a_week_of_events_under_a_new_groups_name_is_learned_in_silence() -> None:
    """The group has no commits, so all that the log holds is answered: by nothing."""
    shop, now_ms = till(), NOON_MS + 7 * DAY_S * 1000
    week = [Story(f"s{day}", start_ms=NOON_MS + day * DAY_S * 1000) for day in range(7)]
    answers = [shop.serve(story.add("bread"), now_ms=now_ms) for story in week]

    assert {"expired"} == reasons(answers)
    assert all(
        {"bread": 1} == shop.shop.sessions[0].find(story.session_id).basket  # type: ignore[union-attr]
        for story in week
    )


def test_an_answer_expires_with_the_prompt_that_it_would_be() -> None:
    """A millisecond before that it still goes out."""
    shop, story = till(prompt_ttl_s=60.0), Story()
    answers = [
        shop.serve(event, now_ms=event.occurred_at_ms + wait_ms)
        for wait_ms in (59_999, 60_000)
        for event in [story.view("bread")]
    ]

    assert [None, Silence("expired")] == [answer.silence for answer in answers]


def test_who_is_not_waited_for_still_withdraws_and_credits() -> None:
    """Only what asks is silent: an order in a backlog ends the prompts that live."""
    shop, story = till(prompt_ttl_s=3_600.0), Story()
    prompt = shop.prompt(story.view("bread"))
    shown = shop.serve(story.see(prompt), now_ms=story.now_ms + 10**9)
    ordered = shop.serve(story.order("bread"), now_ms=story.now_ms + 10**9)

    assert ["shown"] == [outcome.stage for outcome in shown.outcomes]
    assert [prompt.prompt_id] == [gone.prompt_id for gone in ordered.withdrawals]


# Clocks


def test_a_device_whose_clock_is_ahead_is_answered_and_moves_nobody() -> None:
    """Six minutes ahead: its event counts as of when the broker got it."""
    shop, fast, slow = till(), Story("fast", start_ms=NOON_MS + 360_000), Story("slow")
    ahead = shop.serve(received(fast.view("bread"), delay_s=-360))
    after = shop.serve(received(slow.view("bread")))

    assert {None} == reasons([ahead, after])
    assert ahead.prompt is not None
    assert NOON_MS + 1_000 == ahead.prompt.occurred_at_ms == shop.shop.sessions[0].watermark_ms


def test_a_device_whose_clock_is_behind_is_prompted_among_others() -> None:
    """By two and a half minutes; whether or not it says when it sent the event."""
    shop, behind_ms = till(lateness_s=120.0), 150_000
    shop.serve(received(Story("other", start_ms=NOON_MS + behind_ms).view("toast")))
    story = Story(start_ms=NOON_MS)
    sent: dict[str, Any] = {"schema_version": 2, "sent_at_ms": NOON_MS + 2_000}
    answers = [
        shop.serve(received(story.view("bread", **said), delay_s=150)) for said in ({}, sent)
    ]

    assert {None} == reasons(answers)


def test_two_years_that_are_filled_in_are_learned_in_silence() -> None:
    """The broker gets them now, so they are late, each of them, into an empty shop as well."""
    shop = Till()
    first, second = Story("a"), Story("b", start_ms=NOON_MS + YEAR_S * 1000)
    past = [story.add(item) for story in (first, second) for item in ("bread", "butter")]
    answers = [
        shop.serve(received(event, delay_s=2 * YEAR_S - at * YEAR_S))
        for at, event in zip((0, 0, 1, 1), past, strict=True)
    ]
    live = Story("c", start_ms=NOON_MS + 2 * YEAR_S * 1000).view("bread")

    assert {"late"} == reasons(answers)
    assert ["butter"] == [item.item_id for item in shop.prompt(received(live)).items]


# Topics that take their senders' word for the time


def dated(story: Story, at_ms: int) -> Event:
    """A view of bread whose record says that it is of this time."""
    event = story.view("bread", occurred_at_ms=at_ms)
    return decode(b"s1", encode(event), timestamp_ms=at_ms, settings=Settings())


def test_one_wild_record_does_not_rule_for_years() -> None:
    """It counts as a day after all before it; the next are answered, and its own prompt lives."""
    shop, story = till(create_time_allowed=True), Story()
    before = shop.prompt(dated(story, NOON_MS))
    wild = dated(story, YEAR_2036_MS)
    prompted = shop.prompt(wild)
    after = shop.serve(dated(story, NOON_MS + 5_000))

    assert wild.clock_ahead_ms > 0
    assert DAY_S * 1000 == prompted.occurred_at_ms - before.occurred_at_ms
    assert DAY_S * 1000 == prompted.expires_at_ms - before.expires_at_ms
    assert after.prompt is not None


def test_where_the_broker_sets_the_time_a_pause_of_a_week_is_a_week() -> None:
    """The first event after it is not a day after the last one before."""
    shop, story = till(), Story()
    shop.prompt(dated(story, NOON_MS))

    assert NOON_MS + 7 * DAY_S * 1000 == (
        shop.prompt(dated(story, NOON_MS + 7 * DAY_S * 1000)).occurred_at_ms
    )


def test_a_wild_record_gets_one_answer_from_who_folded_it_and_from_who_did_not() -> None:
    """The one who answers has decoded it by itself."""
    shop, story = Shop(Settings(**OPEN, create_time_allowed=True)), Story()
    prompts = []
    shop.learn(0, 0, dated(Story(), NOON_MS))
    bytes_of_it = encode(story.add("bread", occurred_at_ms=YEAR_2036_MS))
    for _ in range(2):
        event = decode(b"s1", bytes_of_it, timestamp_ms=YEAR_2036_MS, settings=Settings())
        shop.learn(0, 1, event)
        shop.answer(event, 0, 1, PendingPrompts())
        prompts.append((event.occurred_at_ms, event.received_at_ms))

    assert [(NOON_MS + DAY_S * 1000,) * 2] * 2 == prompts


# Laws

times = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2"]),
        st.integers(-3 * DAY_S, 3 * DAY_S),
        st.integers(-DAY_S, 2 * DAY_S),
        st.none() | st.integers(-3 * DAY_S, 3 * DAY_S),
        st.booleans(),
    ),
    max_size=12,
)


def told(rows: list[tuple[str, int, int, int | None, bool]]) -> list[Event]:
    """Adds and views at these times by their senders' clocks, as the broker got them."""
    events = []
    for number, (who, at_s, delay_s, sent_s, adds) in enumerate(rows):
        story = Story(who)
        said: dict[str, Any] = {
            "event_id": f"{who}-{number}",
            "occurred_at_ms": NOON_MS + at_s * 1000,
            "schema_version": 2,
            "sent_at_ms": None if sent_s is None else NOON_MS + sent_s * 1000,
        }
        event = story.add("bread", **said) if adds else story.view("butter", **said)
        events.append(received(event, delay_s=delay_s))
    return events


@settings(max_examples=60)
@given(times, st.integers(-10 * DAY_S, 10 * DAY_S), st.booleans())
def test_no_fold_depends_on_when_its_events_are_answered(
    rows: list[tuple[str, int, int, int | None, bool]], now_s: int, wild: bool
) -> None:
    """Nor on whether they are answered at all: whoever only follows has folded the same."""
    answering = Till(create_time_allowed=wild)
    following = Shop(Settings(**OPEN, create_time_allowed=wild))
    for event in told(rows):
        answering.serve(event, now_ms=NOON_MS + now_s * 1000)
    for offset, event in enumerate(told(rows)):
        following.learn(0, offset, event)

    assert answering.shop.state() == following.state()


@settings(max_examples=50)
@given(times, times, st.randoms(use_true_random=False))
def test_workers_that_interleave_partitions_differently_agree_on_wild_clocks(
    first: list[tuple[str, int, int, int | None, bool]],
    second: list[tuple[str, int, int, int | None, bool]],
    chance: Any,
) -> None:
    """How far a record is believed is told by those before it on its own partition."""
    settings = Settings(**OPEN, create_time_allowed=True)
    one, other = Shop(settings), Shop(settings)
    logs = [told(first), told([(f"t{who}", *rest) for who, *rest in second])]  # type: ignore[misc]
    order = [number for number, log in enumerate(logs) for _ in log]
    for shop in (one, other):
        position = [0, 0]
        fresh = [told(first), told([(f"t{who}", *rest) for who, *rest in second])]  # type: ignore[misc]
        for number in order:
            shop.learn(number, position[number], fresh[number][position[number]])
            position[number] += 1
        chance.shuffle(order)

    assert one.digests() == other.digests()


@given(times, st.integers(-DAY_S, 3 * DAY_S))
def test_late_and_expired_are_as_the_rules_say(
    rows: list[tuple[str, int, int, int | None, bool]], now_s: int
) -> None:
    """By a twin that knows nothing but the three times of an event."""
    now_ms, shop, silent = NOON_MS + now_s * 1000, till(), {"late", "expired"}
    settings = shop.shop.settings
    for event in told(rows):
        answer = shop.serve(event, now_ms=now_ms)
        delay_s = (event.received_at_ms - event.occurred_at_ms) / 1000
        bound_s = settings.clock_skew_s_max if event.sent_at_ms is None else settings.lateness_s
        waited_s = (now_ms - event.received_at_ms) / 1000
        expected = "late" if delay_s > bound_s else None
        expected = "expired" if waited_s >= settings.prompt_ttl_s else expected
        reason = answer.silence.reason if answer.silence else None

        assert expected == (reason if reason in silent else None)
