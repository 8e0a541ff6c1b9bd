"""TLS files: what is wrong with them is said by their variable, before anything is sent."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.clients.connection.tls import tls_context
from streams.contract.errors import FileUnusable, Misconfigured, NotAuthenticated
from streams.contract.wire.connection import ConnectionSettings
from tests.certificates import Authority, Issued

HIDDEN = "br3ad-and-butt3r"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who issues certificates here."""
    return Authority(tmp_path)


def of(issued: Issued, **more: object) -> ConnectionSettings:
    """The settings of who shows this certificate."""
    given = {
        "kafka_security_protocol": "SSL",
        "kafka_certificate_file": str(issued.certificate),
        "kafka_key_file": str(issued.key),
    }
    return ConnectionSettings.model_validate(given | more)


def test_authorities_hosts_and_protocols_are_checked(authority: Authority) -> None:
    """Those of the file alone, where there is one; host names unless they say otherwise."""
    settings = ConnectionSettings(kafka_security_protocol="SSL", kafka_ca_file=str(authority.file))
    context = tls_context(settings)
    lax = tls_context(settings.model_copy(update={"kafka_check_hostname": False}))

    (trusted,) = context.get_ca_certs()

    assert ((("commonName", "authority"),),) == trusted["subject"]
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert (ssl.CERT_REQUIRED, False) == (lax.verify_mode, lax.check_hostname)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_key_and_certificate_may_be_in_one_file_and_the_key_encrypted(
    authority: Authority,
) -> None:
    """The password is a setting, and asked for by nobody at a terminal."""
    issued = authority.issue("us", password=HIDDEN)
    password = {"kafka_key_password": HIDDEN}
    together = {"kafka_certificate_file": str(issued.both), "kafka_key_file": ""}

    tls_context(of(issued, **password))
    tls_context(of(issued, **password, **together))
    for wrong in ("", "another one"):
        with pytest.raises(FileUnusable, match="GOESWITH_KAFKA_KEY_PASSWORD"):
            tls_context(of(issued, kafka_key_password=wrong))


def test_a_certificate_of_ours_holds_from_its_first_day_to_its_last(authority: Authority) -> None:
    """A broker would only say that it does not like it."""
    issued = authority.issue("us", days=(-2, 2))
    now = datetime.now(UTC)

    tls_context(of(issued), now)
    for days, said in ((-3, "holds from .* on only"), (3, "has expired")):
        with pytest.raises(NotAuthenticated, match=f"{said}.*GOESWITH_KAFKA_CERTIFICATE_FILE"):
            tls_context(of(issued), now + timedelta(days=days))


@pytest.mark.parametrize("variable", ["ca_file", "certificate_file", "key_file"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\x00"])
def test_a_file_that_cannot_be_used_is_named(
    authority: Authority, tmp_path: Path, variable: str, content: bytes | None
) -> None:
    """Missing, empty, or something else."""
    odd = tmp_path / "odd.pem"
    if content is not None:
        odd.write_bytes(content)
    settings = of(authority.issue("us"), kafka_ca_file=str(authority.file))
    with pytest.raises(Misconfigured, match=r"odd\.pem") as refused:
        tls_context(settings.model_copy(update={f"kafka_{variable}": str(odd)}))

    assert isinstance(refused.value, FileUnusable)


def test_the_key_of_another_certificate_is_refused(authority: Authority) -> None:
    """A slip of copying."""
    ours, other = authority.issue("us"), authority.issue("others")

    with pytest.raises(FileUnusable, match="is it the key of GOESWITH_KAFKA_CERTIFICATE_FILE"):
        tls_context(of(ours, kafka_key_file=str(other.key)))
