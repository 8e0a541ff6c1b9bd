"""The sessions of one shopper: whose prompts an order may be credited to."""

from typing import Any

import pytest

from streams.shop.people.shoppers import DENIALS_MAX, SESSIONS_MAX, ShopperSessions
from streams.shop.people.sign_in import SignIn
from tests.shop.people.test_visitors import ANN, BOB, NOBODY, UNSAID, clicked, serve, stages, till
from tests.shop.people.test_visitors import sold as sold_by
from tests.stories import Story, Till


def ordered(shop: Till, laptop: Story, *, after_s: float = 5, **who: Any) -> list[Any]:
    """What ann's phone, or another one, brings to prompts by an order of butter."""
    phone = Story("phone", start_ms=laptop.now_ms, **{**ANN, **who})
    return stages(serve(shop, phone.order("butter", after_s=after_s)))


CREDITED = [("bought", "butter", 0.5)]


def test_who_signs_in_after_the_prompt_has_it_credited_as_well() -> None:
    """The prompt was nobody's when it was seen."""
    shop, laptop = till(), Story("laptop")
    sold_by(shop, laptop)
    assert [] == ordered(shop, laptop)

    shop, laptop = till(), Story("laptop")
    sold_by(shop, laptop)
    serve(shop, laptop.view("tea", **ANN))
    assert CREDITED == ordered(shop, laptop)


@pytest.mark.parametrize("then", [NOBODY, BOB, UNSAID])
def test_who_is_no_more_signed_in_there_earns_nothing_for_it(then: dict[str, Any]) -> None:
    """Signed out, somebody else, or nobody whom we may remember: and she comes back."""
    shop, laptop = till(), Story("laptop", schema_version=2)
    sold = sold_by(shop, laptop)
    serve(shop, laptop.view("tea", **ANN), laptop.view("tea", **then))
    assert [] == ordered(shop, laptop)
    noted, _ = shop.shop.sessions[0].orders.shoppers.state()
    assert (["laptop"] if then is BOB else []) == [name for _, *names in noted for name in names]

    again = Story("tablet", start_ms=laptop.now_ms, **ANN)
    serve(shop, laptop.view("tea", **ANN))
    assert CREDITED == stages(serve(shop, again.order("butter", after_s=5)))
    assert sold.session_id == "laptop"


def test_an_order_that_does_not_say_who_is_of_who_is_signed_in() -> None:
    """And one of nobody is nobody's."""
    for said, credited in (({}, CREDITED), ({"shopper_id": None}, [])):
        shop, laptop = till(), Story("laptop", **ANN)
        sold_by(shop, laptop)
        phone = Story("phone", start_ms=laptop.now_ms, schema_version=2)
        serve(shop, phone.view("tea", **ANN))
        assert credited == stages(serve(shop, phone.order("butter", consent=True, **said)))


def test_a_denial_counts_until_consent_is_said_anew_in_both_sessions() -> None:
    """One of an earlier time than both sign-ins denies neither."""
    shop, laptop = till(), Story("laptop", **ANN)
    sold_by(shop, laptop)
    office = Story("office", start_ms=laptop.now_ms)
    serve(shop, office.forget("ann", after_s=-3600), office.forget("ann", after_s=-3600))
    assert CREDITED == ordered(shop, laptop)

    shop, laptop = till(), Story("laptop", **ANN)
    clicked(shop, laptop)
    serve(shop, Story("office", start_ms=laptop.now_ms).forget("ann", after_s=5))
    serve(shop, laptop.add("butter"))
    assert [] == ordered(shop, laptop, after_s=20)
    serve(shop, laptop.view("tea", after_s=20))
    assert CREDITED == stages(
        serve(shop, Story("tablet", start_ms=laptop.now_ms, **ANN).order("butter"))
    )


def test_a_session_that_goes_on_is_the_shoppers_under_its_new_id() -> None:
    """Ann's laptop renews its session; her phone orders."""
    shop, laptop = till(), Story("laptop", visitor_id="v", **ANN)
    sold_by(shop, laptop)
    serve(shop, Story("renewed", start_ms=laptop.now_ms, visitor_id="v", **ANN).view("tea"))

    assert CREDITED == ordered(shop, laptop)


def test_a_renewed_session_in_which_nobody_is_known_is_nobodys() -> None:
    """Who is signed in under the new id says so."""
    shop, laptop = till(), Story("laptop", visitor_id="v")
    sold_by(shop, laptop)
    serve(shop, laptop.view("tea", **ANN))
    renewed = Story("renewed", start_ms=laptop.now_ms, visitor_id="v", shopper_id="ann")
    serve(shop, renewed.view("tea", consent=None))

    assert [] == ordered(shop, laptop)


def test_of_many_sessions_the_latest_are_looked_at() -> None:
    """A till that signs in as one shopper all day."""
    shoppers = ShopperSessions()
    for number in range(SESSIONS_MAX + 3):
        shoppers.note("her", f"s{number}")
    shoppers.note("her", "s5")

    assert ("s3", "s4", "s6", "s7", "s8", "s9", "s10", "s5") == shoppers.of("her")


def test_what_is_noted_of_shoppers_leaves_with_their_sessions() -> None:
    """A session is renamed in its place; one that is not noted changes nothing."""
    shoppers = ShopperSessions()
    for name in ("a", "b", "c"):
        shoppers.note("her", name)
    shoppers.rename("her", "b", "x")
    shoppers.rename("her", "nobody's", "y")
    shoppers.rename(None, "a", "y")
    assert ("a", "x", "c") == shoppers.of("her")
    shoppers.rename("her", "a", "c")
    assert ("c", "x") == shoppers.of("her")
    for name in ("x", "c", "c"):
        shoppers.leave("her", name)
    shoppers.leave(None, "c")

    assert not shoppers
    assert [[], []] == shoppers.state()


def test_of_too_many_denials_the_oldest_are_forgotten() -> None:
    """And of one shopper the latest counts, by its time."""
    shoppers, signed_in = ShopperSessions(), SignIn("ann", None, 10, consented=True)
    ann = signed_in.hash or ""
    assert shoppers.consents(ann, signed_in)
    assert not shoppers.consents("another", signed_in)
    assert not shoppers.consents(ann, SignIn("ann", None, 10, consented=False))
    shoppers.denied(ann, 10)
    shoppers.denied(ann, 9)
    assert not shoppers.consents(ann, signed_in)
    for number in range(DENIALS_MAX - 1):
        shoppers.denied(f"s{number}", 10)
    assert not shoppers.consents(ann, signed_in)
    shoppers.denied("one more", 10)
    assert shoppers.consents(ann, signed_in)
