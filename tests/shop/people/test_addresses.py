"""Who is forgotten by an e-mail address is forgotten by the hash that intake makes of it."""

import pytest

from streams.contract.events import Event
from streams.contract.events.fields import pseudonym
from streams.contract.settings import Settings
from streams.operations.forgetting.saying import words
from streams.operations.forgetting.traces import mentions
from streams.shop.shop import Shop
from tests.stories import OPEN, Story

HASH = "address-c2161275ecb11b29311e3252"
"""Of ann@example.org, as intake has made it ever since."""
WAYS = ("Ann@Example.org", "ann@example.org", HASH)


def known(shop: Shop) -> set[str]:
    """Of whom purchases are kept."""
    return set(shop.learned.repeats.known())


def folded(*events: Event) -> Shop:
    """A shop that has read these."""
    shop = Shop(Settings(**OPEN))
    for offset, event in enumerate(events):
        shop.learn(0, offset, event)
    return shop


@pytest.mark.parametrize("bought_as", ["Ann@Example.org", HASH])
def test_what_the_command_says_forgets_an_address_as_it_is_and_as_its_hash(bought_as: str) -> None:
    """In whichever order the two come, and nobody else is."""
    story = Story(shopper_id=bought_as)
    visit: list[Event] = [story.view("bread"), story.add("bread"), story.order("bread")]
    other = Story("s3", shopper_id="bob@example.org").order("tea")
    said = words(Settings(), "Ann@Example.org")

    assert {bought_as, "bob@example.org"} == known(folded(*visit, other))
    assert {"bob@example.org"} == known(folded(*visit, other, *said))
    assert {"bob@example.org"} == known(folded(*said, other, *visit))


def test_the_command_forgets_an_address_and_its_hash() -> None:
    """Both are said, and both are looked for; an id that is no address is said once."""
    said = words(Settings(), "Ann@Example.org")

    assert ["Ann@Example.org", HASH] == [one.shopper_id for one in said]
    assert 2 == len({one.event_id for one in said})
    assert 1 == len({one.session_id for one in said})
    assert all(mentions(b'{"shopper_id": "%s"}' % way.encode(), "Ann@Example.org") for way in WAYS)
    assert ["ann"] == [one.shopper_id for one in words(Settings(), "ann")]


def test_the_hash_of_an_address_stays_what_it_was() -> None:
    """What was kept under it is found."""
    assert HASH == pseudonym("Ann@example.org")
