"""Which receipts wait for their secret, and how those are counted that do."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.receipts import PREFIX, Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.shop.memory.orders.seen import UNREAD
from streams.shop.memory.receipt_rules import KEYS_NAMED_MAX, OTHER_KEYS, UnknownKeys
from streams.shop.memory.session import Session
from tests.stories import NOON_MS, Story, Till

BREAD = Receipt("p", "s1", "a", "basket/new", 0.5, 0.1, ("butter",), NOON_MS, NOON_MS + 60_000)


def sealed(secret: str) -> str:
    """A receipt sealed with this secret."""
    return Receipts(secret).seal(BREAD)


def session(shop: Till) -> Session:
    """The story's session."""
    found = shop.shop.sessions[0].find("s1")
    assert found is not None
    return found


def test_what_is_forged_waits_for_no_secret() -> None:
    """It is neither counted as a key nor noted as unread: no secret will ever open it."""
    shop, story = Till(), Story()
    for token in ("made up", PREFIX + "made-up", "3." + sealed("x")[2:]):
        answer = shop.serve(story.see(PROMPT.model_copy(update={"receipt": token})))
        assert answer.rejected is not None

    assert {} == shop.shop.unknown_keys
    assert [] == session(shop).seen.marked(UNREAD)


def test_the_key_of_a_secret_that_is_missing_is_named_though_made_up_ones_came_first() -> None:
    """The least frequent makes room: who mints sixteen keys does not hide it."""
    shop, story = Till(), Story()
    made_up = [f"made up {number}" for number in range(KEYS_NAMED_MAX)]
    for secret in (*made_up, *["missing"] * 30, "made up at last"):
        shop.serve(story.see(PROMPT.model_copy(update={"receipt": sealed(secret)})))
    counts = Counter(shop.shop.unknown_keys)

    assert (Receipts("missing").key_ids[0], 30) == counts.most_common()[0]
    assert (2, KEYS_NAMED_MAX + 31) == (counts[OTHER_KEYS], counts.total())


@given(st.lists(st.integers(0, 40).map(str), max_size=400))
def test_what_came_often_has_a_name_and_no_more_than_came(keys: list[str]) -> None:
    """In whatever order, and no receipt is lost from the sum."""
    unknown, truly = UnknownKeys(), Counter(keys)
    for key in keys:
        unknown.add(key)
    told = unknown.by_name()

    assert len(told) <= KEYS_NAMED_MAX + 1
    assert len(keys) == told.total()
    assert all(0 < told[key] <= truly[key] for key in told if key != OTHER_KEYS)
    often = {key for key, count in truly.items() if count * KEYS_NAMED_MAX > len(keys)}
    assert often <= told.keys()


def test_an_unread_add_that_comes_again_without_its_receipt_is_still_nobody_elses() -> None:
    """It waits for the secret as before, and no prompt that was clicked is credited with it."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    clicked = shop.prompt(story.view("bread"))
    shop.serve(story.click(clicked))
    add = story.add("butter", receipt=sealed("another secret"))
    shop.serve(add)
    before = shop.shop.digests()["policy"]
    again = shop.serve(add.model_copy(update={"receipt": None}))

    assert () == again.outcomes
    assert before == shop.shop.digests()["policy"]
    assert [add.event_id] == session(shop).seen.marked(UNREAD)


def test_another_event_that_has_the_id_of_an_unread_one_reads_nothing() -> None:
    """Ids are the senders' own: what brings no receipt is a repeated event, no more."""
    shop, story = Till(), Story()
    shown = story.see(PROMPT.model_copy(update={"receipt": sealed("another secret")}))
    shop.serve(shown)
    answer = shop.serve(story.view("bread", event_id=shown.event_id))

    assert answer.outcomes == ()
    assert answer.silence is not None
    assert "duplicate" == answer.silence.reason
    assert [shown.event_id] == session(shop).seen.marked(UNREAD)
