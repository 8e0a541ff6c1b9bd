"""The session that README and docs show, typed as it stands, on a real Kafka and a real Redis."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.test_docs import PAGES, README, simple, typed_commands

ELSEWHERE = {
    *("demo", "replay", "bench", "intake", "checkpoint", "catalog", "control", "feed"),
    *("guardrails", "why", "why-not"),
}
"""Commands that take minutes as the pages type them, or files and logs of a page's own story; tests
of their own run them in small."""
LASTING = {"worker", "gateway", "exporter", "console"}
"""Commands that run until they are stopped."""
CHECKOUT = Path(__file__).parents[2]
RUN_S_MAX = 90.0
FIRST_PROMPTS_S_MAX = 300.0
"""How long a look is repeated that finds too little yet: a busy machine has fewer shoppers."""


def lines(text: str, kinds: set[str], *, others: bool = False) -> list[str]:
    """The lines of a text that call goeswith with one of these commands (or with any other).

    No line that gives the topics another number of partitions is among them: it needs a group that
    has ended, and is typed by ``test_repartition``.
    """
    found = []
    for line in dict.fromkeys(typed_commands(text)):
        called = [words[1:] for words in simple(line) if words[0] == "goeswith"]
        moves = any(words[:2] == ["topics", "repartition"] for words in called)
        if called and not moves and any(words[0] in kinds for words in called) != others:
            found.append(line)
    return found


@contextmanager
def running(line: str, environment: dict[str, str], folder: Path, log: str) -> Iterator[None]:
    """A line of a page in the background, for the length of a block; it must end in order."""
    with (folder / log).open("w") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec env {line}"],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=output,
        )
        try:
            yield
        finally:
            process.terminate()
            code = process.wait(RUN_S_MAX)
    assert 0 == code, (folder / log).read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout: what lies in ours, and what the pages write, which stays here."""
    for entry in CHECKOUT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


@pytest.fixture
def environment(kafka: str, redis_url: str, topic_prefix: str) -> dict[str, str]:
    """What the shell of a reader would have in it."""
    settings: dict[str, Any] = {
        "kafka_bootstrap": kafka,
        "redis_url": redis_url,
        "topic_prefix": topic_prefix,
        "group_id": topic_prefix,
        "receipt_secret": "not a secret",
        "session_timeout_s": 6.0,
    }
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = {f"GOESWITH_{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, "PATH": programs, **told}


@pytest.mark.timeout(900)
def test_what_the_pages_type_does_what_they_say(environment: dict[str, str], folder: Path) -> None:
    """Topics, README's two workers, shoppers, and a look at all of it: every line ends with 0."""
    written = "\n".join(PAGES.values())
    looks = lines(written, ELSEWHERE | LASTING | {"topics"}, others=True)
    for line in lines(written, {"topics"}):
        typed = ["bash", "-euc", line]
        subprocess.run(typed, env=environment, cwd=folder, check=True, timeout=RUN_S_MAX)
    with ExitStack() as street:
        for number, line in enumerate(lines(README, LASTING)):
            street.enter_context(running(line, environment, folder, f"worker-{number}.log"))
        street.enter_context(
            running("goeswith simulate --seconds 3600", environment, folder, "shoppers.log")
        )
        assert looks
        for line in looks:
            done = _typed(line, environment, folder)
            assert 0 == done.returncode, f"{line}: {done.stdout}{done.stderr}"
            assert done.stdout.strip(), f"{line} says nothing"


def _typed(
    line: str, environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    """A line as typed; a second time where the first prompts are still to come."""
    deadline = time.monotonic() + FIRST_PROMPTS_S_MAX
    while True:
        done = subprocess.run(
            ["bash", "-euc", line],
            env=environment,
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=RUN_S_MAX,
        )
        if done.returncode == 0 or time.monotonic() > deadline:
            return done
