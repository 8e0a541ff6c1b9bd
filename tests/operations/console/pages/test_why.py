"""Why a prompt, and why not an item: asked on pages, answered beside them, and cancelled."""

import html
import re

import pytest

from streams.contract.errors import NotEnough
from streams.operations.console.access import ENTERED
from streams.operations.console.watching.lookups.lookup import (
    UNBEGUN,
    WAITING_EACH,
    WAITING_MAX,
    YOURS_WAITS,
)
from streams.operations.console.watching.lookups.lookups import SoFar
from streams.operations.console.watching.lookups.questions import (
    Answer,
    Question,
    StoryAsked,
    WhyAsked,
    WhyNotAsked,
)
from streams.operations.explanation.log.progress import Progress
from streams.operations.explanation.why.command import as_plain
from streams.operations.explanation.why_not.command import as_plain as why_not_as_plain
from streams.operations.explanation.why_not.words import MISSING, REFUSALS
from tests.operations.console.eyes import HOSTILE, WORD, Eyes, prompt
from tests.operations.console.known_answers import why_bread, why_not_butter

ASKED = {"prompt": "p-7", "session": "session-7"}
NOT_ASKED = {"session": "session-7", "item": "butter", "slot": ""}


def cells(said: str) -> list[list[str]]:
    """The rows of all tables of a page, as plain text."""
    rows = re.findall(r"<tr>(.*?)</tr>", said, re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
        for row in rows
    ]


def row(said: str, name: str) -> list[str]:
    """The first row that is about something."""
    return next(one for one in cells(said) if one[0] == name)


async def test_what_is_known_of_a_prompt_is_there_while_its_why_is_looked_up(eyes: Eyes) -> None:
    """As the topic has it; who has their turn first is told, and nothing waits in a request."""
    eyes.publish(prompt(7))
    eyes.look()
    async with eyes.client() as http:
        eyes.sources.lookups.ask(StoryAsked("of somebody else"))
        said = (await http.get("/prompts/why", params=ASKED)).text
        api = (await http.get("/api/prompts/why", params=ASKED)).json()

    assert "Often bought together with bread" in said
    assert "with probability 0.72" in said
    assert "Waiting for its turn: 1 question has its turn first" in said
    assert {"doing": "waiting for its turn", "ahead": 1, "why": None}.items() <= api.items()


async def test_a_prompt_is_explained_with_counts_arms_draw_and_guards(eyes: Eyes) -> None:
    """The same figures as the command's; and no receipt, which is the session's alone."""
    found = why_bread()
    eyes.answers[WhyAsked("p-7", "session-7")] = found
    async with eyes.client() as http:
        await http.get("/prompts/why", params=ASKED)
        eyes.sources.lookups.look()
        said = (await http.get("/prompts/why", params=ASKED)).text
        api = (await http.get("/api/prompts/why", params=ASKED)).json()

    (item, *_), told = found.prompt.items, found.prompt
    source = next(one for one in found.behind.items[0].sources if one.arm == told.arm)
    met = row(said, item.item_id)
    assert [item.item_id, "1", f"{item.evidence.together:,}", f"{item.evidence.of:,}"] == met[:4]
    assert source.counts is None or f"{source.counts.lift:.2f}" == met[5]
    arms = {one.arm: one for one in found.behind.arms}
    for name, chance in told.propensities.items():
        shown = row(said, f"{name}, drawn" if name == told.arm else name)
        assert f"{chance:.2f}" == shown[1]
        assert all(one.item in shown[3] for one in arms[name].candidates)
    assert ["butter", REFUSALS["in_basket"]] == row(said, "butter")
    assert html.escape(told.reason.text) in said
    assert html.escape(told.reason.evidence_text or "?") in said
    assert "Told by <code>goeswith why</code>" in said
    assert as_plain(found)["arms"] == api["why"]["arms"]
    assert told.receipt not in said + str(api)


