"""A worker's log says where its page is, and what events say in vain."""

import json
import re
import urllib.request

from tests.scenarios.storefront import Storefront
from tests.stories import Story


def test_the_log_has_the_address_of_the_page_and_words_nobody_listed(
    storefront: Storefront, now_ms: int
) -> None:
    """The words once each, however many events bring them; the page counts them."""
    past = Story("past", start_ms=now_ms)
    storefront.send(past.add("bread"), past.add("butter"))
    story = Story("ann", start_ms=now_ms, segment="vip", locale="it-IT")
    asked = [story.view("bread"), story.view("bread")]
    storefront.send(*asked)
    prompts = [storefront.answer_to(event) for event in asked]
    log = storefront.worker.said()
    found = re.search(r"page: (http://127\.0\.0\.1:\d+)/state", log)

    assert ["product_page/new"] * 2 == [prompt.context for prompt in prompts]
    assert (1, 1) == (log.count("segment 'vip' is not listed"), log.count("language 'it'"))
    assert found is not None
    with urllib.request.urlopen(f"{found[1]}/state", timeout=10) as page:  # noqa: S310
        telemetry = json.load(page)["telemetry"]
    assert {"vip": 2} == telemetry["unlisted_segments"]
    assert {"it": 2} == telemetry["languages_without_texts"]
