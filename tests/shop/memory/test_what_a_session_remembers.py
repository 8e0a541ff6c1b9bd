"""What a visit remembers, how much of it, and in which order it is forgotten."""

from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.baskets.changes import BASKET_MAX, BOUGHT_MAX
from streams.shop.memory.orders.seen import SEEN_MAX
from streams.shop.memory.session import (
    IMPRESSIONS_MAX,
    PATH_MAX,
    VIEWED_MAX,
    Session,
)
from tests.stories import NOON_MS, Story, Till


def visit() -> tuple[Story, Session]:
    """A visit that begins."""
    return Story(), Session("s1", NOON_MS, NOON_MS)


def remembered(shop: Till, session_id: str = "s1") -> Session:
    """The session of this id."""
    session = shop.shop.sessions[0].find(session_id)
    assert session is not None
    return session


def test_the_item_looked_at_again_is_the_latest() -> None:
    """Each item once, the last one last, the oldest forgotten first."""
    story, session = visit()
    for item in ("bread", "butter", "jam", "bread"):
        session.view(story.view(item))
    assert ["butter", "jam", "bread"] == session.viewed

    for number in range(VIEWED_MAX - 1):
        session.view(story.view(f"item-{number}"))
    assert "bread" == session.viewed[0]


def test_a_path_keeps_its_latest_steps_with_every_return() -> None:
    """To come back is a step as well."""
    _, session = visit()
    for number in range(PATH_MAX + 2):
        session.step(f"item-{number % 2}")

    assert [f"item-{number % 2}" for number in range(PATH_MAX)] == session.path


def test_the_oldest_event_id_is_forgotten_first() -> None:
    """Of one more than are remembered."""
    story, session = visit()
    events = [story.view("bread") for _ in range(SEEN_MAX + 1)]
    for number, event in enumerate(events):
        session.note(event, number)

    assert events[0].event_id not in session.seen
    assert 1 == session.seen[events[1].event_id]


def test_a_full_basket_takes_more_of_what_it_has_and_nothing_else() -> None:
    """Memory is bounded, and quantities are still right."""
    story, session = visit()
    for number in range(BASKET_MAX + 1):
        session.add(story.add(f"item-{number}"))
    session.add(story.add("item-0", quantity=2))

    assert BASKET_MAX == len(session.basket)
    assert 3 == session.basket["item-0"]
    assert f"item-{BASKET_MAX}" not in session.basket


def test_what_was_bought_first_is_forgotten_first() -> None:
    """Of more than a visit buys."""
    story, session = visit()
    session.order(story.order("first", "second"))
    for start in range(0, BOUGHT_MAX - 1, 100):
        many = [f"item-{number}" for number in range(start, min(start + 100, BOUGHT_MAX - 1))]
        session.order(story.order(*many))

    assert BOUGHT_MAX == len(session.bought)
    assert "first" not in session.bought
    assert "second" in session.bought


def test_every_change_of_the_basket_ends_a_checkout() -> None:
    """Whoever goes on shopping can be spoken to again."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    shop.serve(story.add("toast"))
    for change in (story.add("jam"), story.remove("jam"), story.order("toast")):
        shop.serve(story.check_out())
        assert Silence("checkout") == shop.serve(story.view("bread")).silence
        shop.serve(change)
        assert shop.serve(story.view("bread")).prompt


def test_of_many_impressions_the_oldest_is_forgotten() -> None:
    """Its purchase earns nothing any more; that of the next one does."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    prompts = [shop.prompt(story.view("bread")) for _ in range(IMPRESSIONS_MAX + 1)]
    for prompt in prompts:
        shop.serve(story.see(prompt))
    kept = remembered(shop).impressions

    assert IMPRESSIONS_MAX == len(kept)
    assert prompts[0].prompt_id not in kept
    assert prompts[1].prompt_id in kept
    assert len(prompts) == remembered(shop).shown


def test_a_visit_is_as_long_as_no_pause_breaks_it() -> None:
    """However long that is: each pause is measured from the event before."""
    shop, story = Till(session_gap_s=100.0), Story()
    shop.serve(story.add("bread"))
    for _ in range(3):
        shop.serve(story.view("jam", after_s=80))

    assert {"bread": 1} == remembered(shop).basket


def test_an_event_that_comes_late_does_not_turn_back_the_clock() -> None:
    """A pause is measured from the latest event, not from the last one to arrive."""
    shop, story = Till(session_gap_s=100.0), Story()
    shop.serve(story.add("bread", after_s=1000))
    shop.serve(story.view("jam", after_s=-90))
    shop.serve(story.view("toast", after_s=180))

    assert {"bread": 1} == remembered(shop).basket


def test_a_visit_after_a_pause_starts_when_it_starts() -> None:
    """Its shopper is unknown, its counts zero; the basket and what was shown are remembered."""
    shop, story = Till(), Story(shopper_id="ann")
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.dismiss(prompt))
    later = story.view("jam", shopper_id=None, after_s=1801)
    shop.serve(later)
    session = remembered(shop)

    assert ({"bread": 1}, ["jam"], None, 0, 0) == (
        session.basket,
        session.viewed,
        session.shopper_id,
        session.shown,
        session.dismissals,
    )
    assert later.occurred_at_ms == session.started_ms
    assert [prompt.prompt_id] == list(session.impressions)


def test_sessions_are_the_partitions_own() -> None:
    """The same id on another partition is another visit, and each partition has its own bound."""
    shop = Till(sessions_max=1).shop
    for partition in (0, 1):
        assert "folded" == shop.learn(partition, 0, Story("s1").add(f"item-{partition}"))
    baskets = [sessions.find("s1") for sessions in shop.sessions.values()]

    assert [{"item-0": 1}, {"item-1": 1}] == [session.basket for session in baskets if session]