async def test_an_item_that_was_not_offered_says_what_was_in_its_way(eyes: Eyes) -> None:
    """Its counts and rank by each arm, and what was offered instead; the form keeps its words."""
    found = why_not_butter()
    eyes.answers[WhyNotAsked("session-7", "butter")] = found
    async with eyes.client() as http:
        form = (await http.get("/prompts/why-not", params={"session": "session-7"})).text
        await http.get("/prompts/why-not", params=NOT_ASKED)
        eyes.sources.lookups.look()
        said = (await http.get("/prompts/why-not", params=NOT_ASKED)).text
        api = (await http.get("/api/prompts/why-not", params=NOT_ASKED)).json()

    assert 'value="session-7"' in form
    assert "turn" not in form
    assert "it must not be offered now, whoever proposes it" in said
    assert "It is in the basket" in said
    assert 'value="butter"' in said
    best = next(one for one in found.told.sources if one.arm == "bought_together")
    assert best.counts is not None
    lift, shown = f"{best.counts.lift:.2f}", row(said, "bought_together")
    assert ["1", "24", "24", "bread", lift, "proposes it"] == shown[2:]
    others = [one for one in found.told.sources if one.missing is not None]
    assert all(MISSING[one.missing or "unknown"] in row(said, one.arm) for one in others)
    assert f"Offered instead, by {found.told.drawn}: {', '.join(found.told.chosen)}" in said
    assert why_not_as_plain("session-7", found)["sources"] == api["why_not"]["sources"]


async def test_another_slot_is_another_question(eyes: Eyes) -> None:
    """One that nobody knows is as none."""
    eyes.answers[WhyNotAsked("session-7", "butter", "basket")] = why_not_butter()
    async with eyes.client() as http:
        for slot in ("basket", "shelf"):
            await http.get("/prompts/why-not", params=NOT_ASKED | {"slot": slot})
            eyes.sources.lookups.look()
        basket, shelf = [
            (await http.get("/api/prompts/why-not", params=NOT_ASKED | {"slot": slot})).json()
            for slot in ("basket", "shelf")
        ]

    assert basket["why_not"] is not None
    assert (None, "no broker answered") == (shelf["why_not"], shelf["trouble"])


@pytest.mark.parametrize("kind", ["story", "why", "why-not"])
async def test_whoever_waits_can_cancel(eyes: Eyes, kind: str) -> None:
    """By a form of this console alone; the page says so, and looks again on demand."""
    paths = {
        "story": ("/prompts", {"session": "session-7"}),
        "why": ("/prompts/why", ASKED),
        "why-not": ("/prompts/why-not", NOT_ASKED),
    }
    path, asked = paths[kind]
    async with eyes.client() as http:
        waits = (await http.get(path, params=asked)).text
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', waits))
        elsewhere = {"sec-fetch-site": "cross-site"}
        refused = await http.post("/prompts/cancel", data=fields, headers=elsewhere)
        assert "Waiting for its turn" in (await http.get(path, params=asked)).text
        done = await http.post("/prompts/cancel", data=fields)
        said = (await http.get(done.headers["location"])).text
        again = (await http.get(path, params=asked | {"again": ""})).text

    assert asked == fields
    assert (403, 303) == (refused.status_code, done.status_code)
    assert "It was cancelled" in said
    assert "Look again" in said
    assert "Waiting for its turn" in again


async def test_a_page_that_renews_itself_does_not_look_again(eyes: Eyes) -> None:
    """It asks with the address that it was opened by, `again` included."""
    eyes.answers[WhyAsked("p-7", "session-7")] = why_bread()
    async with eyes.client() as http:
        await http.get("/prompts/why", params=ASKED)
        eyes.sources.lookups.look()
        part = {"goeswith-part": "live"}
        same = await http.get("/prompts/why", params=ASKED | {"again": ""}, headers=part)
        anew = await http.get("/prompts/why", params=ASKED | {"again": ""})

    assert "Waiting for its turn" not in same.text
    assert "Waiting for its turn" in anew.text


async def test_what_is_not_whole_is_no_question(eyes: Eyes) -> None:
    """Nothing is looked up for it."""
    async with eyes.client() as http:
        assert 303 == (await http.get("/prompts/why")).status_code
        assert 400 == (await http.get("/api/prompts/why")).status_code
        for asked in ({}, {"item": "butter"}, {"session": "session-7"}):
            assert 400 == (await http.get("/api/prompts/why-not", params=asked)).status_code
            assert 200 == (await http.get("/prompts/why-not", params=asked)).status_code
        for number in range(WAITING_MAX):
            assert eyes.sources.lookups.ask(StoryAsked(f"session-{number}")).doing


