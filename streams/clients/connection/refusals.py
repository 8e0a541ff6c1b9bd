"""Why a broker refuses us, in one line that names what to set.

TLS says it by an alert or by what is wrong with a certificate, SASL and ACLs by a code of Kafka's
protocol, which both client libraries hand on as `errno`.
"""

import re
import ssl
from collections.abc import Iterator
from typing import Any

from streams.contract.errors import GoeswithError, NotAuthenticated, NotAuthorized
from streams.contract.wire.connection import ConnectionSettings

UNSUPPORTED_MECHANISM, ILLEGAL_SASL_STATE, AUTHENTICATION_FAILED = 33, 34, 58
TOPIC_DENIED, GROUP_DENIED, CLUSTER_DENIED, TRANSACTIONS_DENIED = 29, 30, 31, 53
"""Error codes of Kafka's protocol."""
DENIED = {
    TOPIC_DENIED: "the topic {}",
    GROUP_DENIED: "the group {}",
    CLUSTER_DENIED: "the cluster",
    TRANSACTIONS_DENIED: "the transactional id {}",
}
"""What an ACL keeps from us, and a place for its names."""
NOT_VALID_YET, EXPIRED, HOST_MISMATCH, IP_MISMATCH = 9, 10, 62, 64
UNTRUSTED = (18, 19, 20, 21)
"""Verify codes of OpenSSL: of a chain that ends nowhere, or at nobody whom we trust."""
NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
"""Reasons of OpenSSL: what answers is no TLS."""
OF_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE", "ACCESS_DENIED")
"""Words in alerts about a certificate of ours that is missing, or not taken."""
PROTOCOL = "GOESWITH_KAFKA_SECURITY_PROTOCOL"
ACLS = 'docs/operations.md, "Least privilege", lists those of each role'


def refusal(error: BaseException, settings: ConnectionSettings) -> GoeswithError | None:
    """What an error of a client means for who connects; None: it is no refusal.

    >>> class SaslAuthenticationFailed(Exception):
    ...     errno = 58
    >>> ann = ConnectionSettings(
    ...     kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="PLAIN", kafka_user="ann",
    ...     kafka_password="not shown"
    ... )
    >>> print(refusal(SaslAuthenticationFailed(), ann))  # doctest: +NORMALIZE_WHITESPACE
    Kafka refuses user ann (PLAIN): are GOESWITH_KAFKA_USER, GOESWITH_KAFKA_PASSWORD and
    GOESWITH_KAFKA_SASL_MECHANISM right?
    """
    for cause in _causes(error):
        if isinstance(cause, GoeswithError):
            return cause
        if isinstance(cause, ssl.SSLError):
            if said := _of_tls(cause, settings):
                return NotAuthenticated(said)
        elif not isinstance(cause, OSError):  # whose `errno` is the system's
            code = _code(cause)
            if said := _of_sasl(code, settings):
                return NotAuthenticated(said)
            if said := _of_acl(code, cause, settings):
                return NotAuthorized(said)
    return None


def hint(settings: ConnectionSettings) -> str:
    """What else may be wrong where a broker hangs up without a word."""
    if settings.kafka_tls or settings.kafka_sasl:
        return f"Does its listener speak {settings.kafka_security_protocol} ({PROTOCOL})?"
    return f"A listener that wants TLS or SASL hangs up like this: {PROTOCOL}"


