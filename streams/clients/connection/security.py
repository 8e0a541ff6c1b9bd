"""The settings of a secured connection as options of a client.

aiokafka and kafka-python call them alike; of Faust's the worker's transport takes care. What
differs is the class that hands out access tokens: each client has its own.
"""

from collections.abc import Callable
from typing import Any

from streams.clients.connection.tls import tls_context
from streams.clients.connection.tokens import Tokens, tokens_of
from streams.contract.wire.connection import ConnectionSettings


def security_options(
    settings: ConnectionSettings, provider: Callable[[Tokens], object]
) -> dict[str, Any]:
    """Options of a Kafka client; `provider` makes of tokens what the client takes.

    Raises `FileUnusable` and `NotAuthenticated` for files that cannot be used.

    >>> security_options(ConnectionSettings(), provider=id)
    {'security_protocol': 'PLAINTEXT'}
    """
    options: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_tls:
        options["ssl_context"] = tls_context(settings)
    if settings.kafka_sasl:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options |= _credentials(settings, provider)
    return options


def _credentials(
    settings: ConnectionSettings, provider: Callable[[Tokens], object]
) -> dict[str, Any]:
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        return {"sasl_oauth_token_provider": provider(tokens_of(settings))}
    return {
        "sasl_plain_username": settings.kafka_user,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }
