"""A shop's server in Node, Java and shell, as examples/ has them, on a real Kafka."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from streams.clients.connection.addresses import free_port
from streams.contract.settings import Settings
from streams.contract.wire.partitioner import partition_of
from streams.operations.topics import create_topics
from tests.scenarios.storefront import PATIENCE_S, Storefront, Worker
from tests.scenarios.test_gateway import ADDRESS, GOESWITH_GATEWAY, KEY, until
from tests.stories import OPEN

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
LINES_MAX = 80
INSTALL_S_MAX = 240.0
PARTITIONS = 5
"""More than two: that a wrong partitioner meets the right partition is not to be expected."""
TEACHINGS = 3
CHARACTERS = "sitzung-ñ-訪問"
"""A session whose key is more bytes than letters: clients hash the bytes of UTF-8."""


class Program(NamedTuple):
    """An example: what it needs, what installs that, and how it is started, in its folder."""

    folder: str
    needs: tuple[str, ...]
    install: tuple[str, ...]
    start: tuple[str, ...]
    file: str


OVER_KAFKA = {
    "node": Program("node", ("node", "npm"), ("npm", "ci"), ("node", "shop.mjs"), "shop.mjs"),
    "java": Program(
        "java",
        ("java", "javac", "mvn"),
        ("mvn", "-q", "-B", "-C", "dependency:copy-dependencies"),
        ("java", "-cp", "jars/*", "Shop.java"),
        "Shop.java",
    ),
}
OVER_HTTP = {
    "node": Program("node", ("node",), (), ("node", "gateway.mjs"), "gateway.mjs"),
    "curl": Program(".", ("curl", "sh"), (), ("sh", "gateway.sh"), "gateway.sh"),
}


class Open(NamedTuple):
    """A shop that knows what goes with bread, and its gateway's address."""

    store: Storefront
    gateway: str

    @property
    def environment(self) -> dict[str, str]:
        """What the examples are told."""
        settings = self.store.settings
        return {
            **os.environ,
            "BOOTSTRAP": settings.kafka_bootstrap,
            "PREFIX": settings.topic_prefix,
            "GATEWAY": self.gateway,
            "KEY": KEY,
        }


