"""Who may change how the shop is run, by which form, and what the page tells of it."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams.clients.log_reader import RawRecord
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.operations.console.access import Door
from streams.operations.console.pages.experiments.controls import PATH
from tests.operations.console.eyes import ACTING, HOSTILE, NOW_MS, SETTINGS, WORD, Eyes

OFF = {"control": "arms.popular.state", "value": "off", "author": "ann", "reason": "too dear"}


def browser(eyes: Eyes, token: str, **headers: str) -> httpx.AsyncClient:
    """Who has shown a token, and goes on by the cookie."""
    transport = httpx.ASGITransport(eyes.app, client=("127.0.0.1", 4711))
    return httpx.AsyncClient(
        transport=transport,
        base_url="http://console",
        headers={"origin": "http://console", **headers},
        params={"token": token},
    )


async def sends(eyes: Eyes, token: str = ACTING, **headers: str) -> httpx.Response:
    """The form, from a browser that entered with this token."""
    async with browser(eyes, token, **headers) as http:
        assert 303 == (await http.get("/experiments")).status_code
        http.params = httpx.QueryParams()
        return await http.post(PATH, data=OFF)


def told(eyes: Eyes) -> list[dict[str, Any]]:
    """What stands on the topic."""
    return [json.loads(record.value or b"{}") for record in eyes.controls.records]


async def test_an_operator_sets_a_control_and_all_see_it(eyes: Eyes) -> None:
    """As `goeswith control set` does: with author and reason, on the same topic."""
    answer = await sends(eyes)
    assert (303, "/experiments?changed=arms.popular.state#controls") == (
        answer.status_code,
        answer.headers["location"],
    )
    (record,) = told(eyes)
    assert ("arms.popular.state", "off", "ann", "too dear") == tuple(
        record[name] for name in ("key", "value", "author", "reason")
    )
    eyes.look()
    async with eyes.client() as http:
        page = (await http.get("/experiments")).text
    assert "too dear" in page
    assert '<span class="badge warn">off</span>' in page


async def test_who_may_only_look_sees_how_the_shop_is_run_and_no_form(eyes: Eyes) -> None:
    """And changes nothing by writing a request by hand."""
    assert 403 == (await sends(eyes, WORD)).status_code
    async with eyes.client() as http:
        page = (await http.get("/experiments")).text
        assert 403 == (await http.post(PATH, data=OFF)).status_code
    assert "Controls</h2>" in page
    assert "<form" not in page
    assert [] == told(eyes)
    async with eyes.client(token="") as http:
        assert 401 == (await http.post(PATH, data=OFF)).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "http://console"}, 303),
        ({"authorization": "Basic YW5uOng=", "origin": ""}, 403),
        ({"authorization": "Bearer x", "sec-fetch-site": "cross-site"}, 403),
    ],
    ids=lambda given: (
        str(given) if isinstance(given, int) else "+".join(given.values()) or "no-origin"
    ),
)
async def test_a_form_of_another_site_changes_nothing(
    eyes: Eyes, headers: dict[str, str], status: int
) -> None:
    """Even if a browser sent the cookie along."""
    assert status == (await sends(eyes, **headers)).status_code
    assert (status == 303) == bool(told(eyes))


async def test_a_program_with_the_operators_token_needs_no_origin(eyes: Eyes) -> None:
    """No browser adds such a header by itself."""
    async with eyes.client(token=ACTING) as http:
        assert 303 == (await http.post(PATH, data=OFF)).status_code
    assert 1 == len(told(eyes))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": ""}, "reason"),
        ({"author": " "}, "author"),
        ({"value": "loud"}, "&#39;on&#39;"),
        ({"control": "arms.nobody.state"}, "there is no arm nobody"),
        ({"control": "policy.floor", "value": "0.9"}, "more than each of"),
        ({"control": HOSTILE}, "key"),
        ({"value": "[" * 5_000}, "nested too deeply"),
    ],
    ids=["reason", "author", "value", "arm", "floor", "hostile", "nested"],
)
async def test_what_workers_would_refuse_is_not_sent(
    eyes: Eyes, wrong: dict[str, str], said: str
) -> None:
    """The page says why, as text."""
    async with eyes.client(token=ACTING) as http:
        answer = await http.post(PATH, data=OFF | wrong)
    assert 400 == answer.status_code
    assert said in answer.text
    assert HOSTILE not in answer.text
    assert [] == told(eyes)


async def test_a_form_without_an_end_is_not_read_and_kafka_away_is_said(eyes: Eyes) -> None:
    """Nothing is kept for later: what was not sent was not done."""
    async with eyes.client(token=ACTING) as http:
        assert 413 == (await http.post(PATH, data=OFF | {"reason": "x" * 30_000})).status_code
        eyes.away = True
        answer = await http.post(PATH, data=OFF)
    assert 400 == answer.status_code
    assert "no broker answered" in answer.text


async def test_a_tombstone_is_in_the_table_and_all_is_told_to_programs(eyes: Eyes) -> None:
    """Whoever wrote it; what stands and what was changed last, as the page has them."""
    async with eyes.client(token=ACTING) as http:
        await http.post(PATH, data=OFF | {"control": "prompts.paused", "value": "true"})
        await http.post(PATH, data=OFF)
        at, offset = eyes.controls.partitions[0], len(eyes.controls.records)
        gone = RawRecord(at, offset, NOW_MS + 5_000, b"prompts.paused", None, [])
        eyes.controls.records.append(gone)
        eyes.look()
        page = (await http.get("/experiments")).text
        said = (await http.get("/api/experiments")).json()["controls"]

    newest = page.partition("Changes of controls")[2].partition("</tr>")[2].partition("</tr>")[0]
    assert "taken out by a tombstone" in newest
    assert "prompts.<wbr>paused" in newest
    assert {"arms.popular.state"} == said["standing"].keys()
    assert ("off", "ann", "too dear") == tuple(
        said["standing"]["arms.popular.state"][name] for name in ("value", "author", "reason")
    )
    assert [("prompts.paused", None), ("arms.popular.state", "off"), ("prompts.paused", True)] == [
        (one["key"], one["value"]) for one in said["trail"]
    ]
    assert [True, False, False] == [one["tombstone"] for one in said["trail"]]
    assert not said["trouble"]


async def test_what_turns_a_line_around_is_shown_as_an_escape(eyes: Eyes) -> None:
    """In author, reason, value and key, on each page that prints them; as in the terminal."""
    turned = "\u202ebob\u2066"
    async with eyes.client(token=ACTING) as http:
        note = {"control": "till.note", "value": turned, "author": turned, "reason": turned}
        await http.post(PATH, data=note)
        await http.post(PATH, data=note | OFF | {"author": turned, "reason": turned})
        refused = (await http.post(PATH, data=OFF | {"control": f"x{turned}"})).text
        eyes.look()
        page = (await http.get("/experiments")).text
        found = (await http.get("/prompts", params={"like": turned})).text

    assert r"\u202ebob\u2066" in page
    assert r"\u202ebob\u2066" in found.partition("</form>")[2].partition("</form>")[2]
    assert f'value="{turned}"' in found
    assert not {"\u202e", "\u2066"} & {*page, *refused}


async def test_an_empty_value_sets_a_control_no_longer(eyes: Eyes) -> None:
    """By a record that says who did, and why."""
    async with eyes.client(token=ACTING) as http:
        for value in ("off", ""):
            await http.post(PATH, data=OFF | {"value": value})
        eyes.look()
        page = (await http.get("/experiments")).text
    assert ["off", None] == [record["value"] for record in told(eyes)]
    assert '<span class="badge warn">' not in page
    assert "not set" in page


async def test_an_operator_that_a_proxy_names_is_the_author() -> None:
    """Whatever name is in the form; who is not listed may look."""
    believed = {
        "console_user_header": "X-Forwarded-User",
        "console_proxies": "10.0.0.0/8",
        "console_operators": "bob, ann",
    }
    eyes = Eyes(Settings.model_validate({**SETTINGS.model_dump(), **believed}))
    transport = httpx.ASGITransport(eyes.app, client=("10.1.2.3", 4711))
    origin = {"origin": "http://console"}
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as http:
        for user, status in (("ann", 303), ("eve", 403)):
            headers = origin | {"x-forwarded-user": user}
            sent = await http.post(PATH, data=OFF | {"author": "eve"}, headers=headers)
            assert status == sent.status_code
    assert ["ann"] == [record["author"] for record in told(eyes)]


async def test_hostile_names_are_text_and_a_forged_notice_is_none(eyes: Eyes) -> None:
    """Whoever wrote to the topic, and whoever made the address."""
    async with eyes.client(token=ACTING) as http:
        await http.post(PATH, data=OFF | {"author": HOSTILE, "reason": HOSTILE})
        eyes.look()
        page = (await http.get("/experiments", params={"changed": HOSTILE})).text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "Kafka has the change" not in page


async def test_what_workers_refuse_does_not_stand_on_the_page_either(eyes: Eyes) -> None:
    """Whoever wrote it past the command."""
    eyes.controls.say(b"{", b'{"key":"key","value":1,"author":"x","reason":"y"}')
    eyes.look()
    async with eyes.client() as http:
        assert "Nothing has been changed so far" in (await http.get("/experiments")).text


def test_operators_have_a_token_of_their_own() -> None:
    """Made on the loopback alone; never that of readers, nor a short one."""
    made = Door(Settings())
    assert made.operator_token not in ("", made.token)
    assert not Door(Settings(console_token=SecretStr(WORD))).operator_token
    for wrong in (WORD, "short"):
        with pytest.raises(Misconfigured, match="GOESWITH_CONSOLE_OPERATOR_TOKEN"):
            Door(Settings(console_token=SecretStr(WORD), console_operator_token=SecretStr(wrong)))
