"""How much is taken of whom: limits that a request meets before it is served."""

from tests.storefront.gateway.shopfront import (
    KEY,
    Shopfront,
    add,
    says_nothing,
)


async def test_the_shops_server_is_not_limited_as_one_address() -> None:
    """It asks for all shoppers; who has no key is limited beside it."""
    front = Shopfront(says_nothing, gateway_address_rate=10)
    said = [add("e1", session_id="ann")]
    answers = [await front.post(said, KEY) for _ in range(12)]
    others = [await front.post(said, "made.up.token") for _ in range(11)]

    assert [200] * 12 == [answer.status_code for answer in answers]
    assert [401] * 10 + [429] == [answer.status_code for answer in others]
