"""The settings of a secured connection: what goes together, and what would be ignored."""

from pathlib import Path
from typing import Any

import pytest

from streams.cli.options import SECRETS, read_settings, self_contained, speaking_to
from streams.cli.unknown_settings import unknown_settings
from streams.contract.errors import FileUnusable, Misconfigured
from streams.contract.settings import Settings
from streams.contract.wire.connection import SECURITY
from streams.lab.embedded.worker_process import environment
from streams.lab.replay.command import settings_of
from streams.shop.shared_settings import told

HIDDEN = "br3ad-and-butt3r"
SCRAM: dict[str, Any] = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_user": "ann",
    "kafka_password": HIDDEN,
}
TOKEN: dict[str, Any] = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "OAUTHBEARER",
}
ENDPOINT = {"kafka_token_url": "https://login/token"}


def security(settings: Settings) -> dict[str, Any]:
    """What secures the connections."""
    return {name: getattr(settings, name) for name in SECURITY}


CLEAR = security(Settings())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"kafka_security_protocol": "SSL"},
        SCRAM,
        SCRAM | {"kafka_sasl_mechanism": "PLAIN", "kafka_security_protocol": "SASL_PLAINTEXT"},
        SCRAM | {"kafka_certificate_file": "us.pem", "kafka_key_file": "us.key"},
        TOKEN | {"kafka_token_command": "print-a-token"},
        TOKEN | ENDPOINT | {"kafka_user": "client", "kafka_password": HIDDEN},
    ],
)
def test_what_goes_together_is_taken(given: dict[str, Any]) -> None:
    """Every way in."""
    read = environment(read_settings(**given))

    assert given == {name: read[f"GOESWITH_{name.upper()}"] for name in given}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kafka_security_protocol": "TLS"}, "GOESWITH_KAFKA_SECURITY_PROTOCOL"),
        ({"kafka_security_protocol": "SASL_SSL"}, "GOESWITH_KAFKA_SASL_MECHANISM"),
        ({"kafka_sasl_mechanism": "PLAIN"}, "GOESWITH_KAFKA_SASL_MECHANISM"),
        ({"kafka_user": "ann", "kafka_password": HIDDEN}, "GOESWITH_KAFKA_USER"),
        ({"kafka_password": HIDDEN}, "GOESWITH_KAFKA_PASSWORD"),
        (ENDPOINT, "GOESWITH_KAFKA_TOKEN_URL"),
        ({"kafka_token_command": "print-one"}, "GOESWITH_KAFKA_TOKEN_COMMAND"),
        ({"kafka_token_scope": "write"}, "GOESWITH_KAFKA_TOKEN_SCOPE"),
        (SCRAM | {"kafka_token_command": "print-one"}, "GOESWITH_KAFKA_TOKEN_COMMAND"),
        (SCRAM | ENDPOINT, "GOESWITH_KAFKA_TOKEN_URL"),
        (
            TOKEN | {"kafka_token_command": "print-one", "kafka_token_scope": "write"},
            "GOESWITH_KAFKA_TOKEN_SCOPE",
        ),
        ({"kafka_ca_file": "them.pem"}, "GOESWITH_KAFKA_CA_FILE"),
        (
            SCRAM | {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ca_file": "them.pem"},
            "GOESWITH_KAFKA_CA_FILE",
        ),
        ({"kafka_key_password": HIDDEN}, "GOESWITH_KAFKA_KEY_PASSWORD"),
        (SCRAM | {"kafka_key_password": HIDDEN}, "GOESWITH_KAFKA_KEY_PASSWORD"),
        (SCRAM | {"kafka_security_protocol": "SSL"}, "GOESWITH_KAFKA_SECURITY_PROTOCOL"),
        (SCRAM | {"kafka_password": ""}, "GOESWITH_KAFKA_PASSWORD"),
        (SCRAM | {"kafka_user": ""}, "GOESWITH_KAFKA_USER"),
        ({"kafka_certificate_file": "us.pem"}, "GOESWITH_KAFKA_CERTIFICATE_FILE"),
        (SCRAM | {"kafka_key_file": "us.key"}, "GOESWITH_KAFKA_CERTIFICATE_FILE"),
        ({"redis_key_file": "us.key"}, "GOESWITH_REDIS_CERTIFICATE_FILE"),
        (TOKEN, "GOESWITH_KAFKA_TOKEN_COMMAND"),
        (TOKEN | ENDPOINT, "GOESWITH_KAFKA_PASSWORD"),
        (TOKEN | ENDPOINT | {"kafka_user": "c"}, "GOESWITH_KAFKA_PASSWORD"),
        (TOKEN | ENDPOINT | {"kafka_token_command": "print-one"}, "GOESWITH_KAFKA_TOKEN_URL"),
        ({"kafka_token_url": f"ftp://{HIDDEN}@login"}, "GOESWITH_KAFKA_TOKEN_URL"),
        ({"kafka_token_url": f"https://till:{HIDDEN}@login/token"}, "GOESWITH_KAFKA_TOKEN_URL"),
    ],
)
def test_what_would_be_ignored_or_is_missing_is_said_by_its_variable(
    given: dict[str, Any], named: str
) -> None:
    """A password that nobody is shown looks like one that is right."""
    with pytest.raises(Misconfigured) as refused:
        read_settings(**given)

    assert named in str(refused.value)
    assert HIDDEN not in str(refused.value)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """As container platforms hand them out; without the newline that editors put behind it."""
    (tmp_path / "secret").write_text(f"redis://{HIDDEN}\n")
    variable = f"GOESWITH_{name.upper()}"
    for needed, value in (SCRAM | {"kafka_certificate_file": "us.pem"}).items():
        monkeypatch.setenv(f"GOESWITH_{needed.upper()}", value)
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    held = getattr(read_settings(), name)

    assert f"redis://{HIDDEN}" == getattr(held, "get_secret_value", lambda: held)()
    assert [] == unknown_settings({f"{variable}_FILE": "secret"})


