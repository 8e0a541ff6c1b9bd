"""`goeswith evaluate`, as it is typed."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith

TRAIN = "bread butter\nbread butter jam\nbread jam\n"
DATA = "bread butter bread\njam yeast\n"
ASKED = {
    "examples",
    "hr@1",
    "hr@5",
    "hr@20",
    "mrr@20",
    "coverage@20",
    "cold_share",
    "learn_us",
    "recommend_us",
    "recommend_us_p99",
    "bytes",
}
GATES = {"association_rules": (0.4354, 0.1447), "session_knn": (0.5181, 0.1832)}
"""HR@20 and MRR@20 of plain reimplementations on Diginetica, frozen after training, within .003."""
NAMES = {
    "popularity",
    "association_rules",
    "markov",
    "cooccurrence",
    "session_knn",
    "best_fit",
}


def evaluate(tmp_path: Path, *words: str) -> Result:
    """What the command says of the two small files."""
    train, data = tmp_path / "train.txt", tmp_path / "data.txt.gz"
    train.write_text(TRAIN)
    data.write_bytes(gzip.compress(DATA.encode()))
    named = ("--train", str(train), "--data", str(data), "--format", "sequences")
    return CliRunner().invoke(goeswith, ["evaluate", *named, *words])


def report(tmp_path: Path, *words: str) -> dict[str, Any]:
    """The JSON that it prints."""
    result = evaluate(tmp_path, "--json", *words)
    assert 0 == result.exit_code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_model_is_judged_in_both_regimes(tmp_path: Path) -> None:
    """With all that was asked for under each of them."""
    found = report(tmp_path)

    assert NAMES == set(found["models"])
    assert (3, 7, 2, 5) == tuple(
        found[name] for name in ("train_sessions", "train_events", "data_sessions", "data_events")
    )
    for regimes in found["models"].values():
        assert {"published", "cross_sell"} == set(regimes)
        assert all(set(figures) >= ASKED for figures in regimes.values())
        assert (3, 2) == tuple(figures["examples"] for figures in regimes.values())


def test_only_who_learns_to_rank_spends_time_on_it(tmp_path: Path) -> None:
    """From the last examples of the training, and none when none are asked for."""
    for words, learners in (((), {"best_fit"}), (("--rank-last", "0"), set())):
        models = report(tmp_path, *words)["models"]
        spent = {name for name in models if models[name]["published"]["learn_rank_us"] is not None}

        assert learners == spent


def test_one_model_may_be_chosen_and_several(tmp_path: Path) -> None:
    """By their names."""
    words = ("--model", "markov", "--model", "popularity")

    assert {"markov", "popularity"} == set(report(tmp_path, *words)["models"])


def test_learning_from_the_data_changes_the_figures(tmp_path: Path) -> None:
    """Butter to bread is learned online, and the mode is said."""
    frozen, online = (
        report(tmp_path, "--model", "markov", "--mode", mode) for mode in ("frozen", "online")
    )

    assert ("frozen", "online") == (frozen["mode"], online["mode"])
    assert (
        frozen["models"]["markov"]["published"]["bytes"]
        < (online["models"]["markov"]["published"]["bytes"])
    )


def test_intervals_come_on_request(tmp_path: Path) -> None:
    """With the seed that is given."""
    (figures, again) = (
        report(tmp_path, "--model", "markov", "--bootstrap", "50", "--seed", "7")["models"]
        for _ in range(2)
    )

    assert "intervals" not in report(tmp_path, "--model", "markov")["models"]["markov"]["published"]
    intervals = figures["markov"]["published"]["intervals"]
    assert intervals == again["markov"]["published"]["intervals"]
    assert [0.0, 0.5] == intervals["hr@20"]


def test_a_person_reads_tables(tmp_path: Path) -> None:
    """That fit on a terminal of 80 columns."""
    result = evaluate(tmp_path, "--bootstrap", "20")

    assert 0 == result.exit_code
    assert "association_rules" in result.stdout
    assert "cross_sell" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """And exit code 2, since the one who typed it has to change it."""
    words = ["evaluate", "--data", str(tmp_path / "nowhere"), "--format", "sequences"]
    words += ["--mode", "online"]
    result = CliRunner().invoke(goeswith, words)

    assert 2 == result.exit_code
    assert f"goeswith: {tmp_path / 'nowhere'}: No such file or directory\n" == result.output


def test_frozen_models_have_to_be_trained(tmp_path: Path) -> None:
    """Or there is nothing to judge."""
    words = ["evaluate", "--data", str(tmp_path / "data"), "--format", "sequences"]
    result = CliRunner().invoke(goeswith, words)

    assert 2 == result.exit_code
    assert "--mode frozen needs --train" in result.output


@pytest.mark.skipif(
    "GOESWITH_DATA" not in os.environ,
    reason="GOESWITH_DATA names no folder with diginetica_train.txt.gz and diginetica_test.txt.gz",
)
@pytest.mark.parametrize("model", GATES)
def test_plain_models_reach_their_figures_on_diginetica(model: str) -> None:
    """Files of the split by SR-GNN: 60,858 examples."""
    folder = Path(os.environ["GOESWITH_DATA"])
    files = ("--train", folder / "diginetica_train.txt.gz", "--data")
    words = (*files, folder / "diginetica_test.txt.gz", "--format", "sequences", "--json")
    result = CliRunner().invoke(goeswith, ["evaluate", *map(str, words), "--model", model])
    figures = json.loads(result.stdout)["models"][model]["published"]

    assert 60_858 == figures["examples"]
    assert GATES[model] == pytest.approx((figures["hr@20"], figures["mrr@20"]), abs=0.003)
