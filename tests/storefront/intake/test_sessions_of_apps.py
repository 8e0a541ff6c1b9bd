"""Sessions of apps and servers, which have no browser: whose they are."""

import json
from typing import Any

from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from tests.storefront.intake.samples import MUG, enriched, enriched_line, track
from tests.storefront.intake.test_cases import only, read

ENTITY = {"userId": "phone-1", "sessionId": "app-visit-1"}
NAME = "contexts_com_snowplowanalytics_snowplow_client_session_1"


def started(**more: Any) -> Any:
    """What becomes of a message without the id of a browser."""
    said = track("Checkout Started", {}, **more)
    del said["anonymousId"]
    return read("segment", said)


def test_two_users_who_began_in_one_second_have_two_sessions() -> None:
    """RudderStack's number of a session is a time."""
    number = {"context": {"sessionId": 1_767_268_800}}
    ann, bob = (only(started(userId=who, **number)) for who in ("ann", "bob"))
    later = only(started(userId="ann", context={"sessionId": 1_767_272_400}))

    assert 3 == len({ann.session_id, bob.session_id, later.session_id})
    assert "1767268800" not in (ann.session_id, bob.session_id)


def test_a_session_of_nobody_is_none() -> None:
    """A time alone names no session."""
    said = track("Checkout Started", {}, context={"sessionId": 1_767_268_800})
    del said["anonymousId"], said["userId"]
    assert ["no_session"] == [one.reason for one in read("segment", said).rejections]


def test_an_app_of_snowplows_has_its_session_in_an_entity() -> None:
    """As enriched JSON and as a line."""
    said = enriched("product_view", product=[MUG]) | {NAME: [ENTITY]}
    del said["domain_userid"], said["domain_sessionid"]
    cells = enriched_line("product_view", [MUG], domain_userid="", domain_sessionid="")
    schema = "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2"
    entity = json.dumps({"schema": schema, "data": ENTITY}).encode()
    line = cells.replace(b'"data": [{', b'"data": [' + entity + b", {", 1)
    for event in (
        only(read("snowplow", said)),
        only(adapters()["snowplow"].read(line, {}, Settings())),
    ):
        assert ("app-visit-1", "phone-1") == (event.session_id, event.visitor_id)
