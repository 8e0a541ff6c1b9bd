"""`goeswith gateway`: what an operator has to mend is said in one line, with exit code 2."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.lazy import Lazy, load
from streams.cli.root import COMMANDS, goeswith
from streams.contract.errors import MissingExtra
from streams.contract.settings import Settings
from streams.storefront.gateway.command import config
from tests.storefront.gateway.shopfront import KEY

ROOT = Path(__file__).parents[3]
RUN_S_MAX = 60.0


def run(*arguments: str, **settings: Any) -> Result:
    """Type it, under these settings."""
    env = {f"GOESWITH_{name.upper()}": str(value) for name, value in settings.items()}
    return CliRunner().invoke(goeswith, ["gateway", *arguments], env=env)


def test_a_port_that_is_taken_is_named() -> None:
    """Before Kafka is waited for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("--port", str(port), gateway_keys=KEY)

    assert 2 == said.exit_code
    assert f"port {port}" in said.output
    assert "GOESWITH_GATEWAY_PORT" in said.output


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "GOESWITH_GATEWAY_KEYS"),
        ({"gateway_keys": "short"}, "GOESWITH_GATEWAY_KEYS"),
        ({"gateway_keys": KEY, "gateway_origins": "*"}, "GOESWITH_GATEWAY_ORIGINS"),
        ({"gateway_keys": KEY, "gateway_origins": "https://a.example/x"}, "ORIGINS"),
        ({"gateway_keys": KEY, "gateway_proxies": "127.0.0.1, *"}, "GOESWITH_GATEWAY_PROXIES"),
        ({"gateway_keys": KEY, "gateway_proxies": "::/0"}, "GOESWITH_GATEWAY_PROXIES"),
        ({"gateway_keys": KEY, "gateway_host": "no.such.host.invalid"}, "GOESWITH_GATEWAY_HOST"),
        ({"gateway_keys": KEY, "gateway_token_s": 1e6}, "GOESWITH_GATEWAY_TOKEN_S"),
        ({"gateway_keys": KEY, "gateway_bodies": 1}, "GOESWITH_GATEWAY_BODIES"),
    ],
)
def test_what_is_wrong_is_said_by_its_variable(settings: dict[str, Any], named: str) -> None:
    """Without the secret."""
    said = run("--port", "0", **settings)

    assert 2 == said.exit_code
    assert named in said.output
    assert KEY not in said.output


def test_a_broker_that_is_away_is_told() -> None:
    """After it was waited for; in one line, whatever its client has to say of each try."""
    away = {"GOESWITH_KAFKA_BOOTSTRAP": "127.0.0.1:1", "GOESWITH_KAFKA_PATIENCE_S": "0"}
    said = subprocess.run(
        [sys.executable, "-m", "streams", "gateway", "--port", "0"],
        env={**os.environ, **away, "GOESWITH_GATEWAY_KEYS": KEY},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
    )

    assert (1, "") == (said.returncode, said.stdout)
    assert 1 == said.stderr.count("\n")
    assert "127.0.0.1:1" in said.stderr


def test_without_its_packages_the_command_that_installs_them_is_named() -> None:
    """They are an extra, which workers do without."""
    elsewhere: Lazy = COMMANDS["gateway"]._replace(where="no_such_package:gateway")
    with pytest.raises(MissingExtra, match=r"pip install '\.\[gateway\]'"):
        load("gateway", elsewhere)


def test_addresses_are_not_logged_and_proxies_are_believed_that_are_listed() -> None:
    """An address may hold a token; `X-Forwarded-For` may be anybody's."""
    served = config(Settings(gateway_proxies="10.0.0.0/8, 127.0.0.1"), None)

    assert not served.access_log
    assert served.proxy_headers
    assert "10.0.0.0/8, 127.0.0.1" == served.forwarded_allow_ips
    assert "uvicorn" not in dict(served.headers).values()
