"""docker-compose.yml without Docker: its commands as processes of this machine.

Services that the image of goeswith runs are started here by the file's own command and
environment, in the order of its conditions, each with its own health check. Names and ports of the
file's network become addresses of this machine; Kafka and Redis, whose images we do not have, are
the tests' own.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from streams.clients.connection.addresses import free_port
from tests.scenarios.storefront import GOESWITH_WORKER

ROOT = Path(__file__).parent.parent.parent
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = tuple(name for name, service in SERVICES.items() if service["image"] == "goeswith")
WEB_PORT = "GOESWITH_WEB_PORT"
PORT_OPTION = {"gateway": "GOESWITH_GATEWAY_PORT", "console": "GOESWITH_CONSOLE_PORT"}
"""The setting of the port that a service has by default, in a container of its own."""
PATIENCE_S = 90.0
GOESWITH = GOESWITH_WORKER[:-1]


def filled_in(text: str, given: dict[str, str]) -> str:
    """A value of the file with what `docker compose` puts in from its environment.

    >>> filled_in("${A:?say it} ${B:-none}", {"A": "1"})
    '1 none'
    """

    def value(found: re.Match[str]) -> str:
        name, how, otherwise = found.groups()
        if given.get(name):
            return given[name]
        assert how != ":?", f"{name}: {otherwise}"
        return otherwise or ""

    return re.sub(r"\$\{(\w+)(?:(:[?-])([^}]*))?\}", value, text)


class Composed:
    """The services of the file that are ours, on a Kafka and a Redis of this machine.

    `given` is the environment of `docker compose`. What is started is ended with the `with` block.
    """

    def __init__(self, kafka: str, redis: str, given: dict[str, str], folder: Path) -> None:
        self.given, self.folder = given, folder
        self.ports = {name: free_port() for name in OURS}
        self.places = {"kafka:19092": kafka, "redis://redis:6379/0": redis}
        for name, service in SERVICES.items():
            if port := service.get("environment", {}).get(WEB_PORT):
                self.places[f"http://{name}:{port}"] = f"http://127.0.0.1:{self.ports[name]}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def address(self, name: str) -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """The environment of a service, at the places of this machine."""
        said: dict[str, str] = {}
        for key, text in SERVICES[name].get("environment", {}).items():
            value = filled_in(text, self.given)
            for there, here in self.places.items():
                value = value.replace(there, here)
            said[key] = value
        port = {PORT_OPTION[name]: str(self.ports[name])} if name in PORT_OPTION else {}
        if WEB_PORT in said:
            port = {WEB_PORT: str(self.ports[name])}
        others = {key: value for key, value in os.environ.items() if "GOESWITH" not in key}
        return {**others, "PYTHONPATH": str(ROOT), **said, **port, **more}

    def start(self, name: str, **more: str) -> None:
        """Start a service once all that it depends on is as the file asks."""
        for other, asked in SERVICES[name].get("depends_on", {}).items():
            if other in OURS:
                self.wait_for(other, asked["condition"])
        command = [sys.executable, *GOESWITH, *SERVICES[name]["command"]]
        command = ["127.0.0.1" if word == "0.0.0.0" else word for word in command]  # noqa: S104
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, env=self.environment(name, **more), stdout=log, stderr=log
            )

    def wait_for(self, name: str, condition: str) -> None:
        """Wait until a condition of the file holds; starts the service if nobody has."""
        if name not in self.running:
            self.start(name)
        if condition == "service_completed_successfully":
            assert 0 == self.running[name].wait(PATIENCE_S), self.said(name)
            return
        assert condition == "service_healthy", condition
        until = time.monotonic() + PATIENCE_S
        while not self.healthy(name):
            assert self.running[name].poll() is None, self.said(name)
            assert time.monotonic() < until, self.said(name)
            time.sleep(0.3)

    def healthy(self, name: str) -> bool:
        """What the health check of a service says, run as Docker would."""
        program, *arguments = SERVICES[name]["healthcheck"]["test"][1:]
        assert program == "python"
        own = re.sub(r"http://127\.0\.0\.1:\d+", self.address(name), arguments[-1])
        done = subprocess.run(
            [sys.executable, *arguments[:-1], own], check=False, capture_output=True, timeout=30
        )
        return done.returncode == 0

    def said(self, name: str) -> str:
        """The end of a service's log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]
