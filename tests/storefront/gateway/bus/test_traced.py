"""A gateway that traces: from a request to its events, and from a prompt to who waits for it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from streams.contract.errors import KafkaUnreachable
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.gateway.bus.memory_bus import MemoryBus
from streams.storefront.gateway.bus.traced import TracedBus, handing_over
from tests.clients.tracing.kept_spans import KeptSpans, parent_of, traceparent
from tests.clients.tracing.test_trace_context import SAMPLED, SPAN, TRACE, UNSAMPLED
from tests.stand_ins import Record
from tests.storefront.gateway.shopfront import KEY, Shopfront, bearer, offers_butter

NOON_MS = 1_767_268_800_000
ADDED = {
    "type": "item_added",
    "session_id": "session-7",
    "event_id": "e1",
    "item_id": "bread",
    "quantity": 1,
}


class Traced:
    """A gateway that traces, and its spans."""

    def __init__(self, share: float = 0.0) -> None:
        self.kept = KeptSpans(share)
        self.front = Shopfront(offers_butter, tracing=self.kept.tracing)

    def said(self) -> list[dict[str, bytes]]:
        """The headers of the records that the bus has."""
        return [dict(record.headers) for record in self.front.bus.records]


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    """One that begins no trace by itself."""
    gateway = Traced()
    yield gateway
    await gateway.front.http.aclose()


async def test_who_asks_with_the_key_is_followed_into_kafka(traced: Traced) -> None:
    """The sender's span, the request's below it, Kafka's below that; the records go on."""
    headers = {"traceparent": SAMPLED.decode(), "tracestate": "bakery=oven-7"}
    answer = await traced.front.post([ADDED, ADDED | {"event_id": "e2"}], KEY, headers=headers)
    post, send = traced.kept.named("POST"), traced.kept.named("send")
    own = {"traceparent": traceparent(send), "tracestate": b"bakery=oven-7"}

    assert 200 == answer.status_code
    assert SPAN == parent_of(post)
    assert traceparent(post).decode().split("-")[2] == parent_of(send)
    assert TRACE in traceparent(send).decode()
    assert [own, own] == traced.said()
    assert ("/v1/events", 200) == (
        (post.attributes or {})["http.route"],
        (post.attributes or {})["http.response.status_code"],
    )


async def test_what_a_key_says_is_not_sampled_is_handed_on_as_it_is(traced: Traced) -> None:
    """Whoever looks for the trace finds its id on the prompt, too."""
    await traced.front.post([ADDED], KEY, headers={"traceparent": UNSAMPLED.decode()})

    assert [] == traced.kept.spans
    assert [{"traceparent": UNSAMPLED}] == traced.said()


@pytest.mark.parametrize(("share", "traces"), [(0.0, 0), (1.0, 1)], ids=["none", "all"])
async def test_a_page_is_not_believed_what_it_says_of_a_trace(share: float, traces: int) -> None:
    """Any page could have all of its requests kept: it is drawn, and begins a trace of its own."""
    traced = Traced(share)
    token = await traced.front.token()
    before = len(traced.kept.spans)
    await traced.front.post([ADDED], token, headers={"traceparent": SAMPLED.decode()})
    sent = [span for span in traced.kept.spans[before:] if span.name == "send"]

    assert traces == len(sent)
    assert TRACE not in traced.kept.told()
    (said,) = traced.said()
    assert traces == int(said["traceparent"][-2:], 16) & 1
    await traced.front.http.aclose()


async def test_no_span_holds_a_token_an_address_or_a_shopper() -> None:
    """A token may be in the address where no header can be set."""
    traced = Traced(share=1.0)
    token = await traced.front.token(shopper_id="shopper-19")
    await traced.front.http.post(f"/v1/events?token={token}", json=[ADDED])
    told = traced.kept.told()

    assert ["bread"] == [event.item_id for event in traced.front.bus.events]  # type: ignore[union-attr]
    assert "/v1/events" in told
    for secret in (token, token[:20], "session-7", "shopper-19", KEY, "bread", "gateway.example"):
        assert secret not in told
    await traced.front.http.aclose()


async def test_a_request_that_kafka_did_not_take_ends_its_spans_as_a_failure(
    traced: Traced,
) -> None:
    """503, and what was told of it."""
    traced.front.bus.away = "Kafka is away"
    answer = await traced.front.post([ADDED], KEY, headers={"traceparent": SAMPLED.decode()})

    assert 503 == answer.status_code
    assert "503" == (traced.kept.named("POST").attributes or {})["error.type"]
    assert traced.kept.named("send").end_time


async def test_a_request_leaves_nothing_to_the_next_one(traced: Traced) -> None:
    """It is a trace of its own; and drawn once, here: who reads it is told that it is not kept."""
    await traced.front.post([ADDED], KEY, headers={"traceparent": SAMPLED.decode()})
    await traced.front.http.post("/v1/events", json=[ADDED], headers=bearer(KEY))
    first, second = (headers["traceparent"] for headers in traced.said())

    assert TRACE in first.decode()
    assert TRACE not in second.decode()
    assert [b"01", b"00"] == [first[-2:], second[-2:]]


async def test_a_bus_that_traces_is_the_bus_beneath_it() -> None:
    """What it is asked, that one answers."""
    beneath, came = MemoryBus(), list[object]()
    bus = TracedBus(beneath, KeptSpans().tracing)
    bus.follow(lambda *record: came.append(record))
    bus.follow_catalog(lambda *record: came.append(record), lambda: came.append("forgotten"))
    await bus.start()
    beneath.bring(b"session-7", b"prompt")
    beneath.bring_item(b"bread", b"item")
    beneath.away = "away"

    assert [(b"session-7", b"prompt"), (b"bread", b"item")] == came
    assert "away" == await bus.trouble()
    with pytest.raises(KafkaUnreachable, match="away"):
        await bus.send([EventRecord(b"session-7", b"{}")])
    await bus.stop()


def test_a_prompt_that_somebody_here_waits_for_is_handed_over_in_its_trace() -> None:
    """From its append on; of what is for others nothing is told, nor of what is not sampled."""
    kept, came = KeptSpans(), list[bytes | None]()
    hand_over = handing_over(kept.tracing, lambda: (NOON_MS + 7) * 1_000_000)

    def receive(key: bytes | None, value: bytes | None) -> bool:
        came.append(value)
        return key == b"ours"

    ours = Record(0, b"1", b"ours", NOON_MS, headers=[("traceparent", SAMPLED)])
    hand_over(receive, ours)
    hand_over(receive, replace(ours, key=b"theirs", value=b"2"))
    hand_over(receive, replace(ours, value=b"3", headers=[("traceparent", UNSAMPLED)]))
    hand_over(receive, replace(ours, value=b"4", headers=[]))
    span = kept.named("hand_over")

    assert [b"1", b"2", b"3", b"4"] == came
    assert (SPAN, 7_000_000) == (parent_of(span), (span.end_time or 0) - (span.start_time or 0))


async def test_a_mailbox_says_whether_somebody_here_waits() -> None:
    """By which a span is told, or not."""
    traced = Traced()
    mailboxes = traced.front.gateway.mailboxes
    await traced.front.post([ADDED], await traced.front.token())
    (prompt,) = offers_butter(traced.front.bus.events[0])

    assert mailboxes.receive(b"session-7", prompt.to_json()) is True
    assert mailboxes.receive(b"session-8", prompt.to_json()) is False
    assert mailboxes.receive(b"session-7", b"bread") is False
    await traced.front.http.aclose()
