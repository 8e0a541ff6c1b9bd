"""Names that a search finds: the field's term in a first line, and one class of each name."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TERMS = {
    "thompson sampling": "bandit/thompson.py",
    "linear thompson sampling": "bandit/linear/thompson.py",
    "sufficient statistics": "bandit/linear/sums.py",
    "shrinkage": "bandit/shrinkage.py",
    "changepoint detection": "bandit/changepoints.py",
    "delayed rewards": "bandit/delayed_rewards.py",
    "effective records": "bandit/effective_records.py",
    "seasonality": "bandit/swings.py",
    "confidence sequence": "evaluation/confidence_sequences.py",
    "off-policy evaluation": "evaluation/off_policy.py",
    "sample ratio mismatch": "evaluation/sample_ratio.py",
    "cuped": "evaluation/uplift.py",
    "co-occurrence": "recommenders/cooccurrence.py",
    "relation typing": "recommenders/pair_table/substitutes.py",
    "second-order co-occurrence": "recommenders/best_fit/second_hop.py",
    "learning to rank": "recommenders/best_fit/ranker.py",
    "session knn": "recommenders/session_knn.py",
    "inverse document frequency": "recommenders/session_index/rarity.py",
    "record layouts": "recommenders/session_index/records.py",
    "eviction": "decay/eviction.py",
    "forward decay": "decay/forward.py",
}


@pytest.mark.parametrize("term", TERMS)
def test_the_field_s_term_is_in_the_first_line_of_its_module(term: str) -> None:
    """Who searches for it lands there, without knowing a word of ours."""
    first, *_ = (ROOT / "models" / TERMS[term]).read_text().splitlines()

    assert term in first.lower()


def test_no_class_of_the_models_has_the_name_of_another() -> None:
    """Of none in the models, private ones included, and of none in the streams."""
    homes: dict[str, list[str]] = defaultdict(list)
    for package in ("models", "streams"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    homes[node.name].append(str(path.relative_to(ROOT)))

    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert {} == {n: paths for n, paths in twice.items() if any("models/" in p for p in paths)}