async def test_names_that_are_asked_for_are_text(eyes: Eyes) -> None:
    """On the page, in its form, in what leads on, and in what went wrong."""
    asked = {"session": HOSTILE, "item": HOSTILE, "prompt": HOSTILE}
    async with eyes.client() as http:
        for path in ("/prompts/why", "/prompts/why-not"):
            await http.get(path, params=asked)
            eyes.sources.lookups.look()
            said = (await http.get(path, params=asked)).text
            assert "<script>alert" not in said
            assert "No broker answered" in said
            assert "session=%3Cscript%3E" in said


async def test_the_list_of_prompts_leads_to_each_ones_why(eyes: Eyes) -> None:
    """And to its session's story."""
    eyes.publish(prompt(7))
    eyes.look()
    async with eyes.client() as http:
        said = (await http.get("/prompts")).text

    assert 'href="/prompts/why?prompt=p-7&amp;session=session-7"' in said
    assert 'href="/prompts?session=session-7"' in said


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_has_nothing_looked_up(eyes: Eyes, site: str) -> None:
    """An image there may name any address of the console, and the page says how to look."""
    async with eyes.client() as http:
        for asked in (ASKED, ASKED | {"again": ""}):
            there = await http.get("/prompts/why", params=asked, headers={"sec-fetch-site": site})
            renewed = await http.get(
                "/prompts/why", params=asked, headers={"goeswith-part": "live"}
            )
            for said in (there, renewed):
                assert "not looked up by itself" in said.text
                assert "Look again" in said.text
        api = await http.get("/api/prompts/why", params=ASKED, headers={"sec-fetch-site": site})
        assert UNBEGUN == api.json()["trouble"]
        for own in ({}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
            assert "Waiting" in (await http.get("/prompts/why", params=ASKED, headers=own)).text


async def test_an_address_that_shows_the_token_begins_what_it_asks_for(eyes: Eyes) -> None:
    """As the demo's drawer does: it comes from the shop's page, and is sent on without the token.

    A cookie that somebody else has set, and one of another token, are none.
    """
    site = {"sec-fetch-site": "same-site"}
    async with eyes.client("") as http:
        shown = ASKED | {"token": WORD}
        sent_on = await http.get("/prompts/why", params=shown, headers=site)
        there = await http.get(sent_on.headers["location"], headers=site)
        assert "Waiting" in there.text
        assert "Max-Age=10;" in str(sent_on.headers.get_list("set-cookie"))
    async with eyes.client() as http:
        for forged in ("", "1", "0" * 64):
            foreign = site | {"cookie": f"{ENTERED}={forged}"}
            other = {"prompt": "p-8", "session": "session-8"}
            said = await http.get("/prompts/why", params=other, headers=foreign)
            assert "not looked up by itself" in said.text


async def test_one_reader_does_not_fill_the_queue(eyes: Eyes) -> None:
    """Two questions of each address wait."""
    async with eyes.client() as http:
        for number in range(WAITING_MAX):
            asked = {"session": f"session-{number}"}
            api = (await http.get("/api/prompts", params=asked)).json()
            assert api["trouble"] == ("" if number < WAITING_EACH else YOURS_WAITS)


async def test_programs_are_told_when_it_was_and_can_ask_again(eyes: Eyes) -> None:
    """And the page says the day."""
    eyes.answers[WhyAsked("p-7", "session-7")] = why_bread()
    async with eyes.client() as http:
        waits = (await http.get("/api/prompts/why", params=ASKED)).json()
        eyes.sources.lookups.look()
        told = (await http.get("/api/prompts/why", params=ASKED)).json()
        said = (await http.get("/prompts/why", params=ASKED)).text
        again = (await http.get("/api/prompts/why", params=ASKED | {"again": ""})).json()

    assert (None, eyes.now_s) == (waits["at_s"], told["at_s"])
    assert "As of 2026-01-01 12:00:00" in said
    assert "waiting for its turn" == again["doing"]


async def test_backticks_in_a_name_make_no_command_of_it(eyes: Eyes) -> None:
    """What went wrong names the session, and stays text where it could be taken for ours."""
    for name, is_code in (("x` `goeswith topics` `", False), ("x", True)):
        question = StoryAsked(name)
        eyes.sources.lookups._tell = refusing
        async with eyes.client() as http:
            eyes.sources.lookups.ask(question)
            eyes.sources.lookups.look()
            said = (await http.get("/prompts", params={"session": name})).text
        assert ("<code>goeswith" in said) == is_code


def refusing(question: Question, _progress: Progress, _so_far: SoFar) -> Answer:
    """A look-up that a terminal has to do."""
    raise NotEnough(f"`{question.in_terminal}` tells it in a terminal")
