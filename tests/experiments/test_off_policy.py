"""`goeswith off-policy`, from files: the answer, and what it says when it has none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith
from streams.contract.errors import Misconfigured
from streams.contract.schemas.examples import OUTCOME, PROMPT
from streams.experiments.target_policy import read_policy

START_MS = PROMPT.occurred_at_ms
PROMPTS = 2_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompts by turns; of buy_again every second one is added, of popular one in ten."""
    folder = tmp_path_factory.mktemp("log")
    prompts, outcomes = [], []
    for number in range(PROMPTS):
        arm = ("buy_again", "popular")[number % 2]
        at_ms = START_MS + number * 1_000
        update = {
            "prompt_id": f"prompt-{number}",
            "occurred_at_ms": at_ms,
            "expires_at_ms": at_ms + 120_000,
            "arm": arm,
            "propensity": 0.5,
            "propensities": {"buy_again": 0.5, "popular": 0.5},
            "estimates": {"buy_again": 0.2, "popular": 0.1},
        }
        prompts.append(PROMPT.model_copy(update=update).to_json())
        reached = {"prompt_id": f"prompt-{number}", "arm": arm, "occurred_at_ms": at_ms}
        shown = OUTCOME.model_copy(update={**reached, "stage": "shown", "reward": 0.0})
        outcomes.append(shown.to_json())
        if number % (4 if arm == "buy_again" else 20) < 2:
            added = OUTCOME.model_copy(update={**reached, "stage": "added", "reward": 0.5})
            outcomes.append(added.to_json())
    (folder / "prompts.jsonl").write_bytes(b"\n".join([*prompts, b"no prompt"]))
    (folder / "outcomes.jsonl").write_bytes(b"\n".join(outcomes))
    (folder / "buy_again.toml").write_text("[default]\nbuy_again = 1\n")
    return folder


def asked(log: Path, policy: str, *words: str) -> Result:
    """What the command says."""
    files = ("--prompts", str(log / "prompts.jsonl"), "--outcomes", str(log / "outcomes.jsonl"))
    given = ("--policy", str(log / policy), "--settle", "60", *files, *words)
    return CliRunner().invoke(goeswith, ["off-policy", *given], env={"COLUMNS": "100"})


def test_a_policy_is_judged_by_what_its_arms_earned(log: Path) -> None:
    """Buy again always: a quarter an impression, where the log earned less."""
    said = json.loads(asked(log, "buy_again.toml", "--json").stdout)

    assert pytest.approx(0.25, abs=0.005) == said["snips"]["value"]
    assert pytest.approx(0.25, abs=0.02) == said["dr"]["value"]
    assert pytest.approx(0.15, abs=0.005) == said["logged"]["value"]
    assert said["always_valid"]["low"] < said["dr"]["low"] < 0.25 < said["dr"]["high"]
    assert (1_940, 970.0, 2.0) == (said["n"], said["effective_n"], said["weight_max"])
    assert (60, 1, 0, 0) == tuple(
        said[name] for name in ("pending", "unreadable", "below_floor", "unmatched")
    )


def test_the_table_says_it_for_people(log: Path) -> None:
    """Every estimate, and what was left out."""
    said = asked(log, "buy_again.toml").stdout

    assert all(name in said for name in ("logged", "IPS", "SNIPS", "DR", "at every look"))
    assert "worth 970 under this policy" in said


def test_contexts_have_policies_of_their_own(log: Path) -> None:
    """JSON will do as well as TOML; what is not named is the default."""
    contexts = {PROMPT.context: {"popular": 1}}
    policy = {"default": {"buy_again": 1}, "contexts": contexts}
    (log / "by_context.json").write_text(json.dumps(policy))
    said = json.loads(asked(log, "by_context.json", "--json").stdout)

    assert pytest.approx(0.05, abs=0.005) == said["snips"]["value"]


def test_too_little_evidence_is_refused_with_numbers(log: Path) -> None:
    """One clear line, exit code 1."""
    refused = asked(log, "buy_again.toml", "--effective-min", "5000")

    assert 1 == refused.exit_code
    assert "1,940 decisions are worth 970.0 under the target policy" in refused.stderr
    assert "at least 5000 are asked for" in refused.stderr


def test_a_policy_whose_arms_were_never_on_offer_is_refused(log: Path) -> None:
    """A name mistyped, perhaps."""
    (log / "mistyped.toml").write_text("[default]\nbuy_agian = 1\n")

    assert "0 decisions are worth 0.0" in asked(log, "mistyped.toml").stderr


def test_one_file_alone_is_refused(log: Path) -> None:
    """Prompts without outcomes say nothing."""
    words = ["off-policy", "--policy", str(log / "buy_again.toml")]
    refused = CliRunner().invoke(goeswith, [*words, "--prompts", str(log / "prompts.jsonl")])

    assert (2, True) == (refused.exit_code, "belong together" in refused.stderr)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("popular", "cannot be read as a policy"),
        ("popular = 1", "popular: only default and contexts are known"),
        ("", "there is no arm in it"),
        ("[default]\npopular = nan", "the default of popular must be a number from 0 on"),
        ("default = 1", "the default must be a table"),
        ("contexts = 1", "give .default. and .contexts.NAME."),
        ("[contexts.new]\npopular = true", "new: the weight of popular must be a number"),
    ],
)
def test_a_policy_that_is_none_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    """It says what is wrong, and with what."""
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=complaint):
        read_policy(file)
