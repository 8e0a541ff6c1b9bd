"""A till aborts what it had begun to send: nobody has bought anything, and nothing is learned."""

import json
import os
from typing import Any

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.contract.events import Event
from streams.lab.embedded.worker_process import environment
from tests.scenarios.storefront import Storefront
from tests.stories import Story
from tests.transactions import transact

ON_KAFKA = pytest.mark.parametrize(
    "street", [pytest.param("kafka", marks=pytest.mark.integration)], indirect=True
)
"""The embedded broker knows no transactions."""


def asked(storefront: Storefront, *words: str) -> Any:
    """The JSON that a command prints."""
    env = {**os.environ, **environment(storefront.settings)}
    result = CliRunner().invoke(goeswith, [*words, "--json"], env=env)
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def street(street: dict[str, Any]) -> dict[str, Any]:
    """A shop with an experiment in which as good as nobody is held out."""
    return {**street, "holdout_share": 1e-9}


@ON_KAFKA
def test_baskets_of_an_aborted_transaction_teach_nothing(
    storefront: Storefront, now_ms: int
) -> None:
    """Vodka asks five times, and is told nothing of nappies; no report knows of the ghosts."""
    ghosts: list[Event] = []
    for number in range(5):
        story = Story(f"ghost-{number}", start_ms=now_ms)
        ghosts += [story.add("vodka"), story.add("nappies"), story.order("vodka", "nappies")]
    transact(storefront.settings, ghosts, commit=False)
    past = Story("past", start_ms=now_ms)
    storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    asking = [Story(f"ann-{n}", start_ms=now_ms + 60_000).add("vodka") for n in range(5)]
    storefront.send(*asking)
    prompts = [storefront.answer_to(event) for event in asking]
    uplift = asked(storefront, "uplift")

    offered = {item.item_id for prompt in prompts for item in prompt.items}
    assert offered <= {"bread", "butter"}
    assert {past.session_id, *(event.session_id for event in asking)} == {
        prompt.session_id for prompt in storefront.prompts()
    }
    assert 6 == uplift["held_out"] + uplift["prompted"]
