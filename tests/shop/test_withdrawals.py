"""Which of the prompts that were said are taken back, by which event."""

import pytest

from streams.contract.published.prompts import Prompt
from tests.stories import Story, Till


def offered(**settings: float) -> tuple[Till, Story, Prompt]:
    """A shop that has just offered butter to somebody who looks at bread."""
    shop, story = Till(**settings), Story()
    shop.teach("bread", "butter")
    return shop, story, shop.prompt(story.view("bread"))


def test_an_add_of_something_else_withdraws_nothing() -> None:
    """The offer stands."""
    shop, story, _ = offered()

    assert () == shop.serve(story.add("toast")).withdrawals


def test_a_view_of_what_is_offered_withdraws_nothing() -> None:
    """To look at it is what the prompt is for."""
    shop, story, prompt = offered()

    assert () == shop.serve(story.view(prompt.items[0].item_id)).withdrawals


@pytest.mark.parametrize(("early_ms", "withdrawn"), [(0, False), (1, True)])
def test_what_has_expired_needs_no_withdrawal(early_ms: int, withdrawn: bool) -> None:
    """From its expiry on nobody shows it, to the millisecond."""
    shop, story, prompt = offered(prompt_ttl_s=60.0)
    order = story.order("toast", after_s=60 - early_ms / 1000)

    assert prompt.expires_at_ms - early_ms == order.occurred_at_ms
    assert withdrawn == bool(shop.serve(order).withdrawals)


def test_a_withdrawal_says_whose_it_was_why_and_when() -> None:
    """Whoever shows the prompt finds it by these."""
    shop, story, prompt = offered()
    add = story.add(prompt.items[0].item_id)
    (withdrawn,) = shop.serve(add).withdrawals

    assert (prompt.prompt_id, "s1", "added", add.event_id, add.occurred_at_ms) == (
        withdrawn.prompt_id,
        withdrawn.session_id,
        withdrawn.because,
        withdrawn.caused_by,
        withdrawn.occurred_at_ms,
    )


def test_other_sessions_keep_their_prompts() -> None:
    """What one shopper buys is no news to another."""
    shop, _, _ = offered()

    assert () == shop.serve(Story("s2").order("butter")).withdrawals


def test_what_was_withdrawn_is_withdrawn_once() -> None:
    """And no longer counts as said."""
    shop, story, prompt = offered()
    item = prompt.items[0].item_id
    first, second = (shop.serve(story.add(item)).withdrawals for _ in range(2))

    assert [prompt.prompt_id] == [each.prompt_id for each in first]
    assert prompt.prompt_id not in {each.prompt_id for each in second}


def test_an_order_that_is_told_once_more_withdraws_nothing() -> None:
    """What was offered after it stands, whichever event tells its number again."""
    shop, story, _ = offered()
    shop.serve(story.order("toast", order_id="o-7"))
    shop.prompt(story.view("bread"))

    assert () == shop.serve(story.order("toast", order_id="o-7")).withdrawals


def test_what_is_sent_away_in_one_tab_is_taken_back_in_the_other() -> None:
    """The prompt itself, and others with its items: none of them is offered again."""
    shop, story, prompt = offered()
    other = shop.prompt(story.add("bread", after_s=30))
    shop.serve(story.see(prompt))
    gone = shop.serve(story.dismiss(prompt)).withdrawals

    assert [(prompt.prompt_id, "dismissed"), (other.prompt_id, "dismissed")] == [
        (one.prompt_id, one.because) for one in gone
    ]
    assert () == shop.serve(story.view("toast")).withdrawals


def test_who_pays_is_left_alone_but_for_what_is_said_at_the_till() -> None:
    """Prompts of the slots checkout and post purchase stand."""
    shop, story, prompt = offered(checkout_prompts_max=5, slot_cool_down_s=0.0)
    shop.teach("toast", "jam")
    answer = shop.serve(story.check_out(slots=("checkout",)))
    shop.serve(story.add("toast"))
    at_the_till = shop.serve(story.check_out(slots=("checkout",)))

    assert [(prompt.prompt_id, "checkout")] == [
        (one.prompt_id, one.because) for one in answer.withdrawals
    ]
    assert at_the_till.prompt is not None
    assert "checkout" == at_the_till.prompt.placement
    assert () == shop.serve(story.check_out()).withdrawals


