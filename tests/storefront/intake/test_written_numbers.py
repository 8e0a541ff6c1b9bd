"""Ids that are sent as numbers of JSON: they keep their digits, or are none."""

import json

import pytest

from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.counts import Counts
from streams.storefront.intake.drafts import Intake
from streams.storefront.intake.raw_topic import RawTopic
from tests.storefront.intake.samples import NOON_MS, hit, protocol, track
from tests.storefront.intake.test_cases import only
from tests.storefront.intake.test_raw_topic import Record

CLIENT = "1234567890.1793527000"
"""As GA4's cookie has it: a number, and a time in seconds behind a point."""


def became(source: str, body: object, **numbers: str) -> Intake:
    """What becomes of a body in which these texts stand as numbers, as they are written here."""
    return adapters()[source].read(written(body, **numbers), {}, Settings())


def written(body: object, **numbers: str) -> bytes:
    """The body with a number in place of each name."""
    said = json.dumps(body)
    for name, number in numbers.items():
        said = said.replace(f'"{name}"', number)
    return said.encode()


def viewed(**changes: object) -> object:
    """An item that is looked at, in GA4."""
    return protocol(hit("view_item", items=[{"item_id": "tea"} | changes]), client_id="CLIENT")


def test_a_browser_whose_number_ends_in_zeros_keeps_them() -> None:
    """Without them it would be another browser, and another session."""
    as_number, as_text = (
        only(became("ga4", viewed(), CLIENT=said)) for said in (CLIENT, f'"{CLIENT}"')
    )

    assert CLIENT == as_number.visitor_id
    assert (as_text.visitor_id, as_text.session_id) == (as_number.visitor_id, as_number.session_id)


def test_a_raw_topic_keeps_the_digits_of_a_browser() -> None:
    """It is read by the same rules."""
    raw = RawTopic(adapters()["ga4"], Settings(), Counts(), 1)
    (sent,) = raw.outgoing(Record(written(viewed(), CLIENT=CLIENT), timestamp=NOON_MS))

    assert sent.value is not None
    assert CLIENT == json.loads(sent.value)["visitor_id"]


@pytest.mark.parametrize(
    ("number", "item_id"),
    [
        ("9007199254740993.0", "9007199254740993"),
        ("9007199254740993", "9007199254740993"),
        ("12345678901234567890.5", "12345678901234567890.5"),
        ("44600062.0", "44600062"),
        ("1.10", "1.10"),
        ("4.46e7", "44600000"),
        ("-0.0", "0"),
    ],
)
def test_an_item_whose_id_is_a_number_is_that_item(number: str, item_id: str) -> None:
    """Whole numbers beyond 2**53 are, too; one is the same with a point and without."""
    event = only(became("segment", track("Product Viewed", {"product_id": "ID"}), ID=number))

    assert item_id == event.model_dump()["item_id"]


@pytest.mark.parametrize("number", ["1e400", "1e-999999999999999999999", f"0.{'1' * 5_000}"])
def test_a_number_that_nobody_can_read_is_no_id(number: str) -> None:
    """It is told, and is no other id."""
    left = became("segment", track("Product Viewed", {"product_id": "ID"}), ID=number)

    assert ((), ["no_item_id"]) == (left.events, [one.reason for one in left.rejections])


def test_an_event_has_the_same_id_however_its_price_is_written() -> None:
    """Ids that are made of what was sent do not change by how digits are kept."""
    sent = [became("ga4", viewed(price="P"), CLIENT="7", P=said) for said in ("2.50", "2.5")]

    assert only(sent[0]).event_id == only(sent[1]).event_id
