"""Events in: taken when they are kept, each judged for itself, whosever they are."""

import json
import time
from typing import Any

import pytest

from streams.contract.events import (
    ItemAdded,
    ItemViewed,
    OrderCancelled,
    OrderPlaced,
    decode,
    encode,
)
from streams.contract.schemas.examples import EXAMPLES
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from tests.storefront.gateway.shopfront import (
    KEY,
    NOON_S,
    SHOP,
    Shopfront,
    add,
    bearer,
    offers_butter,
    prompt_for,
    says_nothing,
    withdrawn,
)


async def test_a_list_of_events_is_judged_one_by_one(front: Shopfront) -> None:
    """What is no event keeps no other one out, and is told by its place, with the reason."""
    token = await front.token()
    said = [add("e1"), {**add("e2"), "item_id": ""}, 7, {"type": "itemAdded"}, add("e5")]
    answer = (await front.post(said, token)).json()

    assert (2, 3) == (answer["accepted"], answer["rejected"])
    assert ["accepted", "rejected", "rejected", "rejected", "accepted"] == [
        result["status"] for result in answer["results"]
    ]
    assert [0, 1, 2, 3, 4] == [result["index"] for result in answer["results"]]
    assert "item_id" in answer["results"][1]["message"]
    assert ["did you mean `item_added`?"] == answer["results"][3]["hints"]
    assert ["e1", "e5"] == [event.event_id for event in front.bus.events]


async def test_half_a_character_costs_its_own_event_at_most(front: Shopfront) -> None:
    """An emoji that a page has cut: in a field that we do not know nothing, in an id its event."""
    cut = {**add("e2"), "title": "cut \ud83c", "category": "Toys \ud83c"}
    said = [add("e1"), cut, add("e3\ud83c"), {**add("e4"), "item_id": "\udf81"}, add("e5")]
    body = json.dumps(said).encode()
    answer = await front.http.post("/v1/events", content=body, headers=bearer(await front.token()))

    results = answer.json()["results"]
    assert [None, None, "invalid_event", "invalid_event", None] == [
        result["reason"] if result["status"] == "rejected" else None for result in results
    ]
    assert ["e1", "e2", "e3?", "e4", "e5"] == [result["event_id"] for result in results]
    assert ["e1", "e2", "e5"] == [event.event_id for event in front.bus.events]
    assert [None] * 3 == [event.model_dump()["category"] for event in front.bus.events]


async def test_a_slash_behind_an_address_is_another_address(front: Shopfront) -> None:
    """It is not sent on: the address to go to would repeat the token."""
    token = await front.token()
    answer = await front.http.post("/v1/events/", params={"token": token}, json=[add("e1")])

    assert (404, "not_found") == (answer.status_code, answer.json()["reason"])
    assert token not in str(answer.headers)


@pytest.mark.parametrize("wrong", ["NaN", "[" * 5_000, "{"])
async def test_a_body_that_is_no_json_stays_none_beside_half_a_character(
    front: Shopfront, wrong: str
) -> None:
    """It is refused as it is without."""
    body = f'[{{"title": "cut \\ud83c"}}, {wrong}]'
    answer = await front.http.post("/v1/events", content=body, headers=bearer(await front.token()))

    assert (400, "invalid_json") == (answer.status_code, answer.json()["reason"])


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 5_000])
@pytest.mark.parametrize("note", ["plain", "cut \ud83c"])
async def test_a_number_beyond_all_floats_costs_its_own_event(
    front: Shopfront, number: str, note: str
) -> None:
    """The field is named, and the others are taken; with half a character in one of them, too."""
    wrong = json.dumps(add("e2", price_minor="N")).replace('"N"', number)
    body = f"[{json.dumps(add('e1', note=note))}, {wrong}, {number}]"
    answer = await front.http.post("/v1/events", content=body, headers=bearer(await front.token()))

    results = answer.json()["results"]
    assert ["accepted", "rejected", "rejected"] == [result["status"] for result in results]
    assert ["e1", "e2", None] == [result.get("event_id") for result in results]
    assert "price_minor: a number beyond all floats" == results[1]["message"]
    assert ["e1"] == [event.event_id for event in front.bus.events]