@pytest.fixture(scope="module")
def shop(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A worker and a gateway on a real Kafka, taught by the example in Python."""
    folder = tmp_path_factory.mktemp("shop")
    prefix = f"test-{folder.name}-{os.getpid()}"
    names = {"kafka_bootstrap": kafka, "topic_prefix": prefix, "group_id": prefix}
    settings: dict[str, Any] = {**OPEN, **names, "partitions": PARTITIONS}
    create_topics(Settings(**settings))
    worker = Worker(settings, folder / "worker.log")
    asked = {**settings, "gateway_keys": KEY, "gateway_port": 0, "gateway_wait_ms_max": 30_000}
    gateway = Worker(asked, folder / "gateway.log", GOESWITH_GATEWAY)
    try:
        with Storefront(Settings(**settings), worker) as store:
            address = until(lambda: ADDRESS.search(gateway.said()))[1]
            opened = Open(store, address)
            for _ in range(TEACHINGS):
                ran([sys.executable, str(EXAMPLES / "producer.py")], EXAMPLES, opened.environment)
            store.wait_for(lambda: store.prompts() or None, "prompt")
            yield opened
    finally:
        worker.kill()
        gateway.kill()


def ran(
    command: list[str], folder: Path, environment: dict[str, str], s_max: float = PATIENCE_S
) -> str:
    """What a program prints; it ends well."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=s_max,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def installed(program: Program, folder: Path) -> Path:
    """A copy of the example with all that it needs."""
    missing = [name for name in program.needs if shutil.which(name) is None]
    if missing:
        said = f"no {', '.join(missing)} here: .ci/install as root installs what the examples need"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    if not program.install:
        return EXAMPLES / program.folder
    copy = folder / program.folder
    shutil.copytree(EXAMPLES / program.folder, copy, ignore=shutil.ignore_patterns("node_modules"))
    ran([*program.install], copy, dict(os.environ), INSTALL_S_MAX)
    return copy


def written(settings: Settings, session_id: str) -> list[tuple[int, dict[str, Any]]]:
    """Partition and content of each event whose key is this session, in order."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False)
    try:
        everywhere = [TopicPartition(settings.topics.events, p) for p in range(PARTITIONS)]
        consumer.assign(everywhere)
        ends = consumer.end_offsets(everywhere)
        consumer.seek_to_beginning()
        found = []
        while any(consumer.position(each) < ends[each] for each in everywhere):
            for at, records in consumer.poll(timeout_ms=100).items():
                of_session = [r for r in records if r.key == session_id.encode()]
                found += [(at.partition, json.loads(record.value)) for record in of_session]
    finally:
        consumer.close()
    return found


def check_story(shop: Open, session_id: str) -> None:
    """The add and the feedback are where Python writes them, and the prompt was believed shown."""
    records = written(shop.store.settings, session_id)
    here = partition_of(session_id.encode(), PARTITIONS)
    (prompt,) = [p for p in shop.store.prompts() if p.session_id == session_id]
    outcome = shop.store.wait_for(
        lambda: next((o for o in shop.store.outcomes() if o.session_id == session_id), None),
        "outcome",
    )

    assert ["item_added", "prompt_shown"] == [event["type"] for _, event in records]
    assert {here} == {partition for partition, _ in records}
    assert prompt.caused_by == records[0][1]["event_id"]
    assert (prompt.prompt_id, "shown") == (outcome.prompt_id, outcome.stage)


@pytest.mark.parametrize("session", ["visit-7", CHARACTERS], ids=["letters", "characters"])
@pytest.mark.parametrize("language", OVER_KAFKA)
def test_a_server_speaks_with_kafka(
    shop: Open, language: str, session: str, tmp_path: Path
) -> None:
    """One add, answered; partitions are chosen as by Python, so that a visit stays on one."""
    program, session_id = OVER_KAFKA[language], f"{language}-{session}"
    folder = installed(program, tmp_path)
    said = ran([*program.start], folder, {**shop.environment, "SESSION": session_id})
    here = partition_of(session_id.encode(), PARTITIONS)
    shop.store.wait_for(lambda: _answered(shop, session_id), "prompt")

    assert f"sent item_added to partition {here}\n" in said
    assert re.search(r"^bread: \w+.* \(.+\)$", said, re.MULTILINE)
    assert said.endswith(f"sent prompt_shown to partition {here}\n")
    check_story(shop, session_id)


@pytest.mark.parametrize("language", OVER_HTTP)
def test_a_server_speaks_with_the_gateway(shop: Open, language: str, tmp_path: Path) -> None:
    """The same without a Kafka client: token, event, prompt, feedback."""
    program, session_id = OVER_HTTP[language], f"{language}-over-http"
    folder = installed(program, tmp_path)
    said = ran([*program.start], folder, {**shop.environment, "SESSION": session_id})
    shop.store.wait_for(lambda: _answered(shop, session_id), "prompt")

    assert "bread" in said
    if language == "curl":
        answer, shown, *stream, told = filter(None, said.split("\n"))
        (prompt,) = json.loads(answer)["prompts"]
        assert [prompt["prompt_id"]] == [p["prompt_id"] for p in json.loads(shown)["prompts"]]
        assert ["event: prompt"] == [line for line in stream if line.startswith("event: ")]
        assert 1 == json.loads(told)["accepted"]
    check_story(shop, session_id)


@pytest.mark.parametrize("program", OVER_HTTP.values(), ids=OVER_HTTP)
def test_where_no_gateway_is_one_line_says_so(program: Program, tmp_path: Path) -> None:
    """And the exit code is not 0; nothing more is tried."""
    folder, nobody = installed(program, tmp_path), f"http://127.0.0.1:{free_port()}"
    done = subprocess.run(
        program.start,
        cwd=folder,
        env={**os.environ, "GATEWAY": nobody, "KEY": KEY},
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert 0 != done.returncode
    assert ("", 1) == (done.stdout, done.stderr.count("\n"))


@pytest.mark.parametrize(
    "program", [*OVER_KAFKA.values(), *OVER_HTTP.values()], ids=lambda program: program.file
)
def test_an_example_is_read_in_one_go(program: Program) -> None:
    """Eighty lines of a hundred columns, and its first lines say how it is started."""
    text = (EXAMPLES / program.folder / program.file).read_text()

    assert text.count("\n") <= LINES_MAX
    assert max(map(len, text.splitlines())) <= 100
    assert program.file in text


def _answered(shop: Open, session_id: str) -> bool | None:
    return any(p.session_id == session_id for p in shop.store.prompts()) or None
