"""Which events are answered, by whom, and what an answer holds beside a prompt."""

from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.arrivals import BLOCK
from streams.shop.memory.orders.seen import SEEN_MAX
from streams.shop.memory.pending_prompts import PendingPrompts
from tests.stories import Story, Till


def till() -> Till:
    """A shop that has seen bread bought with butter."""
    shop = Till()
    shop.teach("bread", "butter")
    return shop


def test_a_log_that_was_cut_begins_where_it_was_cut() -> None:
    """And never before what has been folded."""
    shop, story = Till().shop, Story()
    shop.start(0, 7)
    assert "repeated" == shop.learn(0, 6, story.view("bread"))
    assert "folded" == shop.learn(0, 7, story.view("bread"))

    shop.start(0, 3)
    assert {0: 8} == shop.position


def test_what_was_cut_off_before_it_was_folded_is_counted() -> None:
    """Of each partition, and again where the log is cut further; never what was folded."""
    shop, story = Till().shop, Story()
    shop.start(0, 7)
    shop.start(1, 2)
    assert 9 == shop.skipped

    shop.learn(0, 7, story.view("bread"))
    shop.start(0, 3)
    assert 9 == shop.skipped

    shop.start(0, 10)
    assert 11 == shop.skipped
    assert {0: 10, 1: 2} == shop.position


def test_an_event_of_a_session_that_is_forgotten_is_silence() -> None:
    """What asks is told so; what asks nothing needs no answer."""
    shop, story = till(), Story("s9")
    asking, telling = story.view("bread"), story.check_out()

    assert Silence("forgotten") == shop.ask(asking, 1_000).silence
    assert shop.ask(telling, 1_000).silence is None
    assert Silence("forgotten") == Till().ask(asking, 0).silence


def test_what_is_answered_again_has_the_same_id_and_may_say_something_else() -> None:
    """After a crash the shop has folded what came behind the event: the first prompt counts."""
    shop, event = till(), Story().view("bread")
    first = shop.prompt(event)
    offset = shop.shop.position[0] - 1
    shop.teach("bread", "jam", times=200)
    shop.pending = PendingPrompts()
    again = shop.ask(event, offset).prompt

    assert again is not None
    assert first.prompt_id == again.prompt_id
    assert ("butter", "jam") == (first.items[0].item_id, again.items[0].item_id)
    assert first.receipt != again.receipt


def test_of_an_event_that_was_sent_twice_the_first_one_is_answered() -> None:
    """Whenever that is: also after the second one was folded."""
    shop, event = till(), Story().view("bread")
    offset = shop.shop.position[0]
    for again in (0, 1):
        assert "folded" == shop.shop.learn(0, offset + again, event)

    assert Silence("duplicate") == shop.ask(event, offset + 1).silence
    assert shop.ask(event, offset).prompt


def test_a_repeated_event_that_asks_nothing_is_no_silence() -> None:
    """It has no answer, and no outcome twice."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.view("bread"))
    seen = story.see(prompt)
    first, second = shop.serve(seen), shop.serve(seen)

    assert 1 == len(first.outcomes)
    assert ((), None) == (second.outcomes, second.silence)


def test_an_event_whose_id_is_forgotten_is_answered_all_the_same() -> None:
    """Somebody who is far behind answers for a session that has gone far ahead."""
    shop, story = till(), Story()
    offset, event = shop.shop.position[0], story.view("bread")
    for number, each in enumerate([event, *(story.view("jam") for _ in range(SEEN_MAX))]):
        assert "folded" == shop.shop.learn(0, offset + number, each)

    assert shop.ask(event, offset).prompt


def test_what_is_no_event_has_no_part_in_a_partition() -> None:
    """Its session is not begun, nor is its partition's watermark moved."""
    shop = Till().shop
    shop.learn(3, 0, None)

    assert {} == shop.sessions
    assert {3: 1} == shop.position


def test_feedback_with_another_sessions_receipt_teaches_nothing_and_is_reported() -> None:
    """Shown, clicked, dismissed and added alike; the add itself stands."""
    shop = till()
    prompt = shop.prompt(Story("s1").view("bread"))
    before, thief = shop.shop.policy.state(), Story("s2")
    events = (
        thief.see(prompt),
        thief.click(prompt),
        thief.dismiss(prompt),
        thief.add("butter", receipt=prompt.receipt),
    )
    for event in events:
        answer = shop.serve(event)
        assert answer.rejected is not None
        assert "receipt_forged" == answer.rejected.reason
        assert () == answer.outcomes
    session = shop.shop.sessions[0].find("s2")

    assert before == shop.shop.policy.state()
    assert session is not None
    assert ({"butter": 1}, {}, 0) == (session.basket, session.impressions, session.dismissals)


def test_an_event_without_a_receipt_has_nothing_to_be_rejected() -> None:
    """Nor has one whose receipt is right."""
    shop, story = till(), Story()
    asked = story.view("bread")
    prompt = shop.prompt(asked)

    assert shop.ask(asked, 0).rejected is None
    assert shop.serve(story.see(prompt)).rejected is None


def test_an_event_that_may_be_a_repeat_of_one_that_is_forgotten_changes_nothing() -> None:
    """It comes when so many later ones are known already that nobody can tell: only once counts."""
    shop, story = till(), Story()
    late = story.add("tea")
    for _ in range(SEEN_MAX + BLOCK):
        shop.serve(story.view("jam"))
    before = shop.shop.digests()
    answer = shop.serve(late)
    changed = {part for part, digest in shop.shop.digests().items() if digest != before[part]}

    assert changed <= {"position"}
    assert answer.prompt is None
