"""The table of techniques says what is there: each named test exists, and each arm and setting."""

import re
from pathlib import Path

import pytest

from streams.contract.settings import Settings
from streams.shop.decision.controls.arm_names import ARM_NAMES

DOCS = Path(__file__).parent.parent / "docs"
TITLES = ("technique", "slot", "arm", "setting or control", "scenario", "on real Kafka")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (DOCS / "techniques.md").read_text().splitlines()
    if line.startswith("| ")
][1:]
LINK = re.compile(r"\[([^]]+)]\(([^)]+)\)")
DEMANDED = (
    "suggestive selling",
    "bundle with an incentive",
    "free-shipping top-up",
    "loyalty",
    "upsell, apart and before",
    "product page, basket, checkout, post-purchase",
    "segments as context",
    "segments as eligibility",
    "the shopper's own history",
    "browsing history",
    "the right customers",
    "few offers and silence",
    "unsuitable items",
    "profit",
    "un-learning of returns",
    "reason and evidence",
    "languages",
    "services and B2B",
    "staff line and e-mail feed",
    "measured refinement",
)


@pytest.mark.parametrize("technique", DEMANDED)
def test_every_technique_that_merchants_mean_has_a_row(technique: str) -> None:
    """Built or not."""
    assert any(row[0].startswith(technique) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_scenario_is_there_or_said_not_to_be(row: list[str]) -> None:
    """By its name, in the file that is linked; "the same" is the test of the column before."""
    assert len(TITLES) == len(row)
    names = list[str]()
    for cell in row[4:]:
        if cell == "not built":
            continue
        (name, path), *more = LINK.findall(cell)
        names.append(names[-1] if name == "the same" else name)
        assert not more
        assert re.search(rf"^def {names[-1]}\(", (DOCS / path).read_text(), re.MULTILINE)
    assert names or "not built" in row[2]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_arms_and_settings_are_called_as_they_are(row: list[str]) -> None:
    """What is renamed is renamed here, too."""
    assert {*re.findall(r"`(\w+)`", row[2])} <= {*ARM_NAMES}
    if "control" not in row[3] and "relation" not in row[3]:
        said = {*re.findall(r"`([a-z_]+)[=`]", row[3])}
        assert said <= Settings.model_fields.keys() | {"slots", "locale"}