@pytest.mark.parametrize(
    ("leaves", "because"),
    [
        ({"shopper_id": "ann", "consent": False}, "consent"),
        ({"shopper_id": None, "consent": True, "schema_version": 2}, "signed_out"),
        ({"shopper_id": "bob", "consent": True}, "signed_out"),
    ],
    ids=["consent-goes", "signs-out", "another-signs-in"],
)
def test_what_was_said_to_somebody_who_has_left_is_taken_back(
    leaves: dict[str, object], because: str
) -> None:
    """Once; and what is said after that stands, whatever events say by then."""
    shop = Till()
    shop.teach("bread", "butter")
    story = Story(shopper_id="ann")
    prompt = shop.prompt(story.view("bread"))
    after = Story("s1", start_ms=story.now_ms + 60_000, **leaves)
    after._number = story._number
    answer = shop.serve(after.view("bread"))

    assert [(prompt.prompt_id, because)] == [(w.prompt_id, w.because) for w in answer.withdrawals]
    assert answer.prompt is not None
    assert () == shop.serve(after.view("toast")).withdrawals


@pytest.mark.parametrize("what", ["view", "leave_checkout"])
def test_a_denial_that_names_nobody_takes_back_what_was_said_to_who_is_there(what: str) -> None:
    """Once; what is said to nobody after that stands, whoever goes on to say no."""
    shop = Till()
    shop.teach("bread", "butter")
    story = Story(schema_version=2)
    prompt = shop.prompt(story.view("bread", shopper_id="ann", consent=True))
    words = ("jam",) if what == "view" else ()
    answer = shop.serve(getattr(story, what)(*words, consent=False))
    shop.prompt(story.view("bread", consent=False, after_s=60))

    assert [(prompt.prompt_id, "consent")] == [(w.prompt_id, w.because) for w in answer.withdrawals]
    assert () == shop.serve(story.view("toast", consent=False)).withdrawals


@pytest.mark.parametrize("forgets", [True, False])
def test_what_is_denied_in_another_session_is_left_to_expire(forgets: bool) -> None:
    """Nothing new is said from her history, though."""
    shop = Till()
    shop.teach("bread", "butter")
    story, other = Story(schema_version=2), Story("s2", schema_version=2)
    shop.prompt(story.view("bread", shopper_id="ann", consent=True))
    denies = other.forget("ann") if forgets else other.view("x", shopper_id="ann", consent=False)
    here = shop.serve(denies.model_copy(update={"occurred_at_ms": story.now_ms + 1000}))
    then = shop.serve(story.view("tea", consent=True, after_s=2))
    session = shop.shop.sessions[0].find("s1")

    assert () == here.withdrawals == then.withdrawals
    assert session is not None
    assert session.shopper_id is None


def test_who_never_consented_keeps_their_prompts() -> None:
    """A "no" that is said with every event is no news."""
    shop = Till()
    shop.teach("bread", "butter")
    story = Story(consent=False)
    shop.prompt(story.view("bread"))

    assert () == shop.serve(story.view("toast", after_s=30)).withdrawals


def test_who_is_forgotten_is_shown_nothing_more_of_before() -> None:
    """What was said to somebody else, or to nobody, stands."""
    shop, anyone, _ = offered()
    story = Story("hers", shopper_id="ann")
    prompt = shop.prompt(story.view("bread"))
    other = shop.serve(anyone.forget("ann")).withdrawals
    gone = shop.serve(story.forget("ann")).withdrawals

    assert () == other
    assert [(prompt.prompt_id, "consent")] == [(one.prompt_id, one.because) for one in gone]


def test_a_prompt_that_was_taken_back_earns_what_it_has_earned() -> None:
    """A withdrawal is an answer, no event: the receipt is as good as before."""
    credited, digests = [], []
    for pays in (False, True):
        shop, story, prompt = offered()
        shop.serve(story.see(prompt))
        shop.serve(story.check_out())
        if pays:  # somebody else answers, who never withdrew anything
            shop.pending.forget()
        credited.append(shop.serve(story.add("butter", receipt=prompt.receipt)).outcomes)
        digests.append(shop.shop.digest())

    assert credited[0] == credited[1] != ()
    assert 1 == len({*digests})