@pytest.mark.parametrize("number", ["123456789012345678901234", "-9223372036854775809", "1e300"])
async def test_a_large_number_is_taken_beside_half_a_character_as_alone(
    front: Shopfront, number: str
) -> None:
    """In a field that we do not know."""
    headers = bearer(await front.token())
    large = json.dumps(add("e2", ean=0)).replace('"ean": 0', f'"ean": {number}')
    cut = json.dumps(add("e1", note="\ud83c"))
    for body in (f"[{large}]", f"[{cut}, {large}]"):
        answer = await front.http.post("/v1/events", content=body.encode(), headers=headers)
        assert {"accepted"} == {result["status"] for result in answer.json()["results"]}


@pytest.mark.parametrize("who", ["s\ud83c", "s1"])
async def test_a_session_of_half_a_character_is_refused(front: Shopfront, who: str) -> None:
    """With the shop's key, which names it."""
    said = [{**add("e1", note="\ud83c"), "session_id": who, "occurred_at_ms": NOON_S * 1000}]
    answer = await front.http.post(
        "/v1/events", content=json.dumps(said).encode(), headers=bearer(KEY)
    )

    assert (422 if who != "s1" else 200) == answer.status_code


async def test_one_event_needs_no_list_and_a_beacon_no_json_type(front: Shopfront) -> None:
    """`sendBeacon` says text/plain, and has its token in the address."""
    token = await front.token()
    for number, kind in enumerate(("application/json", "text/plain;charset=UTF-8", "")):
        answer = await front.http.post(
            f"/v1/events?token={token}",
            content=b"\xef\xbb\xbf" + json.dumps(add(f"e{number}")).encode(),
            headers={"content-type": kind} if kind else {},
        )
        assert 200 == answer.status_code, answer.text
    assert 3 == len(front.bus.events)


@pytest.mark.parametrize("nothing", [{}, {"occurred_at_ms": None}, {"occurred_at_ms": ""}])
async def test_what_says_no_time_happened_now(front: Shopfront, nothing: dict[str, Any]) -> None:
    """An empty time is one that is left out."""
    said = {name: one for name, one in add("e1").items() if name != "occurred_at_ms"}
    answer = await front.post(said | nothing, await front.token())

    assert 200 == answer.status_code, answer.text
    assert [NOON_S * 1000] == [event.occurred_at_ms for event in front.bus.events]


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("nothing", [{}, {"occurred_at_ms": None}, {"occurred_at_ms": ""}])
async def test_what_says_no_time_happened_now_whatever_the_clock_of_its_device(
    front: Shopfront, nothing: dict[str, Any], hours: int
) -> None:
    """When it was sent tells how wrong the sender's clock is, and not ours, which dated it."""
    now_ms = NOON_S * 1000
    said = {name: one for name, one in add("e1").items() if name != "occurred_at_ms"}
    sent = {"sent_at_ms": now_ms + hours * 3_600_000}
    await front.post(said | nothing | sent, await front.token())
    (event,) = front.bus.events
    read = decode(b"session-7", encode(event), timestamp_ms=now_ms, settings=Settings())

    assert (now_ms, now_ms, 0) == (event.occurred_at_ms, read.occurred_at_ms, read.clock_ahead_ms)


async def test_a_session_is_the_tokens_whatever_the_body_says(front: Shopfront) -> None:
    """So are visitor and shopper; a page that does not know who is signed in does not say so."""
    named = {"session_id": "bob", "visitor_id": "bobs", "shopper_id": "bob-1"}
    token = await front.token("ann", visitor_id="anns")
    await front.post(add("e1", **named), token)
    signed_in = await front.token("ann", shopper_id="ann-1")
    await front.post(add("e2", schema_version=1, **named), signed_in)
    signed_out = await front.token("ann", shopper_id=None)
    await front.post(add("e3", **named), signed_out)

    first, second, third = front.bus.events
    assert {b"ann"} == {record.key for record in front.bus.records}
    assert ("ann", "anns", None) == (first.session_id, first.visitor_id, first.shopper_id)
    assert not first.says_who
    assert ("ann", None, "ann-1") == (second.session_id, second.visitor_id, second.shopper_id)
    assert (None, True) == (third.shopper_id, third.says_who)


async def test_a_segment_is_the_tokens(front: Shopfront) -> None:
    """A page that could name one would have the offers of others."""
    await front.post(add("e1", segment="trade"), await front.token("ann"))
    await front.post(add("e2", segment="trade"), await front.token("ann", segment="club"))

    assert [None, "club"] == [event.segment for event in front.bus.events]


