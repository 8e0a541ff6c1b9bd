"""Declared experiments on the page: asked, answered, changed by nobody, and ended."""

from typing import Any

import httpx
import pytest

from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.contract.settings import Settings
from streams.operations.console.pages.experiments.declared import PATH
from tests.experiments.uplift.records import EXPERIMENT, shop
from tests.operations.console.eyes import ACTING, HOSTILE, WORD, Eyes, trial

SETTINGS = Settings(
    console_token=WORD,
    console_operator_token=ACTING,
    experiment=EXPERIMENT.name,
    holdout_share=EXPERIMENT.share,
    holdout_salt=EXPERIMENT.salt,
)
FORM = {
    "what": "declare",
    "name": "worth",
    "metric": "orders",
    "least_effect": "5",
    "reason": "are prompts worth it?",
    "author": "ann",
}


@pytest.fixture
def shop_eyes() -> Eyes:
    """The clock stands at the new year: the shop's units come after it."""
    return Eyes(settings=SETTINGS, now_s=NEW_YEAR_MS / 1000)


async def sends(eyes: Eyes, **form: str) -> httpx.Response:
    """An operator sends the form, and everybody looks."""
    async with eyes.client(ACTING) as http:
        answer = await http.post(PATH, data=FORM | form)
    eyes.look()
    return answer


async def told(eyes: Eyes) -> tuple[str, dict[str, Any]]:
    """The page, and its figures."""
    eyes.look()
    eyes.look()
    async with eyes.client() as http:
        page = await http.get("/experiments")
        said = await http.get("/api/experiments")
    assert 200 == page.status_code
    return page.text, said.json()


async def test_a_question_is_asked_and_answered_on_the_page(shop_eyes: Eyes) -> None:
    """In plain words, with its bounds, and who asked."""
    eyes = shop_eyes
    eyes.look()
    assert 303 == (await sends(eyes, guardrails="returned:10")).status_code
    assert "too early to say" in (await told(eyes))[0]
    eyes.happen(*shop(800))
    eyes.now_s += 86_400
    page, values = await told(eyes)

    assert "do prompts bring 5 % more orders a unit than" in page
    assert "yes, more orders a unit: +" in page
    assert "declared by ann: are prompts worth it?" in page
    assert ["worth"] == [one["name"] for one in values["questions"]]
    assert "more" == values["questions"][0]["decision"]
    assert values["questions"][0]["decided_ms"] < NEW_YEAR_MS + 86_400_000


async def test_what_has_begun_stands_and_what_has_ended_keeps_its_verdict(
    shop_eyes: Eyes,
) -> None:
    """Whatever comes after."""
    eyes = shop_eyes
    eyes.look()
    await sends(eyes)
    eyes.happen(*shop(800))
    eyes.now_s += 86_400
    await told(eyes)
    refused = await sends(eyes, least_effect="50")
    assert 400 == refused.status_code
    assert "has begun" in refused.text
    assert 303 == (await sends(eyes, what="end", reason="we know enough")).status_code
    page, values = await told(eyes)

    assert "yes, more orders a unit: +" in page
    assert "we know enough" in page
    assert "ended" == values["questions"][0]["state"]
    eyes.happen(*shop(30))
    assert values["questions"][0]["verdict"] == (await told(eyes))[1]["questions"][0]["verdict"]
    assert 400 == (await sends(eyes, what="end", reason="again")).status_code


async def test_nothing_is_kept_for_good_of_outcomes_that_are_still_being_read(
    shop_eyes: Eyes,
) -> None:
    """Who ends it is told to wait; one that has not begun is taken back at once."""
    eyes, controls = shop_eyes, shop_eyes.sources.controls
    controls.look()
    async with eyes.client(ACTING) as http:
        for more in ({}, {"name": "later", "start": "2026-12-01"}):
            assert 303 == (await http.post(PATH, data=FORM | more)).status_code
        controls.look()
        eyes.now_s += 86_400
        early = await http.post(PATH, data=FORM | {"what": "end"})
        other = await http.post(PATH, data=FORM | {"what": "end", "name": "later"})

    assert (400, 303) == (early.status_code, other.status_code)
    assert "still being read" in early.text
    eyes.look()
    assert 303 == (await sends(eyes, what="end")).status_code


@pytest.mark.parametrize(
    ("currency", "taken"), [("", False), ("eur", False), ("EUR", True), ("none", True)], ids=str
)
async def test_money_is_asked_for_in_a_currency_or_in_none(
    shop_eyes: Eyes, currency: str, taken: bool
) -> None:
    """A question about money in no currency that anybody meant would never be answered."""
    shop_eyes.look()
    answer = await sends(shop_eyes, metric="revenue", currency=currency)

    assert (303 if taken else 400) == answer.status_code


async def test_a_question_about_arms_that_comes_to_be_known_late_is_answered_all_the_same() -> None:
    """A console that had read on already reads again."""
    eyes = Eyes(settings=SETTINGS, now_s=NEW_YEAR_MS / 1000)
    eyes.happen(*trial(4_000, {"popular": 0.1, "bought_together": 0.5}))
    eyes.sources.outcomes.look()
    read = eyes.outcomes.read
    eyes.sources.controls.look()
    arms = {"metric": "reward", "arms": "bought_together,popular"}
    await sends(eyes, **arms)
    eyes.now_s += 86_400
    _, values = await told(eyes)

    assert eyes.outcomes.read >= 2 * read
    assert "more" == values["questions"][0]["decision"]
    assert values["questions"][0]["decided_ms"] is not None


async def test_who_may_only_look_declares_nothing(shop_eyes: Eyes) -> None:
    """Nor does a page of somebody else."""
    shop_eyes.look()
    async with shop_eyes.client() as http:
        assert 403 == (await http.post(PATH, data=FORM)).status_code
    async with shop_eyes.client(ACTING) as http:
        foreign = {"sec-fetch-site": "cross-site"}
        assert 403 == (await http.post(PATH, data=FORM, headers=foreign)).status_code
    assert [] == shop_eyes.controls.records


@pytest.mark.parametrize(
    "form",
    [{"least_effect": "much"}, {"name": "no such"}, {"start": "soon"}, {"metric": "joy"}],
    ids=str,
)
async def test_what_cannot_be_asked_is_said(shop_eyes: Eyes, form: dict[str, str]) -> None:
    """And nothing is sent."""
    shop_eyes.look()
    assert 400 == (await sends(shop_eyes, **form)).status_code
    assert [] == shop_eyes.controls.records


async def test_hostile_words_are_text(shop_eyes: Eyes) -> None:
    """Of whoever declares."""
    shop_eyes.look()
    await sends(shop_eyes, reason=HOSTILE, author=HOSTILE)
    page, _ = await told(shop_eyes)

    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