def _code(error: BaseException) -> int | None:
    """The error code of the protocol; kafka-python puts some into the words of another error.

    >>> _code(Exception("Unexpected error in InitProducerIdResponse: [Error 31] Denied"))
    31
    """
    code: int | None = getattr(error, "errno", None)
    if code is None and (told := re.search(r"\[Error (\d+)\]", str(error))):
        return int(told[1])
    return code


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, each once: one that is raised again may lead to itself.

    >>> first, second = ValueError("first"), ValueError("second")
    >>> first.__cause__, second.__cause__ = second, first
    >>> [str(cause) for cause in _causes(first)]
    ['first', 'second']
    """
    cause: BaseException | None = error
    found: list[BaseException] = []
    while cause is not None and not any(cause is before for before in found):
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    yield from found


def _of_tls(error: ssl.SSLError, settings: ConnectionSettings) -> str:
    where = settings.kafka_bootstrap
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, settings)
    reason = error.reason or ""
    if reason in NO_TLS:
        return f"what listens at {where} speaks no TLS: is {PROTOCOL} right?"
    if "ALERT" not in reason:
        return ""
    if not any(word in reason for word in OF_OUR_CERTIFICATE):
        return f"Kafka at {where} breaks TLS off ({reason}): is {PROTOCOL} right?"
    if not settings.kafka_certificate_file:
        return (
            f"Kafka at {where} wants a certificate of us ({reason}): set "
            "GOESWITH_KAFKA_CERTIFICATE_FILE and GOESWITH_KAFKA_KEY_FILE"
        )
    return (
        f"Kafka at {where} does not take our certificate ({reason}): is "
        f"GOESWITH_KAFKA_CERTIFICATE_FILE={settings.kafka_certificate_file} from an authority that "
        "the broker trusts, with its whole chain?"
    )


def _of_certificate(error: ssl.SSLCertVerificationError, settings: ConnectionSettings) -> str:
    """What is wrong with the broker's certificate."""
    whose = f"the certificate of Kafka at {settings.kafka_bootstrap}"
    if error.verify_code in (EXPIRED, NOT_VALID_YET):
        when = "has expired" if error.verify_code == EXPIRED else "does not hold yet"
        return f"{whose} {when}: whoever runs the broker has to renew it (or a clock is wrong)"
    if error.verify_code in UNTRUSTED:
        ca = settings.kafka_ca_file
        trusted = f"GOESWITH_KAFKA_CA_FILE={ca}" if ca else "the authorities of this system"
        return (
            f"{whose} is from nobody in {trusted} ({error.verify_message}): set "
            "GOESWITH_KAFKA_CA_FILE to the file of its authority"
        )
    if error.verify_code in (HOST_MISMATCH, IP_MISMATCH):
        return (
            f"{whose} names other hosts ({error.verify_message}): use a name that it has in "
            "GOESWITH_KAFKA_BOOTSTRAP and the brokers' advertised.listeners, or set "
            "GOESWITH_KAFKA_CHECK_HOSTNAME=0"
        )
    return f"{whose} does not hold: {error.verify_message}"


def _of_sasl(code: Any, settings: ConnectionSettings) -> str:
    mechanism = settings.kafka_sasl_mechanism
    if code == UNSUPPORTED_MECHANISM:
        return (
            f"the listener at {settings.kafka_bootstrap} does not take {mechanism}: is "
            "GOESWITH_KAFKA_SASL_MECHANISM right?"
        )
    if code == ILLEGAL_SASL_STATE:
        return f"the listener at {settings.kafka_bootstrap} has no SASL: is {PROTOCOL} right?"
    return refused_credentials(settings) if code == AUTHENTICATION_FAILED else ""


def refused_credentials(settings: ConnectionSettings) -> str:
    """A password or a token that the broker does not take."""
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        source = "COMMAND" if settings.kafka_token_command else "URL"
        return (
            f"Kafka does not take the access token of GOESWITH_KAFKA_TOKEN_{source}: look at its "
            "audience, issuer, scope (GOESWITH_KAFKA_TOKEN_SCOPE) and end, and at the clocks"
        )
    return (
        f"Kafka refuses user {settings.kafka_user} ({settings.kafka_sasl_mechanism}): are "
        "GOESWITH_KAFKA_USER, GOESWITH_KAFKA_PASSWORD and GOESWITH_KAFKA_SASL_MECHANISM right?"
    )


def _of_acl(code: Any, error: BaseException, settings: ConnectionSettings) -> str:
    if code not in DENIED:
        return ""
    what = DENIED[code].format(_names(error)).rstrip()
    return f"Kafka's ACLs do not let {_who(settings)} use {what} ({_kind(error)}): {ACLS}"


def denied(topics: str, settings: ConnectionSettings) -> NotAuthorized:
    """These topics are kept from us: of answers that say so by a code, and raise nothing."""
    return NotAuthorized(
        f"Kafka's ACLs do not let {_who(settings)} see the topics {topics}: {ACLS}"
    )


def _names(error: BaseException) -> str:
    """Which one it was: a client says a name, several, or a sentence with it.

    >>> _names(Exception("Error for GROUP/shop: ")), _names(Exception({"shop.events"}))
    ('shop', 'shop.events')
    >>> _names(Exception(7)), _names(Exception())
    ('7', '')
    """
    said = error.args[0] if error.args else ""
    names = map(str, said) if isinstance(said, set | frozenset | list | tuple) else [str(said)]
    return ", ".join(name.rpartition("/")[2].strip(" :") for name in sorted(names))


def _who(settings: ConnectionSettings) -> str:
    if settings.kafka_sasl:
        return f"user {settings.kafka_user}" if settings.kafka_user else "whom the token names"
    if settings.kafka_certificate_file:
        return f"whom {settings.kafka_certificate_file} names"
    return "anonymous users"


def _kind(error: BaseException) -> str:
    return type(error).__name__
