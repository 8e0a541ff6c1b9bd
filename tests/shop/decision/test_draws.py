"""Draws are ours alone: neither a storefront's counters nor minted ids choose an arm."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import MissingSecret
from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.secrets.secret_keys import derived_key, secret_keys
from streams.shop.decision.policy.draws import DrawSeeds
from streams.shop.people.hash_sampling import sampled
from tests.stories import NOON_MS, Story, Till

SESSIONS = 300
CHI_SQUARE_999 = 13.8
"""What chance exceeds once in a thousand times, with two degrees of freedom."""
IDS = st.text(min_size=1, max_size=6)


def identity(session_id: str, event_id: str) -> str:
    """That of an event with these ids."""
    viewed = ItemViewed(
        event_id=event_id, session_id=session_id, occurred_at_ms=NOON_MS, item_id="bread"
    )
    return viewed.identity


def asked(number: int, event_id: str) -> ItemAdded:
    """A session of its own adds bread, by an event of this id."""
    return Story(f"session-{number}").add("bread", event_id=event_id)


def open_till(**settings: str) -> Till:
    """A shop with three arms to draw from, of which it knows nothing better than a third each."""
    till = Till(**settings)
    for item in ("butter", "jam"):
        till.teach("bread", item)
    for number in range(20):
        story = Story(f"browsing-{number}", start_ms=NOON_MS - 86_400_000)
        till.serve(story.view("bread"))
        till.serve(story.view("butter"))
    return till


def test_sessions_that_count_their_events_draw_each_for_itself() -> None:
    """Three hundred sessions, every one with an event "2": each arm about as often as logged."""
    till = open_till()
    prompts = [till.prompt(asked(number, "2")) for number in range(SESSIONS)]
    drawn, expected = Counter(prompt.arm for prompt in prompts), Counter[str]()
    for prompt in prompts:
        for arm, propensity in prompt.propensities.items():
            expected[arm] += propensity  # type: ignore[assignment]  # a sum, not a count
    chi_square = sum((drawn[arm] - n) ** 2 / n for arm, n in expected.items())

    assert 3 == len(expected)
    assert max(abs(p - 1 / 3) for p in prompts[0].propensities.values()) < 0.01
    assert chi_square < CHI_SQUARE_999


def test_nobody_without_the_secret_knows_what_an_event_will_draw() -> None:
    """Of two secrets each draws apart: they agree about as often as chance has it."""
    arms = []
    for secret in ("ours", "a guess"):
        till = open_till(receipt_secret=secret)
        arms.append([till.prompt(asked(n, "2")).arm for n in range(SESSIONS)])
    agreed = sum(one == other for one, other in zip(*arms, strict=True))

    assert 0.2 < agreed / SESSIONS < 0.47


def test_the_same_event_draws_the_same_whoever_answers() -> None:
    """Workers that share the secret, and a worker that starts again."""
    one, other = open_till(), open_till()

    assert [one.prompt(asked(n, "2")).arm for n in range(20)] == [
        other.prompt(asked(n, "2")).arm for n in range(20)
    ]


def test_the_first_secret_draws() -> None:
    """It signs, too: the others are on their way out."""
    new, rotated, old = (DrawSeeds(secrets) for secrets in ("new", "new, old", "old"))
    event = identity("s1", "1")

    assert new.seed(event, "basket") == rotated.seed(event, "basket")
    assert old.seed(event, "basket") != rotated.seed(event, "basket")


def test_the_key_of_draws_is_not_the_one_that_signs() -> None:
    """Derived from it, for a purpose of its own."""
    (signing,) = secret_keys("secret")

    assert 3 == len({signing, derived_key(signing, b"draws"), derived_key(signing, b"others")})


def test_without_a_secret_nothing_is_drawn() -> None:
    """As nothing is signed."""
    with pytest.raises(MissingSecret, match="GOESWITH_RECEIPT_SECRET"):
        DrawSeeds(" , ")


@given(IDS, IDS, IDS, IDS)
def test_no_two_events_share_an_identity(one: str, two: str, three: str, four: str) -> None:
    """Not even where ids are made up so that the end of one looks like the start of the next."""
    assert ((one, two) == (three, four)) == (identity(one, two) == identity(three, four))


@given(IDS, IDS)
def test_each_placement_draws_for_itself(session_id: str, event_id: str) -> None:
    """One event may be answered in several places."""
    draws, event = DrawSeeds("secret"), identity(session_id, event_id)

    assert draws.seed(event, "basket") != draws.seed(event, "product_page")


def ranking(secret: str, ids: list[str], visits: int = 100) -> list[str]:
    """The ranker's weights after visits of which each views items by events of these ids."""
    till = Till(best_fit=True, rank_learning_share=0.5, receipt_secret=secret)
    for number in range(visits):
        story = Story(f"session-{number}")
        for item, event_id in zip(("bread", "butter", "jam"), ids, strict=True):
            till.serve(story.view(item, event_id=event_id))
    weights: list[str] = till.shop.state()["fit"]["weights"]
    return weights


def test_what_the_ranker_learns_from_is_drawn_by_session_too() -> None:
    """From half of all views, though no id that the sessions use is in that half by itself.

    To learn is to fold: it does not depend on the secret.
    """
    ids = [f"{n}" for n in range(30) if not sampled(f"{n}", share=0.5)][:3]
    shares = [
        sum(sampled(identity(f"session-{n}", event_id), share=0.5) for n in range(SESSIONS))
        for event_id in ids
    ]

    assert all(0.4 < share / SESSIONS < 0.6 for share in shares)
    assert ranking("ours", ids, visits=0) != ranking("ours", ids) == ranking("a guess", ids)
