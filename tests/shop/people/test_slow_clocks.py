"""A no of a slow clock counts when the broker got it, for nothing tells it from a delay."""

from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.lab.chaos.twin.twin import Twin
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story

BEHIND_MS = 300_000
DAY_MS = 86_400_000


def got(event: Event, at_ms: int) -> Event:
    """An event whose record has this time."""
    vars(event)["received_at_ms"] = at_ms
    return event


def at(second: int) -> int:
    """A time, in seconds after noon."""
    return NOON_MS + 1000 * second


def page(second: int, behind_ms: int = BEHIND_MS, **said: Any) -> Event:
    """What a page says then, by a clock that is behind, in version 2."""
    story = Story(schema_version=2, start_ms=at(second) - behind_ms)
    return got(story.view("tea", event_id=f"page-{second}", **said), at(second))


def server(second: int, session_id: str = "s1", **said: Any) -> Event:
    """What a server says then, by the right clock."""
    story = Story(session_id, schema_version=2, start_ms=at(second))
    return got(story.order("bread", event_id=f"server-{second}", **said), at(second))


ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}


def folded(*events: Event) -> Shop:
    """A shop that has read these, all on one partition."""
    shop = Shop(Settings(**OPEN))
    for offset, event in enumerate(events):
        shop.learn(0, offset, event)
    return shop


def there(*events: Event) -> str | None:
    """Who is signed in after these: to the shop, and to its plain twin."""
    shop, twin = folded(*events), Twin(Settings(**OPEN))
    for event in events:
        twin.see(0, event)
    session = shop.sessions[0].find("s1")
    assert session is not None
    who = session.signed_in.shopper_id
    assert who == twin._visitors.sessions[0, "s1"].signed_in
    return who


@pytest.mark.parametrize("no", [{"shopper_id": None, "consent": True}, {"consent": False}])
def test_a_sign_out_by_a_slow_clock_signs_out(no: dict[str, Any]) -> None:
    """Ann signs in by the server's clock, and out by the page's, which is five minutes slow."""
    assert there(server(0, **ANN)) == "ann"
    assert there(server(0, **ANN), page(30, **no)) is None


def test_what_the_same_clock_says_after_its_no_counts() -> None:
    """Of a page that is slow, or sends several events at once; what it said before does not."""
    out = page(30, shopper_id=None, consent=True)

    assert there(out, page(40, **ANN)) == "ann"
    assert there(out, got(page(20, **ANN), at(40))) is None


def test_a_delay_that_is_told_is_one() -> None:
    """So is one that is longer than clocks are behind: what is back-filled has its own time."""
    told = page(30, shopper_id=None, consent=True, sent_at_ms=at(30) - BEHIND_MS)
    old = page(30, DAY_MS + 60_000, shopper_id=None, consent=True)

    assert there(server(0, **ANN), told) == "ann"
    assert there(server(0, **ANN), old) == "ann"


@pytest.mark.parametrize("names", [True, False])
def test_a_denial_by_a_slow_clock_drops_what_was_bought(names: bool) -> None:
    """In whichever order workers read it, if it names her; else by who is there."""
    bought = server(0, **ANN)
    named: dict[str, Any] = {"shopper_id": "ann"} if names else {}
    no = page(30, consent=False, **named)
    for said in permutations([bought, no]) if names else [(bought, no)]:
        assert [] == list(folded(*said).learned.repeats.known())
    again = server(60, "s2", **ANN)

    assert ["ann"] == list(folded(bought, no, again).learned.repeats.known())


def test_who_is_forgotten_by_a_slow_clock_is_forgotten() -> None:
    """As by any door that has a clock of its own."""
    bought = server(0, **ANN)
    story = Story("office", start_ms=at(30) - BEHIND_MS, schema_version=2)
    word = got(story.forget("ann"), at(30))

    assert [] == list(folded(bought, word).learned.repeats.known())
    assert [] == list(folded(word, bought).learned.repeats.known())
