"""Access tokens: from a command or an endpoint, one for all, renewed before it ends."""

import base64
import json
import shlex
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.clients.connection.tokens import (
    USED_SHARE,
    AccessToken,
    Tokens,
    read_token,
    token_of_command,
    token_of_endpoint,
    tokens_of,
)
from streams.contract.errors import GoeswithError, Misconfigured, NotAuthenticated, NoToken
from streams.contract.wire.connection import ConnectionSettings
from tests.token_endpoint import TokenEndpoint, served

HIDDEN = "br3ad & butt3r: 100 %"
NESTED = b"[" * 100_000
"""JSON that a reader goes too deep into."""


def python(code: str) -> str:
    """A command that runs this."""
    return shlex.join([sys.executable, "-c", code])


def jwt(**claims: object) -> str:
    """A token that is a JWT, of nobody's."""
    return f"e30.{url64(json.dumps(claims).encode())}.c2VhbA"


def url64(raw: bytes) -> str:
    """As JWTs have it, without the padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(st.lists(st.floats(0, 50), min_size=1), st.floats(1, 20))
def test_a_token_is_never_used_when_it_is_old_and_never_fetched_without_need(
    steps: list[float], life_s: float
) -> None:
    """Whenever clients ask."""
    now_s, fetched_s = 0.0, list[float]()

    def fetch() -> AccessToken:
        fetched_s.append(now_s)
        return AccessToken(str(len(fetched_s)), life_s)

    tokens = Tokens(fetch, clock=lambda: now_s)
    for step in steps:
        now_s += step
        used = tokens.token()
        assert str(len(fetched_s)) == used
        assert now_s - fetched_s[-1] < USED_SHARE * life_s or now_s == fetched_s[-1]
    assert all(later >= earlier + USED_SHARE * life_s for earlier, later in pairwise(fetched_s))


@pytest.mark.parametrize(
    ("said", "life_s"),
    [
        (b"bread", None),
        (b'{"access_token": "bread"}', None),
        (b'{"access_token": "bread", "expires_in": 30}', 30.0),
        (jwt(exp=1_030).encode(), 30.0),
        (jwt(exp=970).encode(), 0.0),
        (jwt(sub="ann").encode(), None),
        (json.dumps({"access_token": jwt(exp=1_030), "expires_in": 20}).encode(), 20.0),
        (b"a.b.c", None),
        (b'{"access_token": "bread", "expires_in": "30"}', 30.0),
        (b'{"access_token": "bread", "expires_in": Infinity}', None),
        (b'{"access_token": "bread", "expires_in": 1' + b"0" * 400 + b"}", None),
        (jwt(exp=10**400).encode(), None),
        (jwt(exp=float("inf")).encode(), None),
        (f"e30.{url64(NESTED)}.c2VhbA".encode(), None),
    ],
)
def test_a_token_says_how_long_it_lives_or_is_told(said: bytes, life_s: float | None) -> None:
    """By its answer first: a JWT need not be one for us to read."""
    assert life_s == read_token(said + b"\n", "HERE", now_s=1_000).life_s


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"{bread",
        b'{"access_token": 7}',
        b"two words",
        b"\xff",
        b"<html>\n</html>",
        b'{"a":' + NESTED,
    ],
)
def test_what_is_no_token_is_said_and_not_shown(said: bytes) -> None:
    """There may be a secret in it."""
    with pytest.raises(NoToken, match="GOESWITH_KAFKA_TOKEN_URL") as none:
        read_token(said, "GOESWITH_KAFKA_TOKEN_URL")

    assert len(said) < 2 or said.decode("utf-8", "replace") not in str(none.value)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (f"{python('print(1)')} '", Misconfigured),
        ("no-such-command-anywhere", Misconfigured),
        (" ", Misconfigured),
        (python(f"import sys; print({HIDDEN!r}, file=sys.stderr); sys.exit(3)"), NoToken),
        (python("import time; time.sleep(30)"), NoToken),
        (python(""), NoToken),
    ],
)
def test_a_command_that_prints_no_token_is_named_and_what_it_said_is_not(
    command: str, error: type[GoeswithError]
) -> None:
    """Where it can work another time, and where it never can."""
    with pytest.raises(GoeswithError, match="GOESWITH_KAFKA_TOKEN_COMMAND") as none:
        token_of_command(command, timeout_s=1.0)

    assert error is type(none.value)
    assert "br3ad" not in str(none.value)


def test_a_command_is_run_without_a_shell() -> None:
    """What looks like a variable stays one."""
    assert "$HOME;echo" == token_of_command(python("print('$HOME;echo')"), timeout_s=20.0).text


def test_a_client_says_who_it_is_and_what_it_wants() -> None:
    """Whatever characters its secret has, each is sent as it is."""
    with served(TokenEndpoint({"till: +7": HIDDEN}, life_s=90)) as endpoint:
        token = token_of_endpoint(endpoint.url, "till: +7", SecretStr(HIDDEN), "kafka.write", 5.0)

    assert 90.0 == token.life_s
    assert 2 == token.text.count(".")
    assert [{"grant_type": "client_credentials", "scope": "kafka.write"}] == endpoint.asked


@pytest.mark.parametrize(
    ("prepare", "error", "named"),
    [
        (lambda it: it.clients.clear(), NotAuthenticated, "GOESWITH_KAFKA_PASSWORD"),
        (lambda it: setattr(it, "failing", 503), NoToken, "503"),
        (lambda it: setattr(it, "url", "http://127.0.0.1:1"), NoToken, "GOESWITH_KAFKA_TOKEN_URL"),
    ],
)
def test_an_endpoint_that_refuses_is_told_from_one_that_does_not_answer(
    prepare: Callable[[TokenEndpoint], object], error: type[GoeswithError], named: str
) -> None:
    """One is for the operator to mend, the other one for time; the secret is in neither."""
    with served(TokenEndpoint({"till": HIDDEN})) as endpoint:
        prepare(endpoint)
        with pytest.raises(GoeswithError, match=named) as none:
            token_of_endpoint(endpoint.url, "till", SecretStr(HIDDEN), "", 5.0)

    assert error is type(none.value)
    assert "br3ad" not in str(none.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_secret_does_not_go_where_an_endpoint_points(status: int) -> None:
    """Whoever can answer for the one would have it sent to another."""
    with served(TokenEndpoint({"till": HIDDEN})) as other, served(TokenEndpoint({})) as endpoint:
        endpoint.failing, endpoint.location = status, f"{other.url}/token?{HIDDEN[:5]}"
        with pytest.raises(NoToken, match=f"{status}, a redirect") as none:
            token_of_endpoint(endpoint.url, "till", SecretStr(HIDDEN), "", 5.0)

    assert [] == other.asked
    assert 1 == len(endpoint.asked)
    assert "br3ad" not in str(none.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://till:br3ad@127.0.0.1/token",
        "http://127.0.0.1:br3ad/token",
        "http://127.0.0.1/token of br3ad",
        "http://a..b/br3ad",
        "https://[br3ad/",
        "http://127.0.0.1/br3\u00e4d",
    ],
)
def test_a_url_that_cannot_be_asked_is_said_and_not_shown(url: str) -> None:
    """What libraries say of one may have a password in it, and waiting does not mend it."""
    with pytest.raises(Misconfigured, match="GOESWITH_KAFKA_TOKEN_URL") as none:
        token_of_endpoint(url, "till", SecretStr(HIDDEN), "", 5.0)

    assert Misconfigured is type(none.value)
    assert "br3" not in str(none.value)


def test_a_process_that_forks_while_a_token_is_fetched_gets_its_own(tmp_path: Path) -> None:
    """The thread that fetches is left behind; what it holds must not be waited for."""
    waits = f"if mkdir {tmp_path}/asked; then while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; fi"
    settings = ConnectionSettings(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="OAUTHBEARER",
        kafka_token_command=shlex.join(["sh", "-c", f"{waits}; echo bread"]),
        kafka_timeout_s=60.0,
    )
    fetching = threading.Thread(target=tokens_of(settings).token)
    fetching.start()
    while not (tmp_path / "asked").exists():
        time.sleep(0.01)
    child = get_context("fork").Process(target=lambda: tokens_of(settings).token())
    child.start()
    child.join(20.0)
    child.kill()
    child.join()
    (tmp_path / "go").touch()
    fetching.join()

    assert 0 == child.exitcode
    assert "bread" == tokens_of(settings).token()


def test_all_clients_of_one_process_share_a_token() -> None:
    """Whatever they ask with, as long as it is the same."""
    with served(TokenEndpoint({"till": HIDDEN})) as endpoint:
        settings = ConnectionSettings(
            kafka_security_protocol="SASL_SSL",
            kafka_sasl_mechanism="OAUTHBEARER",
            kafka_token_url=endpoint.url,
            kafka_user="till",
            kafka_password=SecretStr(HIDDEN),
        )
        again = settings.model_copy(update={"kafka_bootstrap": "another:9092"})
        used = {tokens_of(settings).token(), tokens_of(again).token()}

    assert (1, 1) == (len(used), len(endpoint.asked))
