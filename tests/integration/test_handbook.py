"""The procedures of the handbook, typed as they stand: each ends with all that was known, once.

Blocks fenced as `console procedure` are those. In the place of a worker that is started the log is
folded on top of the last checkpoint, as a worker does; and another prefix stands for another
cluster, because one broker runs here.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import create_topics
from streams.shop.shop import Shop
from tests.integration.operators import Operator, commit
from tests.integration.test_topics_as_they_are import learned
from tests.integration.workers import send, views
from tests.stories import OPEN
from tests.test_docs import fenced, page

PROCEDURE = ["console", "procedure"]
AT_A_NEW_CLUSTER = ["export", "GOESWITH_KAFKA_BOOTSTRAP=new-kafka:9092"]


class Procedure(NamedTuple):
    """One block, and the heading that it is under."""

    heading: str
    lines: list[str]


def procedures() -> Iterator[Procedure]:
    """All of the handbook, in its order."""
    for section in page("operations.md").split("\n#")[1:]:
        heading, _, text = section.lstrip("#").partition("\n")
        for block in fenced(text):
            if block.info == PROCEDURE:
                yield Procedure(heading.strip(), block.typed)


PROCEDURES = [*procedures()]


class Terminal:
    """Where somebody types, with the settings of a shop."""

    def __init__(self, settings: Settings) -> None:
        self.environment = environment(settings)
        self._other = f"{settings.topic_prefix}-2"

    def type(self, line: str) -> None:
        """Type a line; fails if it does."""
        words = shlex.split(line, comments=True)
        if words == AT_A_NEW_CLUSTER:
            words = ["export", "GOESWITH_TOPIC_PREFIX=shop2"]
        words = [word.replace("shop2", self._other) for word in words]
        program, *arguments = words
        if program == "export":
            self.environment |= dict(word.split("=", maxsplit=1) for word in arguments)
            return
        assert "goeswith" == program, line
        done = self.goeswith(*(("checkpoint", "save") if "worker" in arguments else arguments))
        assert 0 == done.exit_code, (line, done.output)

    def goeswith(self, *words: str) -> Result:
        """What a command of ours says."""
        return CliRunner().invoke(goeswith, words, env=self.environment)


@pytest.mark.parametrize(
    "procedure", PROCEDURES, ids=[f"{at} {one.heading}" for at, one in enumerate(PROCEDURES)]
)
def test_a_procedure_of_the_handbook_keeps_what_is_known(
    procedure: Procedure,
    kafka: str,
    topic_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is lost of it, and nothing learned twice."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        **OPEN,
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        group_id=topic_prefix,
        partitions=2,
        checkpoint_url="kafka:",
        clock_skew_s_max=1e10,
    )
    create_topics(settings)
    events, operator = list(views(40)), Operator(settings)
    for half in (events[:20], events[20:]):
        send(settings, half)
        at = operator.asks("checkpoint", "save")["position"]
    commit(settings, {int(number): offset for number, offset in at.items()})
    operator.asks("checkpoint", "load", "store", "nightly.checkpoint")
    terminal = Terminal(settings)
    for line in procedure.lines:
        terminal.type(line)
    found = json.loads(terminal.goeswith("checkpoint", "inspect", "--json").stdout)
    shop = Shop(settings)
    for offset, event in enumerate(events):
        shop.learn(0, offset, event)

    assert (len(events), learned(shop.digests())) == (found["events"], learned(found["digests"]))


def test_the_handbook_has_a_procedure_for_each_of_these() -> None:
    """Whoever takes one away takes it away here, too."""
    assert [
        "More workers, or fewer",
        "How long events are kept",
        *["Restoring after a loss"] * 4,
        "Encryption at rest",
        *["Another number of partitions"] * 2,
        "Another cluster, and mirrors",
    ] == [one.heading for one in PROCEDURES]