async def test_a_balance_of_points_is_the_tokens(front: Shopfront) -> None:
    """A page makes up none, nor what its points would pay."""
    await front.post(add("e1", points_balance=9_000), await front.token("ann"))
    token = await front.token("ann", points_balance=80)
    await front.post(add("e2", points_balance=9_000), token)
    await front.post(add("e3"), token)

    assert [None, 80, 80] == [event.points_balance for event in front.bus.events]


@pytest.mark.parametrize(
    ("said", "read"), [(80, 80), (80.0, 80), (80.5, None), ("80", None), (10**13, None)], ids=str
)
def test_a_balance_that_is_none_costs_nobody_the_visit(said: object, read: int | None) -> None:
    """A shop's token is good for all else that it says."""
    owner = SessionOwner.model_validate_json(
        json.dumps({"session_id": "ann", "points_balance": said})
    )

    assert ("ann", read) == (owner.session_id, owner.points_balance)


async def test_a_browser_does_not_say_what_is_the_shops() -> None:
    """That orders came back, whom to forget, and what an item earns."""
    front = Shopfront(says_nothing, gateway_browser_orders=True)
    token = await front.token()
    for kind in ("order_cancelled", "order_returned", "shopper_forgotten"):
        said = EXAMPLES[kind].model_dump(mode="json", exclude_none=True)
        answer = await front.post(said, token)

        assert 422 == answer.status_code
        assert "not_from_a_browser" == answer.json()["results"][0]["reason"]
    lines = [{"item_id": "bread", "price_minor": 249, "margin_minor": 10**9}]
    order = {"type": "order_placed", "event_id": "e1", "order_id": "o1", "lines": lines}
    await front.post(order, token)

    (event,) = front.bus.events
    assert isinstance(event, OrderPlaced)
    assert (249, None) == (event.lines[0].price_minor, event.lines[0].margin_minor)


async def test_the_shops_server_is_believed(front: Shopfront) -> None:
    """With its key: any session, any event, margins too."""
    cancelled = {"type": "order_cancelled", "event_id": "e1", "session_id": "ann", "order_id": "o"}
    lines = [{"item_id": "bread", "margin_minor": 20}]
    order = {"type": "order_placed", "event_id": "e2", "session_id": "bob", "order_id": "p"}
    answer = await front.post([cancelled, {**order, "lines": lines}, add("e3")], KEY)

    assert (2, "rejected") == (answer.json()["accepted"], answer.json()["results"][2]["status"])
    first, second = front.bus.events
    assert isinstance(first, OrderCancelled)
    assert isinstance(second, OrderPlaced)
    assert [b"ann", b"bob"] == [record.key for record in front.bus.records]
    assert 20 == second.lines[0].margin_minor


async def test_an_event_is_written_in_the_fields_of_the_contract(front: Shopfront) -> None:
    """What nobody reads stays here; a time that is not said is now; ids of nobody are none."""
    token = await front.token(visitor_id="undefined")
    await front.post(add("e1", email="ann@shop.example"), token)
    sent_ms = NOON_S * 1000 - 60_000  # by a clock that is slow: set right by who reads it
    await front.post(add("e2", occurred_at_ms=sent_ms - 5, sent_at_ms=sent_ms), token)

    first, second = front.bus.events
    assert b"ann@" not in front.bus.records[0].value
    assert (NOON_S * 1000, None) == (first.occurred_at_ms, first.visitor_id)
    assert (sent_ms - 5, sent_ms) == (second.occurred_at_ms, second.sent_at_ms)


async def test_what_would_be_too_large_in_the_log_is_not_accepted() -> None:
    """The fields that are filled in count: workers would put it among the dead letters."""
    front = Shopfront(says_nothing, event_bytes_max=1024)
    lines = [{"item_id": f"i{n}"} for n in range(40)]
    order = {"type": "order_placed", "event_id": "e1", "order_id": "o1", "lines": lines}
    assert len(json.dumps(order)) < 1000
    answer = await front.post({**order, "session_id": "ann"}, KEY)

    assert (422, "oversize") == (answer.status_code, answer.json()["results"][0].get("reason"))
    assert [] == front.bus.records
    assert 200 == (await front.post({**add("e2"), "session_id": "ann"}, KEY)).status_code


