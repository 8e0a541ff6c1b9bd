"""The Shop: what it answers, and what it must never do."""

from streams.contract.events import Event
from streams.contract.published.prompts import prompt_id
from streams.contract.settings import Settings
from streams.shop.memory.answer import Silence
from streams.shop.shop import Shop
from tests.stories import OPEN, Story, Till


def test_bread_asks_for_butter() -> None:
    """The whole idea: what was bought together is offered together, with evidence."""
    shop = Till(arm_floor=0.0)
    shop.teach("bread", "butter", times=20)
    shop.teach("milk", times=40)
    prompt = next(
        answer.prompt
        for number in range(100)
        if (answer := shop.serve(Story(f"s{number}").add("bread"))).prompt is not None
        and answer.prompt.arm == "bought_together"
    )

    assert "butter" == prompt.items[0].item_id
    assert "bread" == prompt.items[0].evidence.anchor
    assert 20 == prompt.items[0].evidence.together
    assert "Often bought together with bread" == prompt.reason.text


def test_an_event_that_asks_nothing_is_not_silence() -> None:
    """Taking something out of the basket wants no answer."""
    answer = Till().serve(Story().remove("bread"))

    assert answer.prompt is None
    assert answer.silence is None


def test_the_same_offset_folds_once() -> None:
    """Below the position an event is in already; above it something is missing."""
    shop, story = Shop(Settings(**OPEN)), Story()
    bread = story.add("bread")

    assert "gap" == shop.learn(0, 1, bread)
    assert "folded" == shop.learn(0, 0, bread)
    digest = shop.digest()
    assert "repeated" == shop.learn(0, 0, bread)
    assert digest == shop.digest()


def test_the_same_event_sent_twice_changes_nothing() -> None:
    """A sender that repeats itself teaches nothing new and gets no second prompt."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    bread = story.add("bread")
    shop.prompt(bread)
    learned = shop.shop.state()["baskets"], shop.shop.state()["sessions"]
    answer = shop.serve(bread)

    assert Silence("duplicate") == answer.silence
    assert learned == (shop.shop.state()["baskets"], shop.shop.state()["sessions"])


def test_an_event_that_somebody_else_folded_is_still_answered() -> None:
    """The position skips the fold, never the answer; the id is that of the cause."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    bread = story.add("bread")
    offset = shop.shop.position[0]
    shop.shop.learn(0, offset, bread)
    shop.shop.learn(0, offset + 1, story.view("jam"))
    first, second = shop.ask(bread, offset), shop.ask(bread, offset)

    assert first.prompt is not None
    assert second.prompt is not None
    assert prompt_id(bread.event_id, "s1", "basket") == first.prompt.prompt_id
    assert first.prompt.prompt_id == second.prompt.prompt_id


def test_answering_changes_nothing_that_is_folded() -> None:
    """A decision is a function of the Shop, not a part of it."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    bread = story.add("bread")
    offset = shop.shop.position[0]
    shop.shop.learn(0, offset, bread)
    digest = shop.shop.digest()
    shop.ask(bread, offset)

    assert digest == shop.shop.digest()


def test_a_record_that_is_no_event_moves_the_position_only() -> None:
    """A dead letter leaves no hole."""
    shop = Shop(Settings(**OPEN))
    before = shop.state()

    assert "folded" == shop.learn(0, 0, None)
    assert {0: 1} == shop.position
    assert before["baskets"] == shop.state()["baskets"]


def test_a_prompted_item_added_by_another_way_withdraws_the_prompt() -> None:
    """What is in the basket is not to be offered on the page any more."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.view("bread"))
    item = prompt.items[0].item_id
    (withdrawn,) = shop.serve(story.add(item)).withdrawals

    assert prompt.prompt_id == withdrawn.prompt_id
    assert "added" == withdrawn.because
    assert () == shop.serve(story.order(item)).withdrawals[1:]


def test_an_order_withdraws_all_that_was_said() -> None:
    """After paying nobody wants to hear what would have gone with it."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.view("bread"))
    (withdrawn,) = shop.serve(story.order("toast")).withdrawals

    assert ("ordered", prompt.prompt_id) == (withdrawn.because, withdrawn.prompt_id)


def test_an_order_from_another_channel_teaches_its_pairs() -> None:
    """Lines that no basket saw are learned as if they had been added then."""
    shop = Till()
    for number in range(5):
        shop.serve(Story(f"till-{number}").order("pasta", "sauce"))

    (sauce,) = shop.shop.learned.baskets.recommend(["pasta"], 3)
    assert ("sauce", 5) == (sauce.item, sauce.together)


def test_without_consent_the_shoppers_history_is_neither_kept_nor_used() -> None:
    """Item-to-item prompts remain; nothing is remembered by shopper."""
    shop = Till()
    for number in range(5):
        story = Story(f"s{number}", shopper_id="ann", consent=False)
        shop.serve(story.add("bread"))
        shop.serve(story.order("bread"))

    assert [] == shop.shop.learned.repeats.recommend(("ann",), 3)


def test_segments_that_nobody_declared_are_no_contexts() -> None:
    """A sender cannot make the policy grow without end."""
    shop = Till(segments="gold")
    shop.teach("bread", "butter")
    gold = shop.prompt(Story("s1", segment="gold").add("bread"))
    odd = shop.prompt(Story("s2", segment="x81").add("bread"))

    assert ("basket/gold", "basket/new") == (gold.context, odd.context)


def test_a_prompt_says_when_it_expires() -> None:
    """A late prompt is worse than none."""
    shop, story = Till(prompt_ttl_s=60.0), Story()
    shop.teach("bread", "butter")
    bread: Event = story.add("bread")
    prompt = shop.prompt(bread)

    assert bread.occurred_at_ms + 60_000 == prompt.expires_at_ms
