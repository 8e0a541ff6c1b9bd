"""What may be shown now: for pages that a server makes."""

from streams.contract.schemas.examples import PROMPT
from tests.storefront.gateway.shopfront import KEY, Shopfront, add, bearer


async def test_what_may_be_shown_now_is_told_to_the_page_and_to_the_server(
    front: Shopfront,
) -> None:
    """The same, until it expires; a token's own session, whatever the address names."""
    token = await front.token("ann")
    await front.post(add("e1"), token)
    asked = (("/v1/prompts?session_id=bob", token), ("/v1/prompts?session_id=ann", KEY))
    for address, who in asked:
        said = (await front.http.get(address, headers=bearer(who))).json()
        assert ["e1"] == [prompt["caused_by"] for prompt in said["prompts"]]
        assert not said["complete"]  # there is no Redis to be asked
        assert "propensity" not in said["prompts"][0]
    front.now_ms += 120_000
    said = (await front.http.get("/v1/prompts", headers=bearer(token))).json()
    assert [] == said["prompts"]


async def test_a_key_without_a_session_is_refused(front: Shopfront) -> None:
    """Nobody gets everybody's."""
    for address in ("/v1/prompts", "/v1/prompts?session_id="):
        answer = await front.http.get(address, headers=bearer(KEY))
        assert 422 == answer.status_code
    assert PROMPT.session_id not in answer.text
