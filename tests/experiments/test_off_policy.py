"""`goeswith off-policy`, from files: the answer, and what it says when it has none."""

import codecs
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from models.evaluation.off_policy import TooFewEffective
from streams.cli.root import goeswith
from streams.contract.errors import Misconfigured
from streams.contract.schemas.examples import OUTCOME, PROMPT, PROMPT_WITHDRAWN
from streams.experiments.evidence.conclusion import RewardScale
from streams.experiments.impressions import Trial, Trials
from streams.experiments.off_policy.off_policy import evaluated_policy
from streams.experiments.off_policy.tables import table
from streams.experiments.off_policy.target_policy import TargetPolicy, read_policy

START_MS = PROMPT.occurred_at_ms
PROMPTS = 2_000
SHOWN = OUTCOME.model_copy(
    update={"stage": "shown", "reward": 0.0, "occurred_at_ms": PROMPT.occurred_at_ms}
)


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
        drawn = {name: update[name] for name in ("propensities", "estimates")}
        shown = OUTCOME.model_copy(update={**reached, **drawn, "stage": "shown", "reward": 0.0})
        outcomes.append(shown.to_json())
        if number % (4 if arm == "buy_again" else 20) < 2:
            added = OUTCOME.model_copy(update={**reached, "stage": "added", "reward": 0.5})
            outcomes.append(added.to_json())
    (folder / "prompts.jsonl").write_bytes(b"\n".join(prompts))
    (folder / "outcomes.jsonl").write_bytes(b"\n".join([*outcomes, b"no outcome"]))
    (folder / "buy_again.toml").write_text("[default]\nbuy_again = 1\n")
    return folder


def asked(log: Path, policy: str, *words: str, columns: int = 100) -> Result:
    """What the command says."""
    files = ("--outcomes", str(log / "outcomes.jsonl"))
    given = ("--policy", str(log / policy), "--settle", "60", *files, *words)
    return CliRunner().invoke(goeswith, ["off-policy", *given], env={"COLUMNS": f"{columns}"})


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


def test_outcomes_that_tell_no_propensities_need_their_prompts(log: Path, tmp_path: Path) -> None:
    """As they were before they told them: then nothing else is said than with them."""
    told = asked(log, "buy_again.toml", "--json").stdout
    lines = (log / "outcomes.jsonl").read_bytes().splitlines()[:-1]
    bare = [{**json.loads(line), "propensities": None, "estimates": None} for line in lines]
    (tmp_path / "bare").write_text("\n".join([*map(json.dumps, bare), "no outcome"]))
    words = ["off-policy", "--policy", str(log / "buy_again.toml"), "--settle", "60", "--json"]
    files = ["--outcomes", str(tmp_path / "bare")]
    alone = CliRunner().invoke(goeswith, [*words, *files])
    prompts = ["--prompts", str(log / "prompts.jsonl")]

    assert "outcomes tell no propensities" in alone.stderr
    assert told == CliRunner().invoke(goeswith, [*words, *files, *prompts]).stdout


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


def test_byte_order_marks_change_nothing(log: Path, tmp_path: Path) -> None:
    """In front of the policy, of its twin in JSON, of prompts and of outcomes."""
    for name in ("prompts.jsonl", "outcomes.jsonl", "buy_again.toml"):
        (tmp_path / name).write_bytes(codecs.BOM_UTF8 + (log / name).read_bytes())
    twin = json.dumps({"default": {"buy_again": 1}})
    (tmp_path / "buy_again.json").write_text(twin, encoding="utf-8-sig")
    expected = json.loads(asked(log, "buy_again.toml", "--json").stdout)

    for policy in ("buy_again.toml", "buy_again.json"):
        assert expected == json.loads(asked(tmp_path, policy, "--json").stdout)


def test_too_little_evidence_is_refused_with_numbers(log: Path) -> None:
    """One clear line, exit code 1."""
    refused = asked(log, "buy_again.toml", "--effective-min", "5000")

    assert 1 == refused.exit_code
    assert "1,940 decisions are worth 970.0 under the target policy" in refused.stderr
    assert "at least 5000 are asked for" in refused.stderr


