"""Which receipts wait for their secret, and how those are counted that do."""

from streams.contract.receipts import PREFIX, Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.shop.memory.orders.seen import UNREAD
from streams.shop.memory.receipt_rules import KEYS_NAMED_MAX, OTHER_KEYS
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


def test_an_unknown_key_that_has_its_name_is_counted_by_it_for_ever() -> None:
    """Though so many others came since that no further one is named."""
    shop, story = Till(), Story()
    secrets = [f"secret {number}" for number in range(KEYS_NAMED_MAX + 1)]
    for secret in (*secrets, secrets[0]):
        shop.serve(story.see(PROMPT.model_copy(update={"receipt": sealed(secret)})))
    counts = shop.shop.unknown_keys

    assert 2 == counts[Receipts(secrets[0]).key_ids[0]]
    assert 1 == counts[OTHER_KEYS]


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
