"""Recommenders beside a peer: what the benchmark says of a run, and the peer itself."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.lab.bench.recommenders.groceries import hidden
from streams.lab.bench.recommenders.models_report import ratios, section
from streams.lab.bench.recommenders.plain_knn import PEER, PlainSessionKnn
from streams.lab.evaluate.logs.sessions import LoggedSession, in_time, moment
from streams.lab.replay.baskets import Basket, BasketLine

SESSIONS = [("bread", "butter"), ("bread", "jam"), ("tea", "milk")]


def figures(**given: float | None) -> dict[str, dict[str, Any]]:
    """The figures of a model, the same in both regimes."""
    all_of_them = {
        "examples": 1_000,
        "hr@20": 0.5,
        "mrr@20": 0.2,
        "coverage@20": 0.9,
        "learn_us": 2.0,
        "recommend_us": 100.0,
        "recommend_us_p99": 200.0,
        "bytes": 1 << 20,
    }
    return dict.fromkeys(("published", "cross_sell"), all_of_them | given)


def report(**models: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The report of a run with these models beside the peer."""
    found = {PEER: figures(), **models}
    counts = dict.fromkeys(("train_events", "train_sessions", "data_events", "data_sessions"), 9)
    return {**counts, "models": found, "ratios": ratios(found)}


def learned(knn: PlainSessionKnn, sessions: Sequence[tuple[str, ...]]) -> None:
    """Teach it these sessions."""
    log = [
        LoggedSession(items, (float(n),) * len(items), session_id=f"s{n}")
        for n, items in enumerate(sessions)
    ]
    for number, place in in_time(log):
        knn.learn(moment(log[number], place), log[number].items[place], "")


def offered(knn: PlainSessionKnn, *items: str, session_id: str = "new") -> list[str]:
    """What it offers to a session with these items."""
    asked = moment(
        LoggedSession((*items, "?"), (9.0,) * (len(items) + 1), "", session_id), len(items)
    )
    return knn.offer(asked, 20)


def test_the_peer_offers_what_similar_sessions_hold() -> None:
    """Bread has two votes of 1 + ln 3/2; butter and jam one of 1 + ln 3 each, by their ids."""
    knn = PlainSessionKnn()
    learned(knn, SESSIONS)

    assert ["bread", "butter", "jam"] == offered(knn, "bread")
    assert [] == offered(knn, "yeast")


def test_the_peer_may_leave_out_what_is_looked_at() -> None:
    """As Serenade does."""
    knn = PlainSessionKnn(current=False)
    learned(knn, SESSIONS)

    assert ["butter", "jam"] == offered(knn, "bread")


def test_the_peer_is_no_neighbour_of_its_own() -> None:
    """The running session is in the index when it learns online."""
    knn = PlainSessionKnn()
    learned(knn, SESSIONS)

    assert [] == offered(knn, "tea", session_id="s2")


def test_figures_are_compared_with_the_peers_of_the_same_run() -> None:
    """And what was lost is said as loudly as what was won."""
    lines = section(report(best_fit=figures(**{"hr@20": 0.55, "mrr@20": 0.19, "recommend_us": 50})))

    assert "- reached: published: best_fit's hr@20, of vmis_knn's: 1.1, wanted at least 1" in lines
    assert "- MISSED: published: best_fit's mrr@20, of vmis_knn's: 0.95, wanted at least 1" in lines
    assert "- reached: best_fit's time to recommend, of vmis_knn's: 0.5, wanted at most 1" in lines


def test_where_there_is_no_example_there_is_no_ratio() -> None:
    """Nor an error."""
    nothing = figures(**dict.fromkeys(("hr@20", "mrr@20", "recommend_us"), None))
    found = report(markov=nothing)

    assert found["ratios"]["markov"]["published"]["hr@20"] is None
    assert any(line.startswith("| markov | - | - |") for line in section(found))


def test_a_grocery_basket_hides_its_last_item() -> None:
    """Bought twice is in the basket once."""
    lines = tuple(BasketLine(item, 1, 100) for item in ("bread", "milk", "bread", "tea"))
    session = hidden(Basket("b1", "ada", 1_500_000_000_000, 0, lines))

    assert ("bread", "milk", "tea") == session.items
    assert 2 == session.judged_from
    assert {1_500_000_000.0} == set(session.times_s)


@pytest.mark.parametrize("mode", ["frozen", "online"])
def test_a_run_prints_one_object(tmp_path: Path, mode: str) -> None:
    """With the peer, our models, and each model's ratios to it."""
    path = tmp_path / "sessions.txt"
    path.write_text("bread butter jam\nbread butter jam\nmilk tea\n")
    words = ["--train", str(path), "--data", str(path), "--format", "sequences", "--mode", mode]
    result = CliRunner().invoke(goeswith, ["bench", "models", *words, "--json"])
    found = json.loads(result.stdout)

    assert {PEER, "markov", "cooccurrence"} <= set(found["models"])
    assert set(found["models"]) == set(found["ratios"])
    assert 1.0 == found["ratios"][PEER]["published"]["recommend_us"]


def test_a_file_needs_its_format() -> None:
    """Said before anything is read."""
    result = CliRunner().invoke(goeswith, ["bench", "models", "--data", "nowhere"])

    assert 2 == result.exit_code
    assert "--data needs --format" in result.output