def test_why_nothing_can_be_judged_is_said_first(log: Path, tmp_path: Path) -> None:
    """Not settled, swapped, never shown, empty: each is mended by something else."""
    prompts, outcomes = (log / f"{name}.jsonl" for name in ("prompts", "outcomes"))
    policy, empty = ("off-policy", "--policy", str(log / "buy_again.toml")), tmp_path / "empty"
    empty.write_text("")

    def refused(*files: Path, settle_s: int = 60) -> str:
        named = ("--prompts", str(files[0]), "--outcomes", str(files[1]))
        words = (*policy, *named, "--settle", f"{settle_s}")
        said = CliRunner().invoke(goeswith, words)
        assert 1 == said.exit_code
        assert said.stderr.startswith("goeswith: buy_again.toml cannot be judged: ")
        return said.stderr.split("cannot be judged: ")[1]

    assert refused(prompts, outcomes, settle_s=86_400).startswith(
        "nothing is settled yet: 2,000 impressions are pending, each is judged 24 h after"
    )
    assert refused(outcomes, prompts).startswith("no record could be read: are the files swap")
    assert refused(prompts, empty).startswith("no prompt in the log was shown")
    assert "the log is empty\n" == refused(empty, empty)


def test_propensities_below_the_floor_are_named_where_they_are_all() -> None:
    """Not that the policy is unlike the one that ran."""
    log = [Trial("popular", "", {"popular": 0.99, "buy_again": 0.01}, {}, 0.2)] * 300
    with pytest.raises(TooFewEffective, match=r"all 300 .* below GOESWITH_ARM_FLOOR \(0.05\)"):
        evaluated_policy(log, TargetPolicy({"popular": 1.0}))


def test_an_arm_that_the_log_never_had_is_refused(log: Path) -> None:
    """A name mistyped, beside one that is there: it is not judged as if it were not named."""
    (log / "mistyped.toml").write_text("[default]\nbuy_again = 0.5\npopulra = 0.5\n")
    refused = asked(log, "mistyped.toml")

    assert 2 == refused.exit_code
    assert "never had on offer: populra; it had buy_again, popular; did" in refused.stderr
    assert "did you mean popular?" in refused.stderr


def test_a_context_that_the_log_never_had_is_refused(log: Path) -> None:
    """Else the default would be judged in its place."""
    (log / "context.toml").write_text(
        f'[default]\nbuy_again = 1\n[contexts."{PROMPT.context}s"]\npopular = 1\n'
    )
    refused = asked(log, "context.toml")

    assert 2 == refused.exit_code
    assert f"never had the context: {PROMPT.context}s; it had {PROMPT.context}" in refused.stderr
    assert f"did you mean {PROMPT.context}?" in refused.stderr


def test_a_policy_that_says_nothing_of_a_context_is_refused_for_that() -> None:
    """And not as too unlike the one that ran; whoever names all contexts needs no default."""
    target = TargetPolicy({}, {"basket/new": {"popular": 1.0}})
    target.check({"popular"}, {"basket/new"}, "mine.toml")
    with pytest.raises(Misconfigured, match=r"nothing is said of the context: page/known; give it"):
        target.check({"popular"}, {"basket/new", "page/known"}, "mine.toml")


def test_a_dropped_arm_is_a_difference_with_bounds(log: Path) -> None:
    """Without popular, which earns less: a quarter an impression instead of .15."""
    (log / "dropped.toml").write_text("[default]\nbuy_again = 1\npopular = 0\n")
    said = json.loads(asked(log, "dropped.toml", "--json").stdout)
    told = " ".join(asked(log, "dropped.toml").stdout.split())

    assert pytest.approx(0.1, abs=0.02) == said["difference"]["value"]
    assert said["difference"]["low"] < 0.1 < said["difference"]["high"]
    bounds = said["difference_always_valid"]
    assert bounds["low"] < said["difference"]["low"] < said["difference"]["high"] < bounds["high"]
    assert "this policy earns more than the one that ran: +.1" in told
    assert "(95 % at any look +.0" in told
    assert "difference, at every look" in told


def test_where_only_the_dropped_arm_was_on_offer_the_policy_earns_nothing() -> None:
    """By every estimate, and it is said how often."""
    half, alone = {"buy_again": 0.5, "popular": 0.5}, {"popular": 1.0}
    guesses = {"buy_again": 0.4, "popular": 0.2}
    log = [
        *[Trial("buy_again", "", half, guesses, 0.4)] * 300,
        *[Trial("popular", "", half, guesses, 0.2)] * 300,
        *[Trial("popular", "", alone, guesses, 0.2)] * 600,
    ]
    found = evaluated_policy(log, TargetPolicy({"buy_again": 1.0, "popular": 0.0}))
    verdict, told = found.verdict, io.StringIO()
    Console(file=told, width=80).print(table(found, Trials(), RewardScale()))

    assert (1_200, 600) == (verdict.n, found.unmatched)
    for estimate in (verdict.ips, verdict.snips, verdict.dr):
        assert estimate is not None
        assert pytest.approx(0.2) == estimate.value
    assert pytest.approx(0.2 - 0.25) == verdict.difference.value
    assert "600 of these with none of its arms on offer: counted as 0" in told.getvalue()


