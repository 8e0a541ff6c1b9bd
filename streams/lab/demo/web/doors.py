"""What a shop in a browser needs beside the worker: an address of its own, a gateway, a console.

Gateway and console are the commands that everybody runs, each a process; the shop is served here.
All of it listens on the loopback alone, and is gone with the demo.
"""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from streams.cli.process.http_server import address_of, listening
from streams.clients.connection.addresses import free_port
from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.embedded.installation import Installation, ProgressCallback
from streams.lab.embedded.worker_process import ProgramProcess

HOST = "127.0.0.1"
PATIENT: dict[str, Any] = {"prompt_ttl_s": 60.0, "cool_down_s": 1.0, "prompts_per_session_max": 20}
"""People read a prompt; the demo's shoppers glance at it."""
RESTARTS_MAX = 5
START_S_MAX = 60.0
POLL_S = 0.05


@dataclass
class Doors:
    """Where everything is, once it is open."""

    settings: Settings
    """Those of gateway and console, and all others."""
    listener: socket.socket
    """The shop's."""
    shop: str
    """The one address that has to be known: `http://127.0.0.1:PORT`."""
    gateway: str
    console: str
    gateway_process: ProgramProcess
    console_process: ProgramProcess
    restarts: int = 0
    """How often one of the two was started again."""

    def console_page(self, path: str, **asked: str) -> str:
        """The address of a page of the console, which lets its reader in."""
        query = urlencode({**asked, "token": self.settings.console_token.get_secret_value()})
        return f"{self.console}{path}?{query}"

    def keep(self) -> None:
        """Start again what has ended; raises `WorkerFailed` when that does not help.

        Pages go on meanwhile: what they say waits in the browser until the gateway is back.
        """
        for program in (self.gateway_process, self.console_process):
            if program.is_running:
                continue
            if self.restarts >= RESTARTS_MAX:
                program.check()
            self.restarts += 1
            program.start_again()


@contextmanager
def opened(here: Installation, port: int, say: ProgressCallback) -> Iterator[Doors]:
    """Doors that are open for the length of the block; the shop's listens, and is not served yet.

    Raises `Misconfigured` where the port is taken, and `WorkerFailed` where a process ends.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(listening("demo", HOST, port))
        shop = f"http://{address_of(listener)}"
        settings = _settings(here.settings, shop)
        say("starting a gateway and a console")
        gateway = stack.enter_context(ProgramProcess("gateway", settings))
        console = stack.enter_context(ProgramProcess("console", settings))
        _wait(gateway, settings.gateway_port)
        _wait(console, settings.console_port)
        yield Doors(
            settings,
            listener,
            shop,
            f"http://{HOST}:{settings.gateway_port}",
            f"http://{HOST}:{settings.console_port}",
            gateway,
            console,
        )


def _settings(settings: Settings, shop: str) -> Settings:
    return settings.model_copy(
        update={
            "gateway_host": HOST,
            "gateway_port": free_port(),
            "gateway_keys": SecretStr(secrets.token_urlsafe(32)),
            "gateway_origins": shop,
            "console_host": HOST,
            "console_port": free_port(),
            "console_token": SecretStr(secrets.token_urlsafe(32)),
            "console_workers": settings.page_url,
        }
    )


def _wait(program: ProgramProcess, port: int) -> None:
    """Until it takes connections; raises `WorkerFailed` when it has ended, or takes too long."""
    deadline_s = time.monotonic() + START_S_MAX
    while not _is_open(port):
        program.check()
        if time.monotonic() > deadline_s:
            raise WorkerFailed(
                f"the {program.program} did not listen within {START_S_MAX:g} s: is the machine "
                f"very busy? It said: {program.last_words()}"
            )
        time.sleep(POLL_S)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0
