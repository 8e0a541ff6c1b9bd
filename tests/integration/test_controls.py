"""Controls on a real Kafka: what an operator sets is what workers decide by, within a second."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from streams.contract.published.prompts import Prompt
from streams.operations.console.access import Door
from streams.operations.console.app import create_app
from streams.operations.console.pages.experiments.controls import PATH
from streams.operations.console.watching.sources import Pollers
from tests.integration.operators import ByHand
from tests.integration.operators import send as send_by_hand
from tests.integration.test_catalog import SEEN_S_MAX, Market
from tests.integration.workers import staffed
from tests.stories import Story

WHO = ("--author", "ann", "--reason")
WORD = "not a secret, and long enough for it"


@pytest.fixture
def market(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Market]:
    """A market whose worker has learned what goes with bread."""
    with staffed(kafka, topic_prefix, tmp_path) as staff:
        found = Market(staff, tmp_path)
        found.open()
        yield found


def sets(market: Market, key: str, value: str, why: str) -> None:
    """What the operator types; then as much time goes by as a change may take."""
    typed = market.operator.types("control", "set", key, value, *WHO, why)
    assert 0 == typed.exit_code, typed.output
    time.sleep(SEEN_S_MAX)


def drawn(market: Market, name: str, times: int = 12) -> list[Prompt]:
    """The prompts that so many shoppers get who look at bread now."""
    now_ms = int(time.time() * 1000)
    asked = [Story(f"{name}-{n}", start_ms=now_ms).view("bread") for n in range(times)]
    market.tell(asked)
    market.staff.until_answered()
    caused = {one.event_id for one in asked}
    return [one for one in market.staff.prompts() if one.caused_by in caused]


def silences(market: Market) -> dict[str, int]:
    """How often the worker said nothing, by reason."""
    told: dict[str, int] = market.telemetry()["silences"]
    return told


def test_what_is_set_decides_within_a_second_and_outlives_the_worker(market: Market) -> None:
    """An arm off, a pause, a ramp; the audit trail; a restart; a tombstone; and a slip."""
    before = drawn(market, "before")
    arms = {one.arm for one in before}
    assert {"bought_together", "popular"} <= {arm for one in before for arm in one.propensities}

    sets(market, "arms.popular.state", "off", "it sells too little")
    assert not any("popular" in one.propensities for one in drawn(market, "off"))

    sets(market, "prompts.paused", "true", "prices are wrong")
    assert [] == drawn(market, "paused")
    assert 12 == silences(market)["paused"]

    assert 0 == market.staff.workers["ann"].stop()
    market.staff.start("ann")
    market.staff.until_at_work("ann")
    assert [] == drawn(market, "restarted")

    for key in ("prompts.paused", "arms.popular.state"):
        send_by_hand(market.settings, market.topics.control, [ByHand(key.encode(), None)])
    time.sleep(SEEN_S_MAX)
    assert arms <= {arm for one in drawn(market, "again") for arm in one.propensities}

    wrong = market.operator.types("control", "set", "policy.floor", "0.9", *WHO, "a slip")
    assert 2 == wrong.exit_code
    assert "more than each of" in wrong.output
    past = f'"key":"policy.floor","value":0.9,"author":"x","reason":"y","at_ms":{1_767_225_600_000}'
    send_by_hand(
        market.settings, market.topics.control, [ByHand(b"policy.floor", f"{{{past}}}".encode())]
    )
    time.sleep(SEEN_S_MAX)
    assert {"invalid_control": 1} == market.telemetry()["reference_refused"]
    assert max(drawn(market, "slip")[0].propensities.values()) < 1.0
    the_trail_says_who_and_why(market)
    a_story_says_what_was_kept_back(market)


def a_story_says_what_was_kept_back(market: Market) -> None:
    """By what controls were then: the pause is over, and its tombstone is on the topic."""
    (view,) = market.operator.asks("explain", "paused-0")["events"]
    assert ("silence", "paused") == (view["became"], view["silence"]["reason"])
    (view,) = market.operator.asks("explain", "again-0")["events"]
    assert "prompt" == view["became"]


def the_trail_says_who_and_why(market: Market) -> None:
    """Every change that was made by the command; what was unset by hand is told as such."""
    lines = market.operator.types("control", "history", "--json").stdout.splitlines()
    told = {(one["key"], one["author"], one["reason"]) for one in map(json.loads, lines)}

    assert ("arms.popular.state", "ann", "it sells too little") in told
    assert ("prompts.paused", "ann", "prices are wrong") in told
    assert "taken out by a tombstone" in market.operator.types("control", "history").stdout


def test_a_shadow_is_counted_and_never_shown(market: Market) -> None:
    """On the worker's page, by what it would have offered; and a note is told to be one."""
    sets(market, "arms.popular.state", "shadow", "compare it first")
    found = drawn(market, "shadow")

    assert found
    assert not any("popular" in one.propensities for one in found)
    counted = market.telemetry()["shadows"]
    assert len(found) == sum(n for name, n in counted.items() if name.startswith("popular/"))
    typed = market.operator.types("control", "set", "arms.populr", "off", *WHO, "a slip")
    assert 2 == typed.exit_code
    assert "did you mean arms.popular.state?" in typed.output
    typed = market.operator.types("control", "set", "arms.populr", "off", *WHO, "x", "--unknown")
    assert "arms.populr is a note: nothing is decided by it" in typed.output


def test_an_arm_that_is_turned_off_in_the_console_is_drawn_no_more_within_two_seconds(
    market: Market,
) -> None:
    """Through the console's own form, to Kafka, to the running worker; the page shows the trail."""
    settings = market.settings.model_copy(update={"console_operator_token": SecretStr(WORD)})
    pollers = Pollers.of(settings)
    app = create_app(settings, pollers, Door(settings))
    off = {
        "control": "arms.popular.state",
        "value": "off",
        "author": "ann",
        "reason": "by the page",
    }
    began_s = time.monotonic()
    assert 303 == asyncio.run(asked(app, "POST", off)).status_code
    while any(
        "popular" in one.propensities for one in drawn(market, f"s-{time.monotonic_ns()}", 3)
    ):
        assert time.monotonic() - began_s < 2.0
    pollers.controls.look()
    assert "by the page" in asyncio.run(asked(app, "GET", {})).text


async def asked(app: FastAPI, method: str, form: dict[str, str]) -> httpx.Response:
    """What the console answers an operator: to a form, or for its page."""
    path = PATH if method == "POST" else "/experiments"
    headers = {"authorization": f"Bearer {WORD}"}
    to, base = httpx.ASGITransport(app), "http://console"
    async with httpx.AsyncClient(transport=to, base_url=base, headers=headers) as http:
        return await http.request(method, path, data=form)
