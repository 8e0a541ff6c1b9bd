"""Shaking hands: why TLS fails is said in one line, by the setting that mends it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from streams.clients.connection.probe import check_connection, check_connection_now
from streams.contract.errors import KafkaUnreachable, Misconfigured, NotAuthenticated
from streams.contract.wire.connection import ConnectionSettings
from tests.certificates import Authority, Issued
from tests.clients.connection.token_broker import signing_in

PATIENCE_S = 5.0


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A listener on the loopback address that does this with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.settimeout(PATIENCE_S)
                with connection, suppress(OSError):
                    serve(connection)

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def tls(shown: Issued, takes: Authority | None = None) -> Callable[[socket.socket], None]:
    """A server that shows this certificate, and may want one; after the handshake it hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)
    if takes is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(takes.file)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1000)

    return serve


def in_the_clear(connection: socket.socket) -> None:
    """A server that has never heard of TLS."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.recv(1000)


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """The authority that both sides trust."""
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    """One that nobody trusts."""
    return Authority(tmp_path, "theirs")


def settings(bootstrap: str, authority: Authority, **more: Any) -> ConnectionSettings:
    """Of a client that trusts this authority."""
    given = {
        "kafka_bootstrap": bootstrap,
        "kafka_security_protocol": "SSL",
        "kafka_ca_file": str(authority.file),
        "kafka_timeout_s": 5.0,
    }
    return ConnectionSettings.model_validate(given | more)


async def said(there: ConnectionSettings) -> str:
    """Why we are not let in."""
    with pytest.raises(NotAuthenticated) as refused:
        await check_connection(there)
    return str(refused.value)


async def test_a_broker_with_an_old_certificate_is_not_trusted(ours: Authority) -> None:
    """Whoever runs it has to renew it."""
    with listening(tls(ours.issue("old", days=(-3, -1)))) as broker:
        why = await said(settings(broker, ours))

    assert f"the certificate of Kafka at {broker} has expired" in why


async def test_a_broker_of_an_unknown_authority_is_not_trusted(
    ours: Authority, theirs: Authority
) -> None:
    """Nor is one by the authorities of the system."""
    with listening(tls(theirs.issue("stranger"))) as broker:
        why = await said(settings(broker, ours))
        by_system = await said(settings(broker, ours, kafka_ca_file=""))

    assert f"from nobody in GOESWITH_KAFKA_CA_FILE={ours.file}" in why
    assert "the authorities of this system" in by_system
    assert "set GOESWITH_KAFKA_CA_FILE" in by_system


async def test_a_broker_under_another_name_is_not_trusted(ours: Authority) -> None:
    """Unless that is said to be right."""
    with listening(tls(ours.issue("moved", host="10.0.0.7"))) as broker:
        why = await said(settings(broker, ours))
        with pytest.raises(KafkaUnreachable):  # let in by TLS; but it is no Kafka
            await check_connection(settings(broker, ours, kafka_check_hostname=False))

    assert "GOESWITH_KAFKA_CHECK_HOSTNAME" in why


async def test_a_broker_that_wants_a_certificate_says_so(ours: Authority) -> None:
    """TLS 1.3 says it after the handshake, by what comes next."""
    with listening(tls(ours.issue("broker"), takes=ours)) as broker:
        why = await said(settings(broker, ours))

    assert "set GOESWITH_KAFKA_CERTIFICATE_FILE and GOESWITH_KAFKA_KEY_FILE" in why


async def test_a_broker_does_not_take_a_certificate_of_others(
    ours: Authority, theirs: Authority
) -> None:
    """It is named: there may be several."""
    shown = theirs.issue("us")
    files = {"kafka_certificate_file": str(shown.certificate), "kafka_key_file": str(shown.key)}
    with listening(tls(ours.issue("broker"), takes=ours)) as broker:
        why = await said(settings(broker, ours, **files))

    assert "does not take our certificate" in why
    assert f"GOESWITH_KAFKA_CERTIFICATE_FILE={shown.certificate}" in why


async def test_what_speaks_no_tls_is_told_from_what_does_not_answer(ours: Authority) -> None:
    """A wrong port, or a wrong protocol."""
    with listening(in_the_clear) as broker:
        assert "GOESWITH_KAFKA_SECURITY_PROTOCOL" in await said(settings(broker, ours))
    with listening(lambda _: None) as broker, pytest.raises(KafkaUnreachable, match="PROTOCOL"):
        await check_connection(settings(broker, ours))
    with pytest.raises(KafkaUnreachable, match="GOESWITH_KAFKA_BOOTSTRAP"):
        await check_connection(settings("127.0.0.1:1", ours))


async def test_one_broker_that_is_away_is_passed_over(ours: Authority) -> None:
    """The next one says what is wrong."""
    with listening(in_the_clear) as broker:
        assert "speaks no TLS" in await said(settings(f"127.0.0.1:1,{broker}", ours))


def by_token(bootstrap: str, **more: Any) -> ConnectionSettings:
    """Of a client with an access token."""
    given = {
        "kafka_bootstrap": bootstrap,
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "OAUTHBEARER",
        "kafka_token_command": "echo a.token",
        "kafka_timeout_s": 5.0,
    }
    return ConnectionSettings.model_validate(given | more)


async def test_a_broker_that_hangs_up_on_a_token_twice_does_not_take_it() -> None:
    """It says no more than that."""
    hang_ups = iter([True, True])
    with listening(signing_in(lambda: next(hang_ups))) as broker:
        why = await said(by_token(broker))

    assert "does not take the access token of GOESWITH_KAFKA_TOKEN_COMMAND" in why
    assert [] == list(hang_ups)


async def test_a_broker_that_goes_down_after_a_sign_in_does_not_refuse_the_token() -> None:
    """A worker that starts meanwhile has to wait: nobody starts one again that was refused."""
    restarts = iter([True, False])
    with listening(signing_in(lambda: next(restarts))) as broker:
        await check_connection(by_token(broker))

    assert [] == list(restarts)


async def test_a_broker_that_stays_away_after_a_sign_in_is_unreachable() -> None:
    """It went down as we came."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_once() -> None:
            connection, _ = listener.accept()
            listener.close()
            connection.settimeout(PATIENCE_S)
            with connection, suppress(OSError):
                signing_in(lambda: True)(connection)

        serving = threading.Thread(target=serve_once)
        serving.start()
        with pytest.raises(KafkaUnreachable, match="GOESWITH_KAFKA_BOOTSTRAP"):
            await check_connection(by_token(f"127.0.0.1:{listener.getsockname()[1]}"))
        serving.join()


async def test_what_is_wrong_with_a_token_endpoint_is_not_blamed_on_the_broker() -> None:
    """Nor on a password that it would have to know."""
    with listening(signing_in(lambda: False)) as broker:
        there = by_token(
            broker,
            kafka_token_command="",
            kafka_token_url="http://a..b/token",  # noqa: S106
            kafka_user="till",
            kafka_password="any",  # noqa: S106
        )
        with pytest.raises(Misconfigured, match="GOESWITH_KAFKA_TOKEN_URL"):
            await check_connection(there)


async def test_in_the_clear_nothing_is_asked() -> None:
    """Clients find out themselves, and the embedded broker has no more to say."""
    await check_connection(ConnectionSettings(kafka_bootstrap="127.0.0.1:1"))


async def test_commands_may_ask_in_the_midst_of_an_event_loop(ours: Authority) -> None:
    """Their clients wait."""
    with pytest.raises(KafkaUnreachable):
        check_connection_now(settings("127.0.0.1:1", ours))
