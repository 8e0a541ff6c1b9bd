"""Which receipts count: in time, once for the life of their prompt, and whoever has their key."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.contract.receipts import Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.shop.memory.orders.seen import REFUSED, SEEN_MAX
from streams.shop.memory.receipt_rules import KEYS_NAMED_MAX, OTHER_KEYS
from streams.shop.memory.session import IMPRESSIONS_MAX, Session
from streams.shop.memory.sessions import IMPRESSIONS_MAX_BEFORE
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

DAY_S = 86_400
TTL_S = 120
SECRET = OPEN["receipt_secret"]


def till(**more: Any) -> Till:
    """A shop that has seen bread bought with butter."""
    shop = Till(**more)
    shop.teach("bread", "butter")
    return shop


def keeper(secrets: str) -> Till:
    """A shop with these secrets."""
    return Till(receipt_secret=secrets)


def exposures(shop: Shop) -> float:
    """How many impressions the policy has counted."""
    return shop.policy.estimate("a", "basket/new")[1]


def prompted(number: int, *, sealed_by: str = SECRET, session: str = "s1", at_ms: int = 0) -> str:
    """The receipt of a prompt that was made so many seconds after noon."""
    now_ms = at_ms or NOON_MS + 1000 * number
    return Receipts(sealed_by).seal(
        Receipt(
            f"p{number}", session, "a", "basket/new", 0.5, 0.1, ("butter",), now_ms, now_ms + 1000
        )
    )


def reason(shop: Till, event: Event) -> str | None:
    """Why the receipt of an event is refused."""
    rejected = shop.serve(event).rejected
    return None if rejected is None else rejected.reason


def prompt_of(receipt: str) -> Prompt:
    """The prompt that this receipt came with."""
    return PROMPT.model_copy(update={"receipt": receipt})


def shown(story: Story, receipt: str, **more: Any) -> Event:
    """The prompt of this receipt was seen."""
    return story.see(prompt_of(receipt), **more)


# Expiry


@pytest.mark.parametrize(
    ("after_s", "refused"),
    [
        (1, None),
        (TTL_S + DAY_S, None),
        (TTL_S + DAY_S + 0.001, "receipt_expired"),
        (400 * DAY_S, "receipt_expired"),
    ],
)
def test_a_receipt_is_good_until_its_windows_are_over(after_s: float, refused: str | None) -> None:
    """From its prompt's expiry on, by the time of the event that brings it."""
    shop, story = till(prompt_ttl_s=TTL_S), Story()
    prompt = shop.prompt(story.add("bread"))
    before = shop.shop.policy.state()
    answer = shop.serve(story.see(prompt, after_s=after_s))

    assert refused == (answer.rejected and answer.rejected.reason)
    assert (refused is None) == (before != shop.shop.policy.state())
    assert (refused is None) == bool(answer.outcomes)


def test_what_expired_says_by_how_much() -> None:
    """An operator reads it in the dead letter."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    rejected = shop.serve(story.see(prompt, after_s=400 * DAY_S)).rejected

    assert f"expired {400 * DAY_S - TTL_S} s before this event" in str(rejected)
    assert f"counts for {DAY_S} s" in str(rejected)


def test_an_add_with_an_expired_receipt_is_still_an_add() -> None:
    """The basket is right whatever the receipt says."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    event = story.add("butter", receipt=prompt.receipt, after_s=400 * DAY_S)
    session = Session("s1", 0, 0)

    assert "receipt_expired" == reason(shop, event)
    session = shop.shop.sessions[0].find("s1") or session
    assert {"butter": 1} == session.basket


# One impression for life


def test_receipts_that_are_replayed_are_not_counted_anew() -> None:
    """Thirty-five impressions, however often the feedback of them is sent again."""
    shop, story = Till(), Story()
    receipts = [prompted(number) for number in range(35)]
    for _ in range(16):
        for receipt in receipts:
            shop.serve(shown(story, receipt))

    assert 35 == round(exposures(shop.shop), 1)


def test_a_receipt_that_may_have_counted_is_a_dead_letter() -> None:
    """And says so, whoever answers for it, and when."""
    shop, story = Till(), Story()
    for number in range(IMPRESSIONS_MAX + 1):
        assert reason(shop, shown(story, prompted(number))) is None
    offset, again = shop.shop.position[0], shown(story, prompted(0))

    assert "receipt_forgotten" == reason(shop, again)
    for number in range(100, 110):
        shop.serve(shown(story, prompted(number)))
    rejected = shop.ask(again, offset).rejected
    assert rejected is not None
    assert "receipt_forgotten" == rejected.reason
    assert reason(shop, shown(story, prompted(200))) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60), st.sampled_from(["s1", "s2", "s3"]), st.sampled_from([1, 1, 2000])
        ),
        max_size=150,
    ),
    st.booleans(),
)
def test_a_prompt_makes_one_impression_in_its_life(
    feedback: list[tuple[int, str, int]], restarts: bool
) -> None:
    """In any order, over pauses, restarts and sessions that are forgotten for want of room."""
    shop, now_ms = Till(sessions_max=2, purchase_window_s=10 * DAY_S), NOON_MS
    counted: dict[str, int] = {}
    for step, (number, session, after_s) in enumerate(feedback):
        now_ms += 1000 * after_s
        story = Story(session, start_ms=now_ms)
        event = shown(
            story, prompted(number, session=session), event_id=f"e{step}", occurred_at_ms=now_ms
        )
        for outcome in shop.serve(event).outcomes:
            key = f"{session} {outcome.prompt_id}"
            counted[key] = counted.get(key, 0) + 1
        if restarts and step % 20 == 19:
            shop.shop = revived(shop.shop)

    assert set(counted.values()) <= {1}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), max_size=150))
