"""A TLS context from the files that the settings name, and what is wrong with these files.

What can be seen beforehand is said before anything is sent: a broker that refuses a certificate
tells us little more than that.
"""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from streams.contract.errors import FileUnusable, NotAuthenticated
from streams.contract.wire.connection import ConnectionSettings

CA, CERTIFICATE, KEY = (f"GOESWITH_KAFKA_{file}_FILE" for file in ("CA", "CERTIFICATE", "KEY"))
PEM_BYTES_MAX = 1 << 22
"""More than all authorities of a system have."""
ENCRYPTED = b"ENCRYPTED"
"""Stands in the head of an encrypted private key, in each of its formats."""


def tls_context(settings: ConnectionSettings, now: datetime | None = None) -> ssl.SSLContext:
    """The context of connections to Kafka.

    Raises `FileUnusable`, or `NotAuthenticated` for a certificate of ours that is out of date.
    """
    context = _trusting(settings.kafka_ca_file)
    context.check_hostname = settings.kafka_check_hostname
    if settings.kafka_certificate_file:
        _identify(context, settings, now or datetime.now(UTC))
    return context


def _trusting(ca_file: str) -> ssl.SSLContext:
    """A context that takes certificates of these authorities, or of those of the system."""
    if ca_file:
        _read(CA, ca_file)
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except ssl.SSLError:
        raise FileUnusable(f"{CA}={ca_file} holds no certificate in PEM") from None


def _identify(context: ssl.SSLContext, settings: ConnectionSettings, now: datetime) -> None:
    """Show our own certificate from now on."""
    certificate_file = settings.kafka_certificate_file
    key_file = settings.kafka_key_file or certificate_file
    password = settings.kafka_key_password.get_secret_value()
    _check_dates(certificate_file, _read(CERTIFICATE, certificate_file), now)
    key = _read(KEY if settings.kafka_key_file else CERTIFICATE, key_file)
    if ENCRYPTED in key and not password:
        raise FileUnusable(f"the key in {key_file} is encrypted: set GOESWITH_KAFKA_KEY_PASSWORD")
    try:
        context.load_cert_chain(certificate_file, key_file, password=lambda: password)
    except ssl.SSLError as error:
        raise FileUnusable(
            f"the private key in {key_file} cannot be used ({error.reason or 'unreadable'}): is it "
            f"in PEM, is it the key of {CERTIFICATE}={certificate_file}, and is its password "
            "(GOESWITH_KAFKA_KEY_PASSWORD) right?"
        ) from None


def _check_dates(path: str, pem: bytes, now: datetime) -> None:
    """Raise `NotAuthenticated` unless the certificate holds now."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise FileUnusable(f"{CERTIFICATE}={path} holds no certificate in PEM") from None
    if now > certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc.isoformat()
        raise NotAuthenticated(f"our certificate has expired, {ended}: renew {CERTIFICATE}={path}")
    if now < certificate.not_valid_before_utc:
        begins = certificate.not_valid_before_utc.isoformat()
        raise NotAuthenticated(
            f"our certificate holds from {begins} on only: look at {CERTIFICATE}={path}, and at "
            "the clock of this machine"
        )


def _read(variable: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            found = file.read(PEM_BYTES_MAX + 1)
    except OSError as error:
        raise FileUnusable(f"{variable}={path} cannot be read: {error.strerror}") from None
    if len(found) > PEM_BYTES_MAX:
        raise FileUnusable(f"{variable}={path} has more than {PEM_BYTES_MAX:,} bytes")
    return found
