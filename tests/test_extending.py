"""docs/extending.md leads to what is there: each recipe's files, and the names in them."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from streams.contract.events import ANY_EVENT, ItemAdded
from streams.shop.decision.arms import Arm
from tests.stories import Story, Till

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text()
RECIPES = ("An arm", "An event", "A field of an event", "A guard", "A report", "A source")


def steps(recipe: str) -> list[tuple[str, str]]:
    """File and name of each step of a recipe; no name where the whole file is meant."""
    section = PAGE.split(f"\n## {recipe}\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. `([\w/.]+)`(?:, `(\w+)`)?", section, re.MULTILINE)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_step_of_a_recipe_leads_to_what_is_there(recipe: str) -> None:
    """The file exists, and has the name."""
    missing = []
    for path, name in steps(recipe):
        module: Any = import_module(path[:-3].replace("/", ".")) if name else None
        if not (ROOT / path).exists() or (name and not hasattr(module, name)):
            missing.append(f"{path}: {name}")

    assert len(steps(recipe)) >= 2
    assert [] == missing


def test_every_path_of_the_page_is_there() -> None:
    """Also beside the steps."""
    paths = re.findall(r"`((?:streams|models|tests|docs)/[\w/.]+)`", PAGE)

    assert [] == [path for path in paths if not (ROOT / path).exists()]


def test_workers_of_before_ignore_a_new_field() -> None:
    """As the recipe of a field promises: senders may say more."""
    bread = Story().add("bread")
    more = {**json.loads(bread.model_dump_json()), "gift_wrapped": True}

    assert ANY_EVENT.validate_json(json.dumps(more)) == bread


def test_an_event_with_a_field_more_reads_what_was_sent_before() -> None:
    """The recipe, followed: optional, with a default."""

    class WithGift(ItemAdded):
        """An add with one field more."""

        gift_wrapped: bool = False
        """Whether it is a present."""

    before = Story().add("bread").model_dump_json()

    assert WithGift.model_validate_json(before).gift_wrapped is False


def test_an_arm_is_a_source_and_what_it_is_asked_with() -> None:
    """The recipe, followed: an entry that is not in the table offers what its source knows."""
    bestsellers = Arm(lambda learned: learned.popularity, lambda _: ())
    till = Till()
    till.teach("bread", "butter", times=3)
    tea = Story("ann").view("tea")
    till.serve(tea)
    session = till.shop.sessions[0].find("ann")

    assert session is not None
    question = till.shop.decision.question(session, "tea", tea.time_s)
    assert bestsellers.proposes(till.shop.learned, question)
    offered = bestsellers.candidates(till.shop.learned, question)
    assert {"bread", "butter"} == {candidate.item for candidate in offered}


def test_the_recipe_of_an_arm_names_the_test_that_holds_its_texts() -> None:
    """And every table that this test asks for."""
    section = PAGE.split("\n## An arm\n")[1].split("\n## ")[0]
    named = {name for _, name in steps("An arm") if name}

    assert "tests/shop/decision/languages/test_message_files.py" in section
    assert {"ARMS", "OF_SEVERAL", "COUNTED", "SAID_BY_STAFF"} == named
