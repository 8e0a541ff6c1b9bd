"""One set of settings, the same connection by each client: aiokafka's, kafka-python's, Faust's."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.sasl import get_sasl_mechanism

from streams.clients.async_kafka import client_options, reading_options
from streams.clients.connection.async_security import AsyncTokens, async_security
from streams.clients.connection.security import security_options
from streams.clients.sync_kafka import SyncTokens
from streams.contract.errors import NotAuthenticated
from streams.contract.settings import Settings
from streams.worker.topology import create_app
from streams.worker.transport.credentials import broker_credentials
from tests.certificates import Authority
from tests.stand_ins import KeepingDelivery

HIDDEN = "br3ad-and-butt3r"
USER = {"kafka_user": "ann", "kafka_password": HIDDEN}
TOKEN = {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_token_command": "echo a.token"}
MTLS = "mtls"
WAYS: dict[str, dict[str, Any]] = {
    "clear": {},
    "tls": {"kafka_security_protocol": "SSL"},
    MTLS: {"kafka_security_protocol": "SSL"},
    "plain": {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "PLAIN", **USER},
    "scram": {
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_mechanism": "SCRAM-SHA-256",
        **USER,
    },
    "token": {"kafka_security_protocol": "SASL_SSL", **TOKEN},
}


@pytest.fixture(params=WAYS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Each way to connect."""
    authority = Authority(tmp_path)
    given = WAYS[request.param]
    has_tls = given.get("kafka_security_protocol", "").endswith("SSL")
    more = {"kafka_ca_file": str(authority.file)} if has_tls else {}
    if request.param == MTLS:
        issued = authority.issue("us")
        more |= {
            "kafka_certificate_file": str(issued.certificate),
            "kafka_key_file": str(issued.key),
        }
    return Settings(**(given | more | {"receipt_secret": HIDDEN}))


def plainly(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that can be compared: a context by whom it trusts, tokens by what they are."""
    said = {name: value for name, value in options.items() if value is not None}
    context, tokens = said.get("ssl_context"), said.get("sasl_oauth_token_provider")
    if isinstance(context, ssl.SSLContext):
        said["ssl_context"] = (context.verify_mode, context.check_hostname, context.get_ca_certs())
    if tokens is not None:
        said["sasl_oauth_token_provider"] = tokens._tokens
    return said


def test_every_client_is_told_the_same(settings: Settings) -> None:
    """TLS, who we are, and where tokens come from: one source for all."""
    ours = async_security(settings)
    operators = security_options(settings, SyncTokens)
    credentials = broker_credentials(settings)
    fausts = credentials_to_aiokafka_auth(credentials, None)

    assert settings.kafka_security_protocol == ours["security_protocol"]
    assert plainly(ours) == plainly(operators)
    assert plainly(ours).items() <= plainly(client_options(settings)).items()
    assert plainly(ours).items() <= plainly(fausts).items()


async def test_the_workers_clients_take_it(settings: Settings) -> None:
    """Aiokafka refuses what does not go together."""
    consumer = AIOKafkaConsumer(**reading_options(settings))
    producer = AIOKafkaProducer(**client_options(settings))
    admin = AIOKafkaAdminClient(**client_options(settings))

    await asyncio.gather(consumer.stop(), producer.stop(), admin.close())


@pytest.mark.parametrize("client", [KafkaConsumer, KafkaProducer, KafkaAdminClient])
def test_the_operators_clients_know_every_option(client: Any, settings: Settings) -> None:
    """And can sign in by it."""
    options = security_options(settings, SyncTokens)

    assert set() == options.keys() - client.DEFAULT_CONFIG.keys()
    if settings.kafka_sasl:
        mechanism = get_sasl_mechanism(options["sasl_mechanism"])(host="kafka", **options)
        assert mechanism.auth_bytes()


async def test_faust_is_given_what_the_worker_has(settings: Settings) -> None:
    """For its own commands; and it does not say the password."""
    app = create_app(settings, delivery=KeepingDelivery())
    told = credentials_to_aiokafka_auth(app.conf.broker_credentials, app.conf.ssl_context)

    assert plainly(async_security(settings)).items() <= plainly(told).items()
    assert HIDDEN not in f"{app.conf.broker_credentials} {app.conf!r}"


async def test_tokens_are_had_beside_the_loop_and_a_failure_is_a_lost_connection() -> None:
    """Aiokafka tries again after these alone."""

    class Denied:
        """Where tokens come from."""

        def token(self) -> str:
            """None."""
            raise NotAuthenticated("the endpoint refuses us")

    tokens = AsyncTokens(Denied())  # type: ignore[arg-type]
    with pytest.raises(KafkaConnectionError, match="the endpoint refuses us"):
        await tokens.token()
