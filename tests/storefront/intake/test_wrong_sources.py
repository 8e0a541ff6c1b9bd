"""Records that are sent under the name of another source: refused, where nothing comes of them."""

import json
from itertools import permutations

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.storefront.intake.values.senders import MARKS, sender_of
from tests.storefront.gateway.batches.test_foreign import post
from tests.storefront.gateway.shopfront import KEY, Shopfront, says_nothing
from tests.storefront.intake.samples import (
    ORDER,
    SAMPLES,
    cloud_event,
    export_row,
    hit,
    protocol,
    tea,
    track,
    woo_order,
)
from tests.storefront.intake.test_cases import read

OF = {
    "ga4": protocol(hit("view_item", items=[tea()])),
    "segment": track("Order Completed", ORDER),
    "cloudevents": cloud_event("item_viewed", {"item_id": "tea"}),
    "woocommerce": woo_order(),
}


@pytest.mark.parametrize(("sent", "named"), [*permutations(OF, 2)])
def test_a_record_of_another_source_is_rejected_and_not_ignored(sent: str, named: str) -> None:
    """Whatever two sources are mistaken for each other."""
    became = read(named, OF[sent])

    assert () == became.events
    assert became.rejections
    assert {one.reason for one in became.rejections} & {"wrong_source", "invalid_body"}


def test_batches_and_lists_of_another_source_are_rejected() -> None:
    """They say nothing about themselves."""
    several = {"batch": [OF["segment"]]}

    assert "wrong_source" in {one.reason for one in read("ga4", several).rejections}
    assert "wrong_source" in {one.reason for one in read("ga4", [OF["segment"]]).rejections}
    assert "wrong_source" in {one.reason for one in read("segment", export_row()).rejections}


@pytest.mark.parametrize("source", [*MARKS, "segment"])
def test_no_sample_of_a_source_looks_like_another_ones(source: str) -> None:
    """What is of no use in it is ignored, as before."""
    for sample in SAMPLES[source]:
        if sample.body[:1] == b"{":
            assert sender_of(json.loads(sample.body)) in (source, None)


def test_what_is_of_no_use_stays_ignored() -> None:
    """It is of its source, or may be."""
    for source, body in (
        ("ga4", {"event": "gtm.click", "userId": "ann"}),
        ("ga4", protocol(hit("page_view"))),
        ("segment", {"type": "identify", "userId": "ann"}),
    ):
        became = read(source, body)
        assert ((), 1) == (became.rejections, sum(became.ignored.values()))


def test_the_command_fails_for_another_source() -> None:
    """And says which one it is."""
    line = json.dumps(OF["segment"])
    result = CliRunner().invoke(goeswith, ["intake", "ga4", "-"], input=line)

    assert 1 == result.exit_code
    assert "wrong_source: it is of segment, and was sent as ga4" in result.stderr


async def test_the_gateway_refuses_another_source() -> None:
    """By what is sent, and by the content type."""
    front = Shopfront(says_nothing)
    by_body = await post(front, OF["segment"], KEY, "ga4")
    kind = "application/cloudevents+json"
    by_type = await post(front, OF["ga4"], KEY, "ga4", content_type=kind)

    assert (422, "wrong_source") == (by_body.status_code, by_body.json()["reason"])
    assert (422, "wrong_source") == (by_type.status_code, by_type.json()["reason"])
    assert "cloudevents" in by_type.json()["message"]


def test_an_envelope_of_eventbridge_is_told_as_one() -> None:
    """Shopify sends webhooks so, too."""
    detail = {"payload": {"id": 7}, "metadata": {"X-Shopify-Topic": "orders/create"}}
    (wrong,) = read("shopify", {"detail-type": "shopifyWebhook", "detail": detail}).rejections

    assert "invalid_body" == wrong.reason
    assert "detail.payload" in wrong.message