async def test_nothing_is_accepted_while_kafka_is_away(front: Shopfront) -> None:
    """503, when to try again, and nothing of where Kafka is; then all of it is taken."""
    token = await front.token()
    front.bus.away = "no broker at kafka.internal:9092"
    answer = await front.post([add("e1"), add("e2")], token)

    assert (503, "2") == (answer.status_code, answer.headers["retry-after"])
    assert "kafka_away" == answer.json()["reason"]
    assert "internal" not in answer.text
    assert 503 == (await front.http.get("/readyz")).status_code

    front.bus.away = ""
    answer = await front.post([add("e1"), add("e2")], token)
    assert (200, 2) == (answer.status_code, answer.json()["accepted"])
    assert 200 == (await front.http.get("/readyz")).status_code


async def test_who_waits_gets_the_prompt_that_the_event_caused() -> None:
    """One call: event in, prompt out, long before the time is over."""
    front = Shopfront(offers_butter, gateway_wait_ms_max=30_000)
    token = await front.token()
    began = time.monotonic()
    answer = (await front.post(add("e1"), token, "?wait_ms=30000")).json()

    assert time.monotonic() - began < 15
    assert ["e1"] == [prompt["caused_by"] for prompt in answer["prompts"]]
    assert "arm" not in answer["prompts"][0]
    assert [] == (await front.post(add("e2"), token)).json()["prompts"]


async def test_who_waits_gets_no_other_prompts() -> None:
    """Neither earlier ones, nor one that was withdrawn, nor another session's; and not for ever."""

    def answers(event: Any) -> Any:
        prompt = prompt_for(event)
        yield prompt
        if isinstance(event, ItemViewed):
            yield withdrawn(prompt)
        yield prompt_for(event.model_copy(update={"session_id": "bob"}))

    front = Shopfront(answers, gateway_wait_ms_max=50)
    token = await front.token()
    await front.post(add("e1"), token)
    viewed = {"type": "item_viewed", "event_id": "e2", "item_id": "bread"}
    answer = (await front.post([viewed], token, "?wait_ms=999999")).json()
    assert [] == answer["prompts"]
    answer = (await front.post([viewed, add("e3")], token, "?wait_ms=50")).json()
    assert ["e3"] == [prompt["caused_by"] for prompt in answer["prompts"]]


async def test_who_waits_for_several_is_not_kept_by_those_without_an_answer() -> None:
    """The second is silent, as most are: the first prompt is worth more than the rest."""

    def answers(event: Any) -> Any:
        if event.event_id == "e1":
            yield prompt_for(event)

    front = Shopfront(answers, gateway_wait_ms_max=30_000)
    began = time.monotonic()
    answer = await front.post([add("e1"), add("e2")], await front.token(), "?wait_ms=30000")

    assert ["e1"] == [prompt["caused_by"] for prompt in answer.json()["prompts"]]
    assert time.monotonic() - began < 15


async def test_a_server_waits_for_the_sessions_that_it_names(front: Shopfront) -> None:
    """Each prompt once, of all of them."""
    events = [add("e1", session_id="ann"), add("e1", session_id="bob")]
    answer = (await front.post(events, KEY, "?wait_ms=2000")).json()

    assert 2 == len({prompt["prompt_id"] for prompt in answer["prompts"]})


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "invalid_json"),
        (b"", 400, "invalid_json"),
        (b"\xff\xfe{\x00}\x00", 400, "invalid_json"),
        (b"NaN", 400, "invalid_json"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, 400, "invalid_json"),
        (b"[" + b",".join([b"{}"] * 101) + b"]", 413, "too_many_events"),
        (b'"' + b"x" * 262_144 + b'"', 413, "body_too_large"),
    ],
)
async def test_a_body_that_is_no_list_of_events_is_refused(
    front: Shopfront, body: bytes, status: int, reason: str
) -> None:
    """By its status and a word; nothing is sent."""
    headers = bearer(await front.token()) | {"content-type": "application/json"}
    answer = await front.http.post("/v1/events", content=body, headers=headers)

    assert (status, reason) == (answer.status_code, answer.json()["reason"])
    assert [] == front.bus.records


@pytest.mark.parametrize(
    "said",
    [
        {**add(), "more": json.loads("[" * 500 + "]" * 500)},
        {**add(), "item_id": "x" * 70_000},
        {**add(), "event_id": "x" * 129},
        {**add(), "quantity": 10**30},
        {**add(), "occurred_at_ms": -1},
        {**add(), "schema_version": 3},
        {"type": ["item_added"]},
        {"type": "item_added", "lines": 7},
        {},
        None,
        [],
        "item_added",
    ],
)
async def test_an_event_that_is_none_is_rejected(front: Shopfront, said: Any) -> None:
    """Each with a reason, and nothing of it is sent."""
    answer = await front.post([said], await front.token())

    assert 422 == answer.status_code, answer.text
    assert answer.json()["results"][0]["reason"]
    assert [] == front.bus.records


