"""`goeswith off-policy --example`: a policy to begin with, that the same command judges."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.root import goeswith
from streams.contract.errors import NotEnough
from streams.contract.schemas.examples import PROMPT, SHOWN
from streams.experiments.impressions import Trial
from streams.experiments.off_policy.target_policy import example_policy, policy_of, read_policy

WORDS = "goeswith off-policy --policy mine.toml"


def typed(*words: str) -> Result:
    """What the command says."""
    return CliRunner().invoke(goeswith, ["off-policy", *words], env={"COLUMNS": "80"})


def outcomes(path: Path, number: int, every_s: int) -> str:
    """A file of impressions, so many seconds apart: two arms, two contexts."""
    lines = []
    for n in range(number):
        said: dict[str, Any] = {"prompt_id": f"prompt-{n}", "arm": ("popular", "buy_again")[n % 2]}
        said |= {"occurred_at_ms": PROMPT.occurred_at_ms + n * every_s * 1000}
        said |= {"context": ("basket/known", "basket/new")[n % 4 > 0], "estimates": None}
        said |= {"propensities": {"popular": 0.5, "buy_again": 0.5}}
        lines.append(SHOWN.model_copy(update=said).to_json())
    path.write_bytes(b"\n".join(lines))
    return str(path)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["basket/new", 'odd "context"', "café"]),
            st.dictionaries(
                st.sampled_from(["popular", "buy again", 'a"b', "x"]),
                st.floats(0.01, 1.0),
                min_size=1,
            ),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_an_example_can_be_read_whatever_arms_and_contexts_are_called(
    log: list[tuple[str, dict[str, float]]],
) -> None:
    """As it is, and with its contexts uncommented; every table sums to 1."""
    trials = [Trial(next(iter(chances)), context, chances, {}, 0.0) for context, chances in log]
    text = example_policy(trials, WORDS)
    by_context = re.sub(r"^# (\[contexts.*|.* = [\d.]+)$", r"\1", text, flags=re.MULTILINE)
    whole = policy_of(tomllib.loads(by_context), "mine.toml")

    assert policy_of(tomllib.loads(text), "mine.toml").default == whole.default
    assert {context for context, _ in log} == whole.contexts.keys()
    assert {arm for _, chances in log for arm in chances} == whole.default.keys()


def test_an_example_says_what_ran() -> None:
    """The mean of what was logged, an arm that was not on offer at 0."""
    log = [Trial("popular", "", {"popular": 0.2, "buy_again": 0.8}, {}, 0.0)] * 2
    log += [Trial("popular", "", {"popular": 1.0}, {}, 0.0)]
    text = example_policy(log, WORDS)
    said = tomllib.loads(text)

    assert "on average over 3 impressions" in text
    assert '# [contexts.""]  # 3 impressions' in text
    assert {"buy_again": 0.533, "popular": 0.467} == said["default"]


def test_nothing_shown_is_no_example() -> None:
    """It is said."""
    with pytest.raises(NotEnough, match="no prompt was shown"):
        example_policy([], WORDS)


def test_an_example_is_written_once_and_judged_by_the_command_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed or not; a file that is there is somebody's work."""
    monkeypatch.chdir(tmp_path)
    file = outcomes(tmp_path / "outcomes.jsonl", 2_000, 60)
    written = typed("--example", "mine.toml", "--outcomes", file)
    command = written.stdout.partition("\n\n")[2].replace("\\\n", " ")
    text = (tmp_path / "mine.toml").read_text()
    again = typed("--example", "mine.toml", "--outcomes", file)
    judged = typed(*shlex.split(command)[2:], "--json")

    assert 0 == written.exit_code
    assert "mine.toml is what ran, by 2,000 impressions" in written.stdout
    assert "--settle" not in command
    assert all(f"#   {line}" in text for line in written.stdout.partition("\n\n")[2].splitlines())
    assert {"popular": 0.5, "buy_again": 0.5} == read_policy(tmp_path / "mine.toml").default
    assert (2, text) == (again.exit_code, (tmp_path / "mine.toml").read_text())
    assert "is there already" in again.stderr
    assert pytest.approx(0.0, abs=1e-9) == json.loads(judged.stdout)["difference"]["value"]


