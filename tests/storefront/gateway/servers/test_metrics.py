"""What a gateway counts, as Prometheus reads it."""

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as parsed

from streams.storefront.gateway.gateway import GatewayTraffic
from streams.storefront.gateway.servers.metrics import StatusCount
from tests.storefront.gateway.shopfront import KEY, SHOP, Shopfront, add
from tests.storefront.intake.samples import BREAD, track

HANDBOOK = (Path(__file__).parents[4] / "docs" / "operations.md").read_text()
Series = dict[tuple[str, ...], float]


async def scraped(front: Shopfront) -> Series:
    """Every sample of the page: name and values of labels."""
    answer = await front.http.get("/metrics")
    assert 200 == answer.status_code
    return {
        (one.name, *one.labels.values()): one.value
        for family in parsed(answer.text)
        for one in family.samples
    }


async def test_events_are_counted_by_format_and_result(front: Shopfront) -> None:
    """When Kafka has them; what it did not take is counted as refused."""
    token = await front.token("ann")
    before = await scraped(front)
    await front.post([add("e1"), add("e2"), 7], token)
    for event in ("Product Added", "Product List Viewed"):
        await front.post(track(event, BREAD | {"price": None}), token, "?source=segment")
    front.bus.away = "no broker"
    await front.post(add("e3"), token)
    after = await scraped(front)

    def came(*series: str) -> float:
        return after[series] - before.get(series, 0.0)

    events = "goeswith_gateway_events_total"
    assert (2, 1) == (came(events, "goeswith", "accepted"), came(events, "goeswith", "rejected"))
    assert (1, 1) == (came(events, "segment", "accepted"), came(events, "segment", "ignored"))
    assert 2 == came("goeswith_gateway_acknowledged_seconds_count")
    assert 2 == came("goeswith_gateway_acknowledged_seconds_bucket", "+Inf")
    assert 1 == after["goeswith_gateway_refusals_total", "kafka_away"]
    assert (1, 0) == (before["goeswith_gateway_ready",], after["goeswith_gateway_ready",])


async def test_requests_are_counted_by_status_and_refusals_by_reason(front: Shopfront) -> None:
    """Those of foreign pages, too; and what failed in us."""
    token = await front.token("ann")
    await front.post(add("e1"), token, headers={"origin": "https://evil.example"})
    await front.post(add("e1"), "made.up.token", headers={"origin": SHOP})
    await front.http.get("/v1/nowhere")
    await front.post({**add("e1"), "session_id": "ann"}, KEY)
    series = await scraped(front)

    def told(name: str) -> dict[str, float]:
        family = f"goeswith_gateway_{name}_total"
        return {labels[1]: value for labels, value in series.items() if labels[0] == family}

    assert {"origin": 1, "token_invalid": 1, "not_found": 1} == told("refusals")
    assert {"201": 1, "200": 1, "401": 1, "403": 1, "404": 1} == told("requests")


async def test_streams_and_prompts_are_told(front: Shopfront) -> None:
    """How many are open, of how many; and what became of the records that are followed."""
    token = await front.token("ann")
    async with front.reading(token) as reader:
        await front.post(add("e1"), token)
        await reader.comes_to(lambda: reader.prompts)
        await front.post(add("e2", session_id="bob"), KEY)
        series = await scraped(front)

        assert 1 == series["goeswith_gateway_streams",]
        assert 10_000 == series["goeswith_gateway_streams_limit",]
        assert (1, 1) == tuple(
            series["goeswith_gateway_prompt_records_total", result]
            for result in ("handed", "dropped")
        )
    assert 0 == (await scraped(front))["goeswith_gateway_streams",]


async def test_what_is_kept_of_the_catalogue_is_told(front: Shopfront) -> None:
    """Items, bytes, and what was refused, with the reason."""
    front.bus.bring_item(b"jam", b'{"item_id": "jam", "titles": {"en": "Jam"}}')
    front.bus.bring_item(b"tea", b"{")
    series = await scraped(front)

    assert 1 == series["goeswith_gateway_catalog_items",]
    assert front.gateway.shelf.bytes == series["goeswith_gateway_catalog_bytes",] > 0
    assert 1 == series["goeswith_gateway_catalog_refused_total", "invalid_json"]


async def test_what_fails_in_us_is_counted() -> None:
    """As the 500 that it becomes."""

    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    async def nobody(*_: Any) -> Any:
        raise AssertionError

    traffic = GatewayTraffic()
    with pytest.raises(ZeroDivisionError):
        await StatusCount(broken, traffic)({"type": "http"}, nobody, nobody)
    assert {"500": 1} == traffic.requests


async def test_the_page_is_openmetrics_for_who_asks(front: Shopfront) -> None:
    """And each family is told in docs/operations.md, where there is none besides."""
    answer = await front.http.get(
        "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
    )
    families = {family.name for family in open_metrics(answer.text)}  # type: ignore[no-untyped-call]
    ours = {name for name in families if name.startswith("goeswith_")}
    told = set(re.findall(r"`(goeswith_gateway_\w+?)(?:_total)?`", HANDBOOK))

    assert "process_cpu_seconds" in families
    assert ours == told
