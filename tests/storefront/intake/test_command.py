"""`goeswith intake`: lines of records in, lines of events out, and what was left out."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith
from streams.storefront.intake.values.identifiers import session_name
from tests.storefront.intake.samples import (
    BREAD,
    MUG,
    NOON_MS,
    ROW,
    enriched_line,
    hit,
    protocol,
    shop_order,
    tea,
    track,
)


def typed(*words: str, lines: list[bytes], **environment: str) -> Result:
    """What the command answers to these lines on standard input."""
    runner = CliRunner(env={f"GOESWITH_{name}": value for name, value in environment.items()})
    return runner.invoke(goeswith, ["intake", *words], input=b"\n".join(lines))


def line(said: Any) -> bytes:
    """A record on a line."""
    return json.dumps(said).encode()


def events(result: Result) -> list[dict[str, Any]]:
    """The events that were printed."""
    return [json.loads(text) for text in result.stdout.splitlines()]


def test_records_become_events_and_the_counts_are_told_beside_them() -> None:
    """A pipe gets events, and nothing else."""
    body = protocol(hit("view_item", items=[tea()]), hit("page_view"))
    result = typed("ga4", lines=[line(body), b"", line(body | {"client_id": "3.4"})])

    assert [event["session_id"] for event in events(result)] == [
        session_name("11.22.77"),
        session_name("3.4.77"),
    ]
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "2 records: 2 events, 0 rejections",
        "  events: 2 item_viewed",
        "  ignored: 2 page_view",
    ]


def test_what_is_left_out_is_told_with_its_line() -> None:
    """And the exit code says that there was some."""
    bad = protocol(hit("add_to_cart", items=[{}, tea()]))
    result = typed("ga4", lines=[b"\xef\xbb\xbf" + line(bad), b"{", line(bad)])

    assert result.exit_code == 1
    assert len(events(result)) == 2
    assert result.stderr.splitlines()[:3] == [
        "line 1, events.0.items.0: no_item_id: it has none of item_id",
        "line 2: invalid_json: it is no JSON",
        "line 3, events.0.items.0: no_item_id: it has none of item_id",
    ]


def test_rejections_are_bounded_and_all_are_counted() -> None:
    """As JSON lines, the last of which has the counts."""
    result = typed("segment", "--json", "--max", "2", lines=[b"{"] * 5)
    told = [json.loads(text) for text in result.stderr.splitlines()]

    assert [one.get("line") for one in told] == [1, 2, None]
    assert told[-1]["rejections"] == {"invalid_json": 5}
    assert told[0] | {"message": ""} == {
        "line": 1,
        "place": "",
        "reason": "invalid_json",
        "message": "",
    }


def test_names_of_what_is_ignored_are_bounded() -> None:
    """They are the sender's: nobody fills a memory with them."""
    result = typed("segment", "--json", lines=[line(track(f"Event {n}", {})) for n in range(30)])
    ignored = json.loads(result.stderr)["ignored"]

    assert len(ignored) == 21
    assert ignored["(others)"] == 10


def test_a_whole_file_of_json_gets_a_hint() -> None:
    """Spread over lines it is none on any of them."""
    spread = json.dumps(shop_order(), indent=1).encode().splitlines()
    result = typed("shopify", lines=[one for one in spread if not one.strip().isalnum()])

    assert "jq -c" in typed("shopify", lines=[b"{", b'"id": 1001']).stderr
    assert result.exit_code == 1


def test_lines_of_tabs_keep_their_empty_fields() -> None:
    """The first field of an enriched event may be empty."""
    result = typed("snowplow", lines=[enriched_line("product_view", [MUG]) + b"\r"])

    assert [event["item_id"] for event in events(result)] == ["mug"]


def test_rows_of_csv_are_read_below_their_header() -> None:
    """Quoted or not; a row that ends early is a row without its last cells."""
    header, row = ",".join(ROW).encode(), ",".join(f'"{cell}"' for cell in ROW.values()).encode()
    result = typed("rees46", lines=[header, row, b"2026-01-01,view", b'"'], INTAKE_CURRENCY="USD")

    assert [event["price_minor"] for event in events(result)] == [3579]
    assert "line 3, row: no_item_id" in result.stderr


def test_a_record_may_stand_in_a_line_of_a_consumer() -> None:
    """With the time at which the broker got it, for what has none of its own."""
    said = track("Checkout Started", {}, originalTimestamp=None, sentAt=None)
    result = typed(
        "segment", lines=[line({"key": "k", "payload": json.dumps(said), "ts": NOON_MS})]
    )

    assert [event["occurred_at_ms"] for event in events(result)] == [NOON_MS]


def test_a_file_does_not_pass_on_when_its_records_were_sent() -> None:
    """A broker that gets them a year later would take the year for a wrong clock."""
    said = track("Checkout Started", {}, sentAt=NOON_MS + 7000)
    record = {"key": "k", "payload": json.dumps(said), "ts": NOON_MS + 9000}
    alone, recorded = events(typed("segment", lines=[line(said), line(record)]))

    assert "sent_at_ms" not in alone | recorded
    assert (alone["occurred_at_ms"], recorded["occurred_at_ms"]) == (NOON_MS, NOON_MS + 2000)


def test_headers_are_those_of_all_lines() -> None:
    """A topic of Shopify's, such as one that is of no use."""
    body = line(shop_order())
    topic = ("--header", "X-Shopify-Topic: products/update")

    assert "ignored: 1 products/update" in typed("shopify", *topic, lines=[body]).stderr
    assert typed("shopify", "--header", "no colon", lines=[body]).exit_code == 2


def test_signatures_are_not_looked_at() -> None:
    """A line is not the body that was signed; a secret in the environment changes nothing."""
    result = typed("shopify", lines=[line(shop_order())], SHOPIFY_SECRET="hush")  # noqa: S106

    assert [event["type"] for event in events(result)] == ["order_placed"]


def test_lines_with_keys_are_for_a_producer() -> None:
    """`kcat -P -K` and the console producer read the key before a tab."""
    result = typed("segment", "--keyed", lines=[line(track("Product Added", BREAD))])
    key, tab, event = result.stdout.partition("\t")

    named = session_name("browser-1")
    assert (key, tab, json.loads(event)["session_id"]) == (named, "\t", named)


@pytest.mark.parametrize("words", [("ga5",), ()])
def test_an_unknown_source_is_answered_with_those_there_are(words: tuple[str, ...]) -> None:
    """In one clear line."""
    result = typed(*words, lines=[])

    assert result.exit_code == 2
    assert "ga4" in result.stderr or "SOURCE" in result.stderr


def test_lines_that_are_alike_are_told_apart_by_when_their_broker_got_them() -> None:
    """As `kcat -J` prints it; in a plain file, which knows no time, they are one."""
    added = json.dumps(["event", "begin_checkout", {"client_id": "1.2"}])
    logged = [line({"key": None, "payload": added, "ts": NOON_MS + ms}) for ms in (0, 1)]

    assert len({event["event_id"] for event in events(typed("ga4", lines=logged))}) == 2
    assert (
        len({event["event_id"] for event in events(typed("ga4", lines=[added.encode()] * 2))}) == 1
    )
