"""What stands in examples/ runs, as it stands there."""

import doctest
import itertools
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models import Recommender
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.experiments.off_policy.target_policy import read_policy
from streams.lab.embedded.broker import EmbeddedBroker
from streams.shop.decision.arms import ARMS
from tests.scenarios.storefront import PATIENCE_S, Storefront, Worker
from tests.stories import OPEN

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
RECOMMENDER = str(EXAMPLES / "recommender.py")


@pytest.fixture
def open_shop(tmp_path: Path, topic_prefix: str) -> Iterator[Storefront]:
    """A running worker on an embedded broker, and what is published there."""
    settings: dict[str, Any] = {
        **OPEN,
        "topic_prefix": topic_prefix,
        "partitions": 1,
        "kafka_api_version": "2.0",
        "fetch_wait_fixed": True,
    }
    names = Settings(**settings).topics.declared()
    with EmbeddedBroker(dict.fromkeys(names, 1)) as broker:
        settings["kafka_bootstrap"] = broker.bootstrap
        worker = Worker(settings, tmp_path / "worker.log")
        try:
            with Storefront(Settings(**settings), worker) as store:
                yield store
            assert 0 == worker.stop(), worker.said()
        finally:
            worker.kill()


def run(store: Storefront, name: str, **more: str) -> str:
    """What an example prints."""
    settings = store.settings
    reached = {
        "BOOTSTRAP": settings.kafka_bootstrap,
        "API_VERSION": settings.kafka_api_version,
        "PREFIX": settings.topic_prefix,
    }
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        env={**os.environ, **reached, **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_a_backend_and_a_storefront_need_nothing_but_kafka(open_shop: Storefront) -> None:
    """Events in, prompts out, and the receipt that comes back is believed: there is an outcome."""
    assert "sent 8 events" in run(open_shop, "producer.py")
    open_shop.wait_for(lambda: open_shop.prompts() or None, "prompt")
    titles = {"bread": "Fresh bread", "butter": "Butter, salted"}
    for item_id, title in titles.items():
        open_shop.sell(CatalogItem(item_id=item_id, titles={"en": title}))

    shown = run(open_shop, "storefront.py", PROMPTS_MAX="1")
    (outcome, *_) = open_shop.wait_for(lambda: open_shop.outcomes() or None, "outcome")

    first = open_shop.prompts()[0]
    items = ", ".join(titles.get(item.item_id, item.item_id) for item in first.items)
    title = titles.get(first.reason.anchor or "", first.reason.anchor or "")
    why = (first.reason.template or "").replace("{anchor}", title)
    assert shown == f"{first.anchor}: {items} ({why})\n"
    assert (outcome.prompt_id, outcome.stage) == (first.prompt_id, "shown")
    assert not open_shop.dead_letters()


def test_the_policy_names_arms_that_there_are(tmp_path: Path) -> None:
    """As `goeswith off-policy --policy` reads it, and in any log.

    Nobody need have come back, and segments may be any: a name that the log lacks is refused.
    """
    policy = read_policy(EXAMPLES / "policy.toml")
    text = (EXAMPLES / "policy.toml").read_text()
    head, named = text.split("# [", 1)
    (tmp_path / "named.toml").write_text(head + "[" + named.replace("\n# ", "\n"))

    assert policy.default.keys() == ARMS.keys() - {"buy_again", "best_fit"}
    assert not policy.contexts
    assert read_policy(tmp_path / "named.toml").propensities(
        {"popular", "bought_together"}, "basket/known"
    ) == {"bought_together": 0.9, "popular": 0.1}


def untaught() -> Recommender:
    """The recommender of the example, which has learned nothing yet."""
    recommender: Recommender = runpy.run_path(RECOMMENDER)["NextItem"]()
    return recommender


def test_the_recommender_says_what_its_docstring_says() -> None:
    """Its example is a doctest."""
    names = runpy.run_path(RECOMMENDER)
    (example,) = doctest.DocTestFinder().find(names["NextItem"], "NextItem", False, names)[:1]

    assert doctest.TestResults(0, 3) == doctest.DocTestRunner().run(example)


def test_the_recommender_learns_the_same_in_any_order_and_goes_on_from_its_state() -> None:
    """What the fold asks of a recommender."""
    lessons = [(["bread"], "butter", 1.7e9), (["bread"], "jam", 1.75e9), (["tea"], "milk", 1.8e9)]
    states = []
    for order in itertools.permutations(lessons):
        recommender = untaught()
        for before, item, time_s in order:
            recommender.learn_one(before, item, time_s=time_s)
        states.append(recommender.state())
    restored = untaught()
    restored.restore(states[0])

    assert [states[0]] * len(states) == states
    assert restored.state() == states[0]
    assert [found.item for found in restored.recommend(["bread"], 3)] == ["jam", "butter"]
    assert [found.item for found in restored.recommend(["bread"], 3, exclude={"jam"})] == ["butter"]