def test_a_young_log_is_judged_by_a_shorter_settling_time(tmp_path: Path) -> None:
    """A quarter of what it spans: by the default of ten minutes nothing would be settled."""
    file = outcomes(tmp_path / "outcomes.jsonl", 1_000, 0)
    lines = (tmp_path / "outcomes.jsonl").read_text().splitlines()
    late = [
        json.dumps({**json.loads(line), "occurred_at_ms": PROMPT.occurred_at_ms + n * 200})
        for n, line in enumerate(lines)
    ]
    (tmp_path / "outcomes.jsonl").write_text("\n".join(late))
    said = typed("--example", str(tmp_path / "mine.toml"), "--outcomes", file).stdout

    assert "--settle 49" in said


def test_all_that_was_given_is_in_the_command_that_judges(tmp_path: Path) -> None:
    """Quoted for a shell, names of files whole; a settling time of one's own stays as it is."""
    log = tmp_path / "what came; so far-1.0"
    outcomes(log, 1_000, 0)
    given = ["--outcomes", str(log), "--settle", "86400", "--effective-min", "2.5", "--json"]
    said = typed("--example", str(tmp_path / "mine.toml"), *given)
    words = shlex.split(said.stdout.partition("\n\n")[2].replace("\\\n", " "))

    assert 0 == said.exit_code
    assert ["goeswith", "off-policy", "--policy", str(tmp_path / "mine.toml"), *given] == [
        words[0],
        *words[1:4],
        *[
            word
            for option in ("--outcomes", "--settle", "--effective-min")
            for word in (option, words[words.index(option) + 1])
        ],
        words[words.index("--json")],
    ]
    assert 1 == words.count("--settle")


def test_policy_and_example_are_two_questions(tmp_path: Path) -> None:
    """One of them is to be asked; what is saved comes from the topic."""
    (tmp_path / "mine.toml").write_text("[default]\npopular = 1\n")
    file, mine = outcomes(tmp_path / "outcomes.jsonl", 3, 60), str(tmp_path / "mine.toml")
    for words in ([], ["--policy", mine, "--example", str(tmp_path / "other.toml")]):
        refused = typed(*words, "--outcomes", file)

        assert 2 == refused.exit_code
        assert "--example FILE writes one to begin with" in refused.stderr
    saved = typed("--policy", mine, "--outcomes", file, "--save", str(tmp_path / "saved"))

    assert (2, False) == (saved.exit_code, (tmp_path / "saved").exists())
    both = typed("--example", str(tmp_path / "one"), "--save", str(tmp_path / "one"))

    assert (2, True) == (both.exit_code, "give two names" in both.stderr)


def test_a_file_that_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path) -> None:
    """A month of outcomes takes minutes: here there is no Kafka at all, nor a readable log."""
    (tmp_path / "mine.toml").write_text("[default]\npopular = 1\n")
    there, nowhere = str(tmp_path / "mine.toml"), str(tmp_path / "no" / "folder")
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"no outcome")
    example = ["--outcomes", str(broken), "--example"]
    for words in (example, ["--policy", there, "--save"]):
        for path, why in ((there, "is there already"), (nowhere, "cannot be written: No such")):
            refused = typed(*words, path)

            assert (2, True) == (refused.exit_code, why in " ".join(refused.stderr.split()))
    assert {"popular": 1.0} == read_policy(tmp_path / "mine.toml").default


def test_an_example_that_nothing_was_shown_for_leaves_no_file(tmp_path: Path) -> None:
    """Nor half of one."""
    file = outcomes(tmp_path / "outcomes.jsonl", 0, 60)
    said = typed("--example", str(tmp_path / "mine.toml"), "--outcomes", file)

    assert (1, True) == (said.exit_code, "no prompt was shown" in said.stderr)
    assert ["outcomes.jsonl"] == [path.name for path in tmp_path.iterdir()]