@pytest.mark.parametrize("columns", [80, 60])
def test_a_narrow_terminal_shows_every_name_whole(log: Path, columns: int) -> None:
    """And no line is longer than it."""
    lines = asked(log, "buy_again.toml", columns=columns).stdout.splitlines()

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    assert any("difference, at every look" in line for line in lines)
    assert not any("se: \u00b7" in line or "one look:" in line for line in lines)


def test_all_of_more_trials_than_readers_remember_ids_are_judged() -> None:
    """230,000, by outcomes alone; where fewer fit, the lost are counted."""
    shown = SHOWN.model_copy(update={"propensities": PROMPT.propensities})
    for open_max, forgotten in ((500_000, 0), (200_000, 30_000)):
        trials = Trials(open_max=open_max)
        for number in range(230_000):
            trials.add(shown.model_copy(update={"prompt_id": f"{number}"}))
        trials.add(PROMPT_WITHDRAWN.model_copy(update={"occurred_at_ms": START_MS + 10**9}))

        assert (230_000 - forgotten, forgotten) == (len(trials.settled()), trials.forgotten)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_help_shows_a_policy_as_it_is_written(columns: int, tmp_path: Path) -> None:
    """Line by line: what stands there can be copied into a file."""
    asked = CliRunner().invoke(goeswith, ["off-policy", "--help"], terminal_width=columns)
    lines = [line.strip() for line in asked.stdout.splitlines()]
    begin, end = lines.index("[default]"), lines.index("popular = 1")
    (tmp_path / "copied.toml").write_text("\n".join(lines[begin : end + 1]))

    assert TargetPolicy(
        {"bought_together": 0.7, "popular": 0.3}, {"basket/new": {"popular": 1.0}}
    ) == read_policy(tmp_path / "copied.toml")
    assert "\\b" not in asked.stdout


def test_one_file_alone_is_refused(log: Path) -> None:
    """Prompts without outcomes say nothing."""
    words = ["off-policy", "--policy", str(log / "buy_again.toml")]
    refused = CliRunner().invoke(goeswith, [*words, "--prompts", str(log / "prompts.jsonl")])

    assert (2, True) == (refused.exit_code, "belong to --outcomes" in refused.stderr)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("popular", "cannot be read as a policy"),
        ("popular = 1", "popular: only default and contexts are known"),
        ("", "there is no arm in it"),
        ("[default]\npopular = nan", "the default of popular must be a number from 0 on"),
        ("[default]\npopular = inf", "the default of popular must be a number from 0 on"),
        (f"[default]\npopular = 1{'0' * 400}", "the default of popular must be a number from 0 on"),
        (f"[default]\na = 1{'0' * 308}\nb = 1{'0' * 308}", "sum to 1, and these to inf"),
        ("[default]\npopular = 0.7", "probabilities must sum to 1, and these to 0.7"),
        ("[default]\npopular = 0.7\nbuy_again = 0.7", "sum to 1, and these to 1.4"),
        ("[contexts.new]\npopular = 0", "policy.toml: new: probabilities must sum to 1"),
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


def test_thirds_need_not_be_written_to_the_end(tmp_path: Path) -> None:
    """Six digits sum to .999999, which is meant to be one."""
    file = tmp_path / "policy.toml"
    file.write_text("[default]\na = 0.333333\nb = 0.333333\nc = 0.333333\n")

    assert 3 == len(read_policy(file).default)


@pytest.mark.parametrize(("rare", "verdict"), [(100, False), (20, True)])
def test_no_verdict_where_many_are_left_out_and_they_are_named(rare: int, verdict: bool) -> None:
    """More than one in twenty: they may be of other shoppers than the rest."""
    half, seldom = {"buy_again": 0.5, "popular": 0.5}, {"buy_again": 0.98, "popular": 0.02}
    log = [Trial("buy_again", "", half, {}, 0.5), Trial("popular", "", half, {}, 0.1)] * 500
    log += [Trial("buy_again", "", seldom, {}, 0.5)] * rare
    found = evaluated_policy(log, TargetPolicy({"buy_again": 1.0}))
    text = io.StringIO()
    Console(file=text, width=100).print(table(found, Trials(), RewardScale()))
    said = " ".join(text.getvalue().split())

    assert f"{rare} of {1_000 + rare:,} impressions are left out, drawn below the floor: " in said
    assert f"popular in {rare}" in said
    assert verdict == ("the one that ran: " in said)
    assert verdict != said.startswith("no verdict: ")
