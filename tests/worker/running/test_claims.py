"""A worker's name and port belong to one process of a machine at a time."""

import os
import socket
import subprocess
import sys
import time
import warnings

import pytest
from pydantic import SecretStr

from streams.contract.errors import Misconfigured, NameTaken
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment
from streams.worker.running.claims import claim, claim_name
from streams.worker.running.process import PunctualWorker
from streams.worker.topology import create_app

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")

HOLDER = """
import os, sys, time
from streams.contract.settings import Settings
from streams.worker.running.claims import claim
held = claim(Settings())
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(topic_prefix: str) -> Settings:
    """Of a worker whose name nobody else has."""
    return Settings(group_id=topic_prefix, worker_name="ann")


def holder(settings: Settings) -> "subprocess.Popen[str]":
    """A process that holds the name by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(settings)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_the_second_worker_of_a_name_is_refused_and_told_who_has_it(settings: Settings) -> None:
    """Before it has done anything."""
    with holder(settings) as first:
        try:
            with pytest.raises(NameTaken, match=rf"worker_name=ann .*\(process {first.pid}\)"):
                claim_name(settings, wait_s=0.2)
        finally:
            first.kill()


def test_everyone_who_is_refused_is_told_who_has_the_name(settings: Settings) -> None:
    """However many were before: a container that is started again and again asks often."""
    held = claim_name(settings, wait_s=0)
    assert held is not None
    with held:
        for _ in range(20):
            with pytest.raises(NameTaken, match=rf"\(process {os.getpid()}\)"):
                claim_name(settings, wait_s=-1)


def test_a_name_is_free_again_when_its_worker_was_killed(settings: Settings) -> None:
    """Whoever is restarted waits for the one before, if that is still ending."""
    with holder(settings) as first:
        first.kill()
        began_s = time.monotonic()
        held = claim_name(settings, wait_s=10.0)

    assert held is not None
    held.close()
    assert time.monotonic() - began_s < 5.0


def test_other_groups_and_clusters_have_their_own_names(settings: Settings) -> None:
    """And a worker that is in no group shares its name with whom it likes."""
    others = [
        settings,
        settings.model_copy(update={"worker_name": "ben"}),
        settings.model_copy(update={"group_id": f"{settings.group_id}-2"}),
        settings.model_copy(update={"kafka_bootstrap": "kafka:9092"}),
    ]
    held = [claim(one) for one in others]
    standby = claim(settings.model_copy(update={"answering": False}))

    assert None not in held
    assert standby is None
    for one in held:
        assert one is not None
        one.close()


STARTS = {
    "goeswith": ["-m", "streams", "worker"],
    "faust": ["-m", "faust", "-A", "streams.worker", "worker"],
}
"""Both ways to start a worker."""


def refused(start: str, settings: Settings, **given: str) -> str:
    """The one line of a worker that does not start, with exit code 2."""
    said = subprocess.run(
        [sys.executable, *STARTS[start]],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            **os.environ,
            **environment(settings),
            "GOESWITH_RECEIPT_SECRET": "not a secret",
            **given,
        },
    )
    assert (2, 1) == (said.returncode, len(said.stderr.splitlines())), said.stderr
    return said.stderr


def test_a_port_is_looked_for_at_the_address_that_the_page_listens_on(settings: Settings) -> None:
    """Another address of this machine may have the same port; one of another machine is said."""
    with socket.socket() as other:
        other.bind(("127.0.0.2", 0))
        other.listen()
        port = {"web_port": other.getsockname()[1], "static_membership": False}
        claim(settings.model_copy(update=port))
        for bind, said in (
            ("127.0.0.2", "of 127.0.0.2 is taken"),
            ("0.0.0.0", "of 0.0.0.0 is taken"),  # noqa: S104
            ("192.0.2.7", "GOESWITH_WEB_BIND=192.0.2.7 is no address of this machine"),
        ):
            with pytest.raises(Misconfigured, match=said):
                claim(settings.model_copy(update={**port, "web_bind": bind}))


@pytest.mark.parametrize("start", STARTS)
def test_a_port_that_is_taken_is_one_line_and_exit_code_2(settings: Settings, start: str) -> None:
    """It names the setting."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(start, settings, GOESWITH_WEB_PORT=str(port))
        with pytest.raises(Misconfigured, match="GOESWITH_WEB_PORT"):
            claim(settings.model_copy(update={"web_port": port}))

    assert f"goeswith: port {port} of 127.0.0.1 is taken by another process" in said


@pytest.mark.parametrize("start", STARTS)
def test_a_setting_that_there_is_not_is_one_line_and_exit_code_2(
    settings: Settings, start: str
) -> None:
    """With what was meant."""
    said = refused(start, settings, GOESWITH_COOLDOWN="3")

    assert "goeswith: unknown setting GOESWITH_COOLDOWN; did you mean GOESWITH_COOL_DOWN_S" in said


def test_the_second_worker_of_a_name_ends_under_faust_as_well(settings: Settings) -> None:
    """After it has waited for the first one to end."""
    brief = settings.model_copy(update={"session_timeout_s": 1.0, "heartbeat_s": 0.25})
    with holder(brief) as first:
        try:
            done = subprocess.run(
                [sys.executable, *STARTS["faust"]],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
                env={**os.environ, **environment(brief), "GOESWITH_RECEIPT_SECRET": "not one"},
            )
        finally:
            first.kill()

    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert f"on this machine (process {first.pid}): give every worker" in done.stderr


def test_what_is_claimed_under_faust_is_held_while_the_worker_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The port that an option of Faust's may name; where there is no page, none."""
    app = create_app(settings.model_copy(update={"receipt_secret": SecretStr("not a secret")}))
    with socket.socket() as other, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Faust's own command sets these as late
        other.bind(("127.0.0.1", 0))
        other.listen()
        app.conf.web_port = other.getsockname()[1]
        worker = PunctualWorker(app, claiming=settings)
        with pytest.raises(SystemExit, match="2"):
            worker._claimed()
        app.conf.web_enabled = False
        with worker._claimed(), pytest.raises(NameTaken):
            claim_name(settings, wait_s=-1)
        with PunctualWorker(app)._claimed():
            free = claim_name(settings, wait_s=-1)

    assert f"goeswith: port {app.conf.web_port} of 127.0.0.1 is taken" in capsys.readouterr().err
    assert free is not None
    free.close()
