"""The security of our connections as Faust takes it: for whatever it opens itself.

The worker's own clients have theirs from `streams.clients.async_kafka`. Faust's are those of its
own commands, such as `faust -A streams.worker send`.
"""

from typing import Any

from faust.auth import Credentials, OAuthCredentials, SASLCredentials, SSLCredentials

from streams.clients.connection.async_security import async_security
from streams.contract.settings import Settings


def broker_credentials(settings: Settings) -> Credentials | None:
    """Faust's `broker_credentials`; None: nothing is encrypted, and nobody signs in.

    >>> broker_credentials(Settings()) is None
    True
    """
    options: dict[str, Any] = async_security(settings)
    context = options.get("ssl_context")
    if not settings.kafka_sasl:
        return SSLCredentials(context) if context is not None else None
    if tokens := options.get("sasl_oauth_token_provider"):
        return OAuthCredentials(oauth_cb=tokens, ssl_context=context)
    return SASLCredentials(
        username=options["sasl_plain_username"],
        password=options["sasl_plain_password"],
        ssl_context=context,
        mechanism=options["sasl_mechanism"],
    )