def test_feedback_in_the_order_of_its_prompts_is_never_refused(sessions: list[str]) -> None:
    """However many prompts, and though sessions are forgotten for want of room."""
    shop = Till(sessions_max=2)
    for number, session in enumerate(sessions):
        story = Story(session, start_ms=NOON_MS + 1000 * number)
        event = shown(story, prompted(number, session=session), event_id=f"e{number}")
        (outcome,) = shop.serve(event).outcomes

        assert (f"p{number}", "shown") == (outcome.prompt_id, outcome.stage)


def test_a_decision_that_is_asked_twice_has_the_same_receipt() -> None:
    """By any worker of the same secrets: readers keep the first, and it matters not which."""
    one, other, event = till(), till(), Story().add("bread")
    prompt = one.prompt(event)
    again = one.ask(event, one.shop.position[0] - 1).prompt

    assert again is not None
    assert prompt.receipt == again.receipt == other.prompt(event).receipt


def test_of_an_old_state_what_is_older_than_it_remembers_is_not_counted() -> None:
    """A full session of version 2 did not say what it forgot."""
    impressions, story = [], Story()
    for number in range(1, IMPRESSIONS_MAX_BEFORE + 1):
        shop = Till()
        shop.serve(shown(story, prompted(number)))
        state = shop.shop.state()
        watermark, (session,) = state["sessions"]["0"]
        impressions += session[12]
    state["sessions"]["0"] = [watermark, [[*session[:12], impressions, 2, *session[14:16]]]]
    woken = Till()
    for name, part in woken.shop.parts().items():
        part.restore(state[name])

    assert "receipt_forgotten" == reason(woken, shown(story, prompted(0)))
    assert reason(woken, shown(story, prompted(50))) is None


def test_what_is_refused_is_remembered_as_long_as_its_event() -> None:
    """And no longer: both are bounded."""
    shop, story = Till(), Story()
    for number in range(IMPRESSIONS_MAX + 1):
        shop.serve(shown(story, prompted(number)))
    shop.serve(shown(story, prompted(0)))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    assert 1 == len(session.seen.marked(REFUSED))
    for _ in range(SEEN_MAX):
        shop.serve(story.check_out())

    assert 0 == sum(said & REFUSED for _, said in session.seen.state()[1])
    assert [] == session.seen.marked(REFUSED)


# Whoever has the key


def revived(shop: Shop, secrets: str = SECRET) -> Shop:
    """The shop that goes on from the state of this one, perhaps with other secrets."""
    said = {**OPEN, "receipt_secret": secrets, "sessions_max": shop.settings.sessions_max}
    woken = Shop(Settings(**said))
    for name, part in woken.parts().items():
        part.restore(shop.state()[name])
    return woken


def story_of_two_secrets(new: Till, old: Till) -> list[Event]:
    """Feedback sealed with a secret that the second of two shops does not have."""
    story, events = Story(), []
    receipts = [prompted(number, sealed_by="new") for number in range(2)]
    events = [
        shown(story, receipts[0]),
        story.add("butter", receipt=receipts[0]),
        shown(story, receipts[1]),
        story.dismiss(prompt_of(receipts[1])),
    ]
    for event in events:
        assert new.serve(event).rejected is None
        assert "receipt_unknown_key" == reason(old, event)
    return events


def test_a_key_that_is_not_here_is_counted_by_its_name() -> None:
    """Neither forged nor in silence."""
    old = keeper("old")
    story_of_two_secrets(keeper("new, old"), old)

    assert {Receipts("new").key_ids[0]: 4} == old.shop.unknown_keys


def test_dead_letters_for_lack_of_a_secret_teach_when_it_is_there() -> None:
    """Replayed, they make the worker that lacked it equal to the one that had it."""
    new, old = keeper("new, old"), keeper("old")
    events = story_of_two_secrets(new, old)
    assert new.shop.digest() != old.shop.digest()

    old.shop = revived(old.shop, "old, new")
    told = [[outcome.stage for outcome in old.serve(event).outcomes] for event in events]
    again = [new.serve(event).outcomes for event in events]

    assert [["shown"], ["added"], ["shown"], ["dismissed"]] == told
    assert [()] * 4 == again
    assert new.shop.digest() == old.shop.digest()
    assert {} == old.shop.unknown_keys


def test_without_the_secret_a_replayed_letter_is_a_letter_again() -> None:
    """It would be lost otherwise."""
    old = keeper("old")
    events = story_of_two_secrets(keeper("new"), old)

    assert ["receipt_unknown_key"] * 4 == [reason(old, event) for event in events]


def test_an_add_that_cannot_be_read_is_credited_to_nobody_else() -> None:
    """Its receipt says whose it is; the prompt that was clicked waits for other adds."""
    old, story = keeper("old"), Story()
    clicked = prompt_of(prompted(0, sealed_by="old"))
    old.serve(story.click(clicked))
    added = old.serve(story.add("butter", receipt=prompted(1, sealed_by="new")))

    assert () == added.outcomes


def test_made_up_keys_are_counted_together() -> None:
    """Whoever mints receipts does not fill the memory."""
    shop, story = Till(), Story()
    for number in range(2 * KEYS_NAMED_MAX):
        shop.serve(shown(story, prompted(0, sealed_by=f"made up {number}")))
    counts = shop.shop.unknown_keys

    assert KEYS_NAMED_MAX + 1 == len(counts)
    assert KEYS_NAMED_MAX == counts[OTHER_KEYS]
