"""Shakes hands with a broker as clients do, so that a refusal is said once, and why.

Clients take a refusal for a broker that is away: they try again, for ever, and what they raise in
the end does not say why.
"""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from streams.clients.connection.addresses import broker_addresses
from streams.clients.connection.async_security import async_security
from streams.clients.connection.refusals import hint, refusal, refused_credentials
from streams.contract.errors import GoeswithError, KafkaUnreachable, NotAuthenticated
from streams.contract.wire.connection import ConnectionSettings

CLIENT_ID = "goeswith-probe"
ALERT_S_MAX = 2.0
"""So long an alert is waited for where a connection ended without a word."""
CLOSE_S_MAX = 2.0
BROKEN_OFF_S = 0.2
"""A loop that ends lives so much longer than a connection that was broken off."""
AGAIN_S = 1.0
"""After this a broker is asked again that hung up on who had signed in with a token."""


class _HungUp(KafkaConnectionError):  # type: ignore[misc]  # aiokafka has no types
    """On who had given an access token: it is not taken, or the broker goes down just now."""


async def check_connection(settings: ConnectionSettings) -> None:
    """Return when one of the brokers has let us in; nothing is asked of an unsecured listener.

    Raises `NotAuthenticated` when one refuses us, `KafkaUnreachable` when none answers.
    """
    if not (settings.kafka_tls or settings.kafka_sasl):
        return None
    options = async_security(settings)
    silent = []
    for host, port in broker_addresses(settings.kafka_bootstrap):
        try:
            return await _let_in(host.strip("[]"), port, options, settings)
        except (KafkaError, OSError, TimeoutError) as error:
            refused = refusal(error, settings)
            if refused is None and (alert := await _alert(host.strip("[]"), port, options)):
                refused = refusal(alert, settings)
            if refused is not None:
                raise refused from error
            silent.append(str(error) or type(error).__name__)
        except ValueError as error:  # of SCRAM: its answer proves nothing
            if not settings.kafka_sasl_mechanism.startswith("SCRAM"):
                raise
            raise NotAuthenticated(
                f"what listens at {host}:{port} does not prove that it knows the password of "
                f"{settings.kafka_user}: is it a broker of ours?"
            ) from error
    raise KafkaUnreachable(
        f"no Kafka broker answered at {settings.kafka_bootstrap} ({'; '.join(silent)}): is it "
        f"running, and is GOESWITH_KAFKA_BOOTSTRAP (or --bootstrap) right? {hint(settings)}"
    )


def check_connection_now(settings: ConnectionSettings) -> None:
    """The same, for callers without an event loop, or in the midst of one."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, _checked_to_the_end(settings)).result()


async def _checked_to_the_end(settings: ConnectionSettings) -> None:
    """Its loop ends with it: what a refusal has broken off is closed by then."""
    try:
        await check_connection(settings)
    except GoeswithError:
        await asyncio.sleep(BROKEN_OFF_S)
        raise


async def _alert(host: str, port: int, options: dict[str, Any]) -> ssl.SSLError | None:
    """What TLS says of our certificate, if anything, to who listens and sends nothing.

    A server that hangs up while there is something to read resets the connection, and its alert
    may be lost on the way.
    """
    context = options.get("ssl_context")
    if context is None:
        return None
    try:
        async with asyncio.timeout(ALERT_S_MAX):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                await reader.read(1)
            finally:
                writer.transport.abort()
                await asyncio.sleep(0)  # in which it does
    except ssl.SSLError as error:
        return error
    except (OSError, TimeoutError):
        return None
    return None


async def _let_in(
    host: str, port: int, options: dict[str, Any], settings: ConnectionSettings
) -> None:
    """Shake hands; and again, where it may have been a broker that went down meanwhile.

    That one is away the second time, or lets us in: a start that waits, and not one that is refused
    for good.
    """
    try:
        return await _shake_hands(host, port, options, settings)
    except _HungUp:
        await asyncio.sleep(AGAIN_S)
    try:
        return await _shake_hands(host, port, options, settings)
    except _HungUp as error:
        raise NotAuthenticated(refused_credentials(settings)) from error


async def _shake_hands(
    host: str, port: int, options: dict[str, Any], settings: ConnectionSettings
) -> None:
    """Connect, sign in, and ask something: TLS 1.3 and OAUTHBEARER refuse by the next answer."""
    timeout_ms = int(settings.kafka_timeout_s * 1000)
    connection = AIOKafkaConnection(
        host, port, client_id=CLIENT_ID, request_timeout_ms=timeout_ms, **options
    )
    close_s_max = CLOSE_S_MAX
    try:
        await connection.connect()
        await _ask(connection, settings)
    except OSError:
        close_s_max = 0.0  # nothing has been opened
        raise
    finally:
        if closed := connection.close():
            await asyncio.wait([closed], timeout=close_s_max)


async def _ask(connection: Any, settings: ConnectionSettings) -> None:
    """Ask for the brokers: who has not signed in is told none, and hung up on.

    aiokafka takes any answer to an access token for a welcome (RFC 7628, section 3.2.3: there is
    another round after a refusal).
    """
    by_token = settings.kafka_sasl_mechanism == "OAUTHBEARER"
    try:
        answer = await connection.send(MetadataRequest([]))
    except KafkaError as error:
        if by_token:
            raise _HungUp(str(error)) from error
        raise
    if by_token and not answer.brokers:
        raise NotAuthenticated(refused_credentials(settings))
