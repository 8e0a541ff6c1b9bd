"""`goeswith console`: what an operator has to mend is said in one line, with exit code 2."""

import socket
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.lazy import Lazy, load
from streams.cli.root import COMMANDS, goeswith
from streams.contract.errors import MissingExtra
from streams.operations.console.command import config
from tests.operations.console.eyes import WORD


def run(*arguments: str, **settings: Any) -> Result:
    """Type it, under these settings."""
    env = {f"GOESWITH_{name.upper()}": str(value) for name, value in settings.items()}
    return CliRunner().invoke(goeswith, ["console", *arguments], env=env)


def test_a_port_that_is_taken_is_named() -> None:
    """Before anything is read."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("--port", str(port), console_token=WORD)

    assert 2 == said.exit_code
    assert f"port {port}" in said.output
    assert "GOESWITH_CONSOLE_PORT" in said.output


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"console_host": "192.0.2.1"}, "GOESWITH_CONSOLE_TOKEN"),
        ({"console_token": "short"}, "GOESWITH_CONSOLE_TOKEN"),
        ({"console_token": WORD, "console_host": "no.such.host.invalid"}, "CONSOLE_HOST"),
        ({"console_workers": "worker-1:6066"}, "GOESWITH_CONSOLE_WORKERS"),
        ({"console_workers": "http://worker-1:6066/state"}, "GOESWITH_CONSOLE_WORKERS"),
        ({"console_workers": "http://worker-1:99999"}, "GOESWITH_CONSOLE_WORKERS"),
        ({"console_workers": "http://[::1"}, "GOESWITH_CONSOLE_WORKERS"),
        ({"console_workers": ",".join(["http://w:1"] * 65)}, "GOESWITH_CONSOLE_WORKERS"),
        ({"console_proxies": "0.0.0.0/0"}, "GOESWITH_CONSOLE_PROXIES"),
        ({"console_proxies": "10.0.0.1, *"}, "GOESWITH_CONSOLE_PROXIES"),
        ({"console_proxies": "10.0.0.300"}, "GOESWITH_CONSOLE_PROXIES"),
        ({"console_user_header": "X User"}, "GOESWITH_CONSOLE_USER_HEADER"),
        ({"console_every_s": 0.01}, "GOESWITH_CONSOLE_EVERY_S"),
        ({"console_tokens": WORD}, "GOESWITH_CONSOLE_TOKENS"),
    ],
)
def test_what_is_wrong_is_said_by_its_variable(settings: dict[str, Any], named: str) -> None:
    """Without the secret."""
    said = run("--port", "0", **settings)

    assert 2 == said.exit_code
    assert named in said.output
    assert WORD not in said.output


def test_an_option_is_checked_as_its_setting_is() -> None:
    """An address without a scheme is no page."""
    said = run("--workers", "worker-1:6066")

    assert 2 == said.exit_code
    assert "--workers" in said.output


def test_without_its_packages_the_command_that_installs_them_is_named() -> None:
    """They are an extra, which workers do without."""
    elsewhere: Lazy = COMMANDS["console"]._replace(where="no_such_package:console")
    with pytest.raises(MissingExtra, match=r"pip install '\.\[console\]'"):
        load("console", elsewhere)


def test_addresses_are_not_logged_and_no_header_says_who_the_peer_is() -> None:
    """An address may hold the token; who is believed as a proxy is known by its own address."""
    served = config(None)

    assert not served.access_log
    assert not served.proxy_headers
