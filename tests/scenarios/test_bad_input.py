"""Among good events come broken ones of every kind: each is a dead letter, nothing else is lost."""

import json

from streams.contract.events import encode
from tests.scenarios.storefront import Storefront
from tests.stories import Story


def bad_records(story: Story) -> dict[str, tuple[bytes | None, bytes | None]]:
    """One record of each kind that must not get through: name -> key and value."""
    good = json.loads(encode(story.add("bread")))
    key = story.session_id.encode()

    def but(**changes: object) -> bytes:
        return json.dumps({**good, **changes}).encode()

    order = {"type": "order_placed", "order_id": "o", "lines": [{"item_id": "i"}] * 10_000}
    return {
        "invalid UTF-8": (key, b"\xff\xfe\x00\x01"),
        "five megabytes": (key, b"x" * 5_000_000),
        "deep JSON": (key, b"[" * 60_000),
        "not a number": (key, encode(story.add("bread", price_minor=1)).replace(b":1,", b":NaN,")),
        "null key": (None, but()),
        "null value": (key, None),
        "wrong type": (key, but(item_id=7)),
        "unknown version": (key, but(schema_version=99)),
        "microseconds": (key, but(occurred_at_ms=1_767_268_800_000_000)),
        "negative price": (key, but(price_minor=-5)),
        "endless order": (key, but(**order)),
        "forged receipt": (key, but(type="prompt_shown", receipt="Zm9yZ2Vk", event_id="f")),
    }


def test_bad_input_becomes_dead_letters_and_the_rest_goes_on(
    storefront: Storefront, now_ms: int
) -> None:
    """A good event before, between and after the bad ones: all are learned and answered."""
    past = Story("past", start_ms=now_ms)
    storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    bad, story = bad_records(Story("mallory", start_ms=now_ms)), Story("ann", start_ms=now_ms)
    asked = []
    for key, value in bad.values():
        storefront.send_raw(key, value, [("sent-by", b"a test")])
        asked.append(story.view("bread"))
        storefront.send(asked[-1])
    for event in asked:
        storefront.answer_to(event)

    def all_there() -> bool:
        return len(storefront.dead_letters()) >= len(bad)

    assert storefront.wait_for(all_there, "dead letter for each bad record")
    letters = {(letter.key, letter.value) for letter in storefront.dead_letters()}
    if storefront.settings.kafka_api_version:  # the embedded broker takes a megabyte at the most
        cut = next(value for _, value in letters if value and len(value) > 500_000)
        assert bad["five megabytes"][1].startswith(cut)  # type: ignore[union-attr]
        bad["five megabytes"] = (b"mallory", cut)
    assert set(bad.values()) == letters
    for letter in storefront.dead_letters():
        headers = dict(letter.headers)
        assert b"a test" == headers["sent-by"]
        assert headers["__connect.errors.exception.message"]
        assert storefront.settings.topics.events.encode() == headers["__connect.errors.topic"]