async def test_a_body_without_its_length_is_bounded_too(front: Shopfront) -> None:
    """Chunks are counted as they come."""

    async def chunks() -> Any:
        for _ in range(1000):
            yield b" " * 1000

    headers = bearer(await front.token())
    answer = await front.http.post("/v1/events", content=chunks(), headers=headers)
    assert 413 == answer.status_code


async def test_other_content_types_are_refused(front: Shopfront) -> None:
    """A form of another page's would need no leave to be sent."""
    headers = bearer(await front.token())
    answer = await front.http.post("/v1/events", data={"type": "item_added"}, headers=headers)

    assert (415, "content_type") == (answer.status_code, answer.json()["reason"])


async def test_events_count_against_the_rate_of_a_session() -> None:
    """Each of a batch, and what is refused as one; another session goes on, and later this one."""
    front = Shopfront(says_nothing, gateway_session_rate=10)
    ann, bob = await front.token("ann"), await front.token("bob")
    assert 200 == (await front.post([add(f"e{n}") for n in range(9)], ann)).status_code
    refused = await front.post([add("e9"), add("e10")], ann)

    assert (429, "12") == (refused.status_code, refused.headers["retry-after"])
    assert 9 == len(front.bus.records)
    assert 200 == (await front.post([add("e9")], bob)).status_code
    front.now_ms += 12_000
    assert 200 == (await front.post([add("e9"), add("e10")], ann)).status_code


async def test_an_address_asks_so_often_whoever_it_is() -> None:
    """Also without a token: guessing is bounded."""
    front = Shopfront(offers_butter, gateway_address_rate=10)
    answers = [await front.post([], "made.up.token") for _ in range(12)]

    assert [401] * 10 + [429] * 2 == [answer.status_code for answer in answers]


async def test_repeats_are_taken_again(front: Shopfront) -> None:
    """Who retries must get yes for an answer; workers drop repeats by session and event id."""
    token = await front.token()
    for _ in range(2):
        assert 200 == (await front.post(add("e1"), token)).status_code
    assert [ItemAdded, ItemAdded] == [type(event) for event in front.bus.events]


async def test_pages_of_the_shop_may_ask_and_no_others(front: Shopfront) -> None:
    """A beacon of another page is not taken, though it needs no leave; nor is a key in a page."""
    token = await front.token()
    ours = await front.post(add("e1"), token, headers={"origin": SHOP})
    assert (200, SHOP) == (ours.status_code, ours.headers["access-control-allow-origin"])
    for origin in ("https://evil.example", "null", f"{SHOP}.evil.example", "https://["):
        answer = await front.post(add("e2"), token, headers={"origin": origin})
        assert (403, "origin") == (answer.status_code, answer.json()["reason"])
        assert "access-control-allow-origin" not in answer.headers
    own = await front.post(add("e3"), token, headers={"origin": "http://gateway.example"})
    assert 200 == own.status_code
    leaked = await front.post(add("e4"), KEY, headers={"origin": SHOP})
    assert (403, "key_in_a_browser") == (leaked.status_code, leaked.json()["reason"])
    assert ["e1", "e3"] == [event.event_id for event in front.bus.events]


async def test_a_browser_asks_for_leave_and_gets_it(front: Shopfront) -> None:
    """CORS, with what `fetch` sends."""
    asked = {
        "origin": SHOP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,ce-id,ce-specversion,content-type",
    }
    answer = await front.http.options("/v1/events", headers=asked)
    assert (200, SHOP) == (answer.status_code, answer.headers["access-control-allow-origin"])
    assert "access-control-allow-credentials" not in answer.headers
    asked["origin"] = "https://evil.example"
    answer = await front.http.options("/v1/events", headers=asked)
    assert (403, "origin") == (answer.status_code, answer.json()["reason"])
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]
    answer = await front.http.options(
        "/v1/events", headers=asked | {"origin": SHOP, "access-control-request-method": "PUT"}
    )
    assert (403, "preflight") == (answer.status_code, answer.json()["reason"])
    assert {"origin": 1, "preflight": 1} == front.gateway.traffic.refusals