def test_a_secret_in_two_places_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody could tell which one is meant; one that is empty is none."""
    (tmp_path / "secret").write_text(HIDDEN)
    monkeypatch.setenv("GOESWITH_RECEIPT_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("GOESWITH_RECEIPT_SECRET", "")
    assert HIDDEN == read_settings().receipt_secret.get_secret_value()

    monkeypatch.setenv("GOESWITH_RECEIPT_SECRET", "another one")
    with pytest.raises(Misconfigured, match="GOESWITH_RECEIPT_SECRET_FILE"):
        read_settings()


def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Missing, or no text; a command that takes no secret from the environment does not mind."""
    monkeypatch.setenv("GOESWITH_KAFKA_PASSWORD_FILE", str(tmp_path / "missing"))
    with pytest.raises(FileUnusable, match=r"GOESWITH_KAFKA_PASSWORD_FILE=.*missing"):
        read_settings()
    assert "" == self_contained().kafka_password.get_secret_value()

    (tmp_path / "missing").write_bytes(b"\xff\xfe")
    with pytest.raises(FileUnusable, match="UTF-8"):
        read_settings()


def test_no_secret_is_in_what_workers_and_programs_are_told() -> None:
    """Not in a setting's text, not in what peers read."""
    key: dict[str, Any] = {"kafka_certificate_file": "us.pem", "kafka_key_password": HIDDEN}
    settings = Settings(**SCRAM, **key, receipt_secret=HIDDEN)

    assert HIDDEN not in f"{settings!r} {settings} {told(settings)}"
    assert HIDDEN == environment(settings)["GOESWITH_KAFKA_PASSWORD"]  # a worker of our own has it


def test_a_command_with_a_shop_of_its_own_speaks_to_a_given_broker_as_it_wants_to_be_spoken_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And to the embedded one in the clear."""
    for name, value in environment(Settings(**SCRAM)).items():
        monkeypatch.setenv(name, value)
    replayed = [
        settings_of(bootstrap, "offered", own=True, best_fit=False)
        for bootstrap in ("kafka:9093", None)
    ]

    assert security(Settings(**SCRAM)) == security(self_contained(speaking_to("kafka:9093")))
    assert CLEAR == security(self_contained(speaking_to(None)))
    assert [security(Settings(**SCRAM)), CLEAR] == [security(each) for each in replayed]
