"""What is told in several places agrees: arms, texts, reasons of silence, settings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from pydantic import SecretStr

from models.recommenders.best_fit.explanation import SOURCES
from streams.contract.events import EventBase
from streams.contract.events.reference.curated import Source
from streams.contract.settings import Settings
from streams.shop.decision.arms import ARMS, BEST_WORTH
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.decision.languages.messages import OF_SEVERAL, SUGGESTED, TEXTS
from streams.shop.memory.answer import Silence, SilenceReason
from streams.shop.shop import Shop

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONTRACT = ROOT / "streams" / "contract"
SETTINGS = (
    CONTRACT / "settings.py",
    CONTRACT / "wire" / "connection.py",
    CONTRACT / "wire" / "intake.py",
)
OF_SEVERAL_SOURCES = {"best_fit": SOURCES, "curated": get_args(Source)}
"""Arms whose reason is the strongest of their sources."""


def nodes(folder: str) -> Iterator[ast.AST]:
    """The syntax of every module of a folder, but that of the settings themselves."""
    for path in (ROOT / folder).rglob("*.py"):
        if path not in SETTINGS:
            yield from ast.walk(ast.parse(path.read_text()))


def told(table_cell: str) -> list[str]:
    """The pages on which a table begins a row with this."""
    return [page.name for page in PAGES if f"\n| `{table_cell}` |" in page.read_text()]


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TEXTS)
def test_every_arm_has_a_text_in_every_language(language: str) -> None:
    """For each of its sources, if it has several; and no text is left of an arm that is gone.

    An arm that ranks what the others propose speaks as they do. A reason that is true of several
    items has a text of its own.
    """
    keys = {
        f"{arm}/{source}" if source else arm
        for arm in ARM_NAMES
        if arm != BEST_WORTH
        for source in OF_SEVERAL_SOURCES.get(arm, ("",))
    }

    assert {*keys, *OF_SEVERAL.values(), SUGGESTED} == TEXTS[language].keys()
    assert "" not in TEXTS[language].values()


def test_the_contract_names_every_language() -> None:
    """Whoever sends a locale reads there which of them are spoken."""
    said = EventBase.model_fields["locale"].description or ""

    assert set(TEXTS) == set(re.findall(r"\b[a-z]{2}\b", said.partition("speak ")[2]))


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_names_the_anchor_in_every_language_or_in_none(language: str) -> None:
    """A translation neither loses the item that asked, nor asks for what nobody gives it."""
    names = {key: placeholders(text) for key, text in TEXTS[language].items()}

    assert names == {key: placeholders(text) for key, text in TEXTS["en"].items()}
    assert set().union(*names.values()) <= {"anchor"}


def test_every_arm_has_a_recommender_of_its_own() -> None:
    """Where the settings ask for all of them."""
    shop = Shop(Settings(best_fit=True, receipt_secret=SecretStr("not a secret")))
    sources = [arm.source(shop.learned) for arm in ARMS.values()]

    assert None not in sources
    assert len(ARMS) == len(set(map(id, sources)))


def test_every_reason_of_silence_is_used_and_none_is_made_up() -> None:
    """What the type lists is what the code says."""
    used = {
        node.args[0].value
        for node in nodes("streams/shop")
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == Silence.__name__
        and isinstance(node.args[0], ast.Constant)
    }

    assert set(get_args(SilenceReason)) == used


def test_every_reason_of_silence_is_explained() -> None:
    """In a table, so that who reads a count finds what it counts; with settings that exist."""
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    section = architecture.split("\n## When there is no prompt\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.*)\|$", section, re.MULTILINE)
    settings = {name for _, cell in rows for name in re.findall(r"`(\w+)`", cell)}

    assert sorted(get_args(SilenceReason)) == sorted(reason for reason, _ in rows)
    assert set() == settings - Settings.model_fields.keys()


def test_every_setting_is_read_and_told() -> None:
    """A setting that nobody reads is a promise that nobody keeps."""
    read = {node.attr for node in nodes("streams") if isinstance(node, ast.Attribute)}

    assert [] == [name for name in Settings.model_fields if name not in read]
    assert [] == [name for name in Settings.model_fields if not told(name)]
