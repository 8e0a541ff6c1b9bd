"""What a prompt of several items says of them is true of each: of its anchor, and of its counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Candidate, Choice
from streams.contract.events.reference.curated import CuratedItems
from streams.contract.published.prompts import Prompt, Reason
from streams.contract.receipts import Receipts
from streams.shop.decision.arms import ARMS, BEST_WORTH
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.languages.message_files import FALLBACK, LANGUAGES
from streams.shop.decision.languages.messages import OF_SEVERAL, SUGGESTED, TEXTS
from streams.shop.decision.languages.sentences import COUNTED, evidence_sentence, staff_sentence
from streams.shop.decision.prompt_writer import PromptWriter, key_of
from streams.shop.memory.session import Session
from tests.shop.decision.test_what_is_offered import by_arm, items, looked_at_in_pairs
from tests.stories import NOON_MS, Story, Till

SOURCES = {
    **dict.fromkeys((*ARMS, "accessories", "upgrade", "top_up", "bundle", "loyalty"), ("",)),
    "curated": ("merchant", "editors", "community"),
    "best_fit": ("knn", "together", "next", "own", "popular", "session", "category"),
    BEST_WORTH: ("bought_together", "buy_again", "popular"),
}
"""What tells the sources of an arm apart."""


@st.composite
def offers(draw: st.DrawFn) -> tuple[str, list[Candidate]]:
    """An arm, and what it offers beside some of three items."""
    arm = draw(st.sampled_from([*SOURCES]))
    anchors, sources = st.sampled_from(["", "bread", "tea"]), st.sampled_from(SOURCES[arm])
    drawn = st.tuples(st.integers(1, 2), st.integers(2, 3), anchors, sources)
    found = draw(st.lists(drawn, min_size=1, max_size=3))
    return arm, [Candidate(f"item-{n}", 0.5, *one) for n, one in enumerate(found)]


def reason(arm: str, offered: list[Candidate], **said: Any) -> Reason:
    """What a prompt of these says, with what was counted, beside tea."""
    writer = PromptWriter(Receipts("a secret"), TEXTS, 1_000, evidence_said=True)
    choice = Choice(arm, 1.0, {arm: 1.0}, 0.1, {arm: 0.1})
    asks = Story().add("tea", **said)
    outgoing = writer.prompt(
        Session("s1", NOON_MS, NOON_MS), asks, "basket", "tea", "basket/new", choice, offered
    )
    return outgoing.prompt().reason


@given(offers(), st.sampled_from(LANGUAGES))
def test_a_text_is_said_of_items_that_it_is_true_of(
    offered: tuple[str, list[Candidate]], language: str
) -> None:
    """An anchor is named if it is that of all, a source if all are of it, counts if they agree."""
    arm, candidates = offered
    said, best = reason(arm, candidates, locale=language), candidates[0]
    keys = {key_of(arm, one.source) if one.source else arm for one in candidates}
    names = "{anchor}" in (said.template or "")

    same_anchor = 1 == len({one.anchor for one in candidates})

    assert said.template == TEXTS[language][said.key]
    assert names == (said.anchor is not None)
    assert not names or (same_anchor and said.anchor == (best.anchor or "tea"))
    if len(keys) > 1:
        assert said.key in {SUGGESTED, "curated_several"}
    elif same_anchor or "{anchor}" not in TEXTS[FALLBACK][min(keys)]:
        assert {said.key} == keys
    alike = 1 == len({(one.together, one.of) for one in candidates})
    counted = evidence_sentence(said.key, language, together=best.together, of=best.of)
    assert said.evidence_text == (counted if alike else None)


def test_what_goes_with_different_items_of_the_basket_names_none_of_them() -> None:
    """Sunglasses were counted with the towel, the scarf with the gloves."""
    shop = Till(arm_floor=0.0, reason_evidence=True)
    shop.teach("towel", "sunglasses", times=30)
    shop.teach("gloves", "scarf", times=20)
    stories = [Story(f"s-{number}", locale="de") for number in range(40)]
    for story in stories:
        shop.serve(story.add("gloves", slots=()))
    prompts: list[Prompt] = [shop.prompt(story.add("towel")) for story in stories]
    prompt = next(one for one in prompts if one.arm == "bought_together")

    assert ["towel", "gloves"] == [item.evidence.anchor for item in prompt.items[:2]]
    assert prompt.reason == Reason(
        key="bought_together_several",
        text="Wird oft mit Artikeln dieses Besuchs gekauft",
        template="Wird oft mit Artikeln dieses Besuchs gekauft",
    )


def test_what_was_looked_at_with_different_items_names_none_of_them() -> None:
    """The stove with the tent, the towel with the soap."""
    prompt = by_arm(looked_at_in_pairs(), "viewed_together", "soap", "tent")

    assert ["stove", "towel"] == items(prompt)
    assert ("viewed_together_several", None) == (prompt.reason.key, prompt.reason.anchor)
    assert "Shoppers who looked at what you looked at looked at this too" == prompt.reason.text


@pytest.mark.parametrize("both", ["editors", "merchant"])
def test_what_several_curators_put_together_is_recommended(both: str) -> None:
    """Or one curator, but beside different items."""
    shop = Till()
    shop.catalog = Catalog()
    for item, other, source in (("bread", "jam", both), ("tea", "cake", "editors")):
        said = CuratedItems.model_validate({"items": [other], "source": source})
        shop.catalog.curation.put(f"curated.{item}", item, said)
    story = Story()
    shop.serve(story.add("tea", slots=()))
    prompt = shop.prompt(story.add("bread"))

    assert ["jam", "cake"] == items(prompt)
    assert "Recommended with items of this visit" == prompt.reason.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_several_names_none_of_them(language: str) -> None:
    """Whatever else there is a text for that names one, there is one that is true of all."""
    several = {*OF_SEVERAL.values(), SUGGESTED}

    assert not any("{anchor}" in TEXTS[language][key] for key in several)
    assert several <= TEXTS[language].keys()


@pytest.mark.parametrize("key", OF_SEVERAL)
def test_what_is_told_row_by_row_has_its_own_anchor_and_counts(key: str) -> None:
    """A feed and staff speak of one item at a time, by the key of the whole prompt."""
    of_one = key if key in COUNTED else f"{key}/merchant"
    said = [staff_sentence(one, "en", anchor="bread", item="jam") for one in (of_one,)]
    several = OF_SEVERAL[key]

    assert said == [staff_sentence(several, "en", anchor="bread", item="jam")]
    assert "bread" in said[0]
    assert COUNTED[of_one] == COUNTED[several]
    assert "We suggest jam." == staff_sentence(SUGGESTED, "en", anchor="bread", item="jam")


def test_an_arm_of_a_shop_whose_text_names_an_anchor_is_suggested_where_there_are_two() -> None:
    """Nobody wrote a text that is true of both."""
    texts = {language: {**of, "seen": "Seen with {anchor}"} for language, of in TEXTS.items()}
    writer = PromptWriter(Receipts("a secret"), texts, 1_000)
    choice = Choice("seen", 1.0, {"seen": 1.0}, 0.1, {"seen": 0.1})
    two = [Candidate("jam", 0.5, 1, 2, "bread"), Candidate("cake", 0.4, 1, 2, "tea")]
    for offered, text in ((two[:1], "Seen with bread"), (two, "Suggested for you")):
        asks, of = Session("s1", NOON_MS, NOON_MS), ("basket/new", choice, offered)
        said = writer.prompt(asks, Story().add("tea"), "basket", "tea", *of)
        assert text == said.prompt().reason.text
