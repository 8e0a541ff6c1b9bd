"""Where a visit begins, and how much of it teaches: the first moment belongs to it."""

from streams.contract.events import Event
from streams.contract.receipts import Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.shop.memory.orders.seen import READ_LATE_MAX
from streams.shop.memory.session import LOOKED_MAX, Session
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import NOON_MS, OPEN, Story, Till


def till() -> Till:
    """A shop that has seen bread bought with butter alone, and nothing bought a short while ago."""
    shop = Till(just_bought_s=0.0)
    shop.teach("bread", "butter")
    return shop


def offered(shop: Till, event: Event) -> set[str]:
    """What this event gets offered."""
    prompt = shop.serve(event).prompt
    return set() if prompt is None else {item.item_id for item in prompt.items}


def session_of(shop: Till) -> Session:
    """The story's session."""
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    return session


def test_what_a_visit_begins_with_taking_out_is_not_offered_in_it() -> None:
    """The removal is the very first event of the visit."""
    shop, story = till(), Story()
    shop.serve(story.remove("butter"))

    assert "butter" not in offered(shop, story.view("bread"))


def test_what_was_bought_in_the_moment_in_which_a_visit_begins_is_not_offered_in_it() -> None:
    """As when a button adds and buys at once."""
    shop, story = till(), Story()
    for event in (story.add("butter"), story.order("butter", after_s=0)):
        shop.serve(event)

    assert "butter" not in offered(shop, story.view("bread"))


def test_what_was_bought_in_a_visit_that_lasts_is_not_offered_in_it() -> None:
    """Longer than `just_bought_s`, and by nobody whom we know."""
    shop, story = till(), Story()
    for event in (story.view("tea"), story.add("butter"), story.order("butter")):
        shop.serve(event)

    for _ in range(3):
        assert "butter" not in offered(shop, story.view("bread", after_s=1200))
    assert "butter" in offered(shop, story.view("bread", after_s=1801))


def test_a_visit_that_has_looked_at_very_much_teaches_nothing_by_looking_further() -> None:
    """Whoever reads the whole catalogue is no shopper; the last look that counts does count."""
    shop, story = Till(), Story()
    for number in range(LOOKED_MAX - 1):
        shop.serve(story.view(f"item-{number}"))
    assert session_of(shop).looks_first("bread")
    shop.serve(story.view("bread"))
    before = shop.shop.learned.browsing.state()
    shop.serve(story.view("butter"))

    assert not session_of(shop).looks_first("butter")
    assert before == shop.shop.learned.browsing.state()
    assert [] == shop.shop.learned.browsing.recommend(["butter"], 3)


def test_when_a_receipt_was_read_late_is_remembered_of_the_latest_few() -> None:
    """A session that never ends does not grow."""
    settings = {**OPEN, "receipt_secret": "old"}
    shop, story, until_ms = Till(**settings), Story(), NOON_MS + 60_000
    receipt = Receipt("p", "s1", "a", "basket/new", 0.5, 0.1, ("butter",), NOON_MS, until_ms)
    shown = story.see(PROMPT.model_copy(update={"receipt": Receipts("new").seal(receipt)}))
    shop.serve(shown)
    woken = Shop(Settings(**{**settings, "receipt_secret": "old, new"}))
    restore(woken.parts(), shop.shop.state())
    shop.shop = woken

    shop.serve(shown)
    seen = session_of(shop).seen
    assert seen.was_read_late(shown.event_id, 1)
    for number in range(2 * READ_LATE_MAX):
        seen.read_late(f"e{number}", number)
    assert [False] * READ_LATE_MAX + [True] * READ_LATE_MAX == [
        seen.was_read_late(f"e{number}", number) for number in range(2 * READ_LATE_MAX)
    ]
