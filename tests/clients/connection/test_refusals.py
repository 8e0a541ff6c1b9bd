"""Why a broker refuses us: the same line by whichever client it came, and no line for the rest."""

import errno
from typing import Any

import aiokafka.errors
import kafka.errors
import pytest

from streams.clients.connection.refusals import refusal
from streams.contract.errors import NotAuthenticated, NotAuthorized, NoToken
from streams.contract.wire.connection import ConnectionSettings

HIDDEN = "br3ad-and-butt3r"
ANN = ConnectionSettings(
    kafka_security_protocol="SASL_SSL",
    kafka_sasl_mechanism="SCRAM-SHA-512",
    kafka_user="ann",
    kafka_password=HIDDEN,
)


def said(error: BaseException, settings: ConnectionSettings = ANN) -> str:
    """The line, and what kind of a refusal it is."""
    found = refusal(error, settings)
    assert HIDDEN not in str(found)
    return f"{type(found).__name__}: {found}"


@pytest.mark.parametrize(
    "client", [aiokafka.errors, kafka.errors], ids=["aiokafka", "kafka-python"]
)
@pytest.mark.parametrize(
    ("code", "given", "kind", "words"),
    [
        (29, "shop.events", NotAuthorized, "user ann use the topic shop.events"),
        (29, {"shop.prompts", "shop.events"}, NotAuthorized, "topic shop.events, shop.prompts"),
        (30, "workers", NotAuthorized, "user ann use the group workers"),
        (31, "", NotAuthorized, "user ann use the cluster"),
        (33, "", NotAuthenticated, "does not take SCRAM-SHA-512"),
        (34, "", NotAuthenticated, "has no SASL: is GOESWITH_KAFKA_SECURITY_PROTOCOL"),
        (53, "shop.checkpoints", NotAuthorized, "use the transactional id shop.checkpoints"),
        (53, "", NotAuthorized, "use the transactional id (Transactional"),
        (58, "invalid credentials", NotAuthenticated, "refuses user ann (SCRAM-SHA-512)"),
    ],
)
def test_a_code_of_the_protocol_is_a_line(
    client: Any, code: int, given: Any, kind: type[Exception], words: str
) -> None:
    """Also where it is the cause of something else."""
    error = client.for_code(code)(given)
    lost = client.KafkaConnectionError("connection closed")
    lost.__cause__ = error

    assert said(error).startswith(f"{kind.__name__}: ")
    assert words in said(error)
    assert said(error) == said(lost)


@pytest.mark.parametrize(
    "error",
    [
        aiokafka.errors.KafkaConnectionError("closed"),
        kafka.errors.KafkaTimeoutError("in 10 s"),
        aiokafka.errors.UnknownTopicOrPartitionError(),
        *(OSError(code, "away") for code in (29, 30, 31, 33, 34, 53, 58, errno.ECONNREFUSED)),
        TimeoutError(),
    ],
    ids=repr,
)
def test_what_is_no_refusal_may_be_tried_again(error: Exception) -> None:
    """Codes of the system are not those of Kafka."""
    assert refusal(error, ANN) is None


@pytest.mark.parametrize(
    "said", [(), (7,), (None,), ({"shop": 3},), ((1, "x"),), (b"a",), ("a", 2)]
)
@pytest.mark.parametrize("client", [aiokafka.errors, kafka.errors], ids=["aiokafka", "kafka"])
def test_no_error_of_a_client_is_too_odd_to_be_judged(client: Any, said: tuple[Any, ...]) -> None:
    """They are raised with numbers of nodes, sets of topics, whole requests or nothing."""
    kinds = [kind for kind in vars(client).values() if isinstance(kind, type)]
    plain = [kind for kind in kinds if issubclass(kind, client.KafkaError) and _takes(kind, said)]

    assert len(plain) > 40, client
    for kind in plain:
        refusal(kind(*said), ANN)


def _takes(kind: type[Exception], said: tuple[Any, ...]) -> bool:
    try:
        str(kind(*said))
    except (TypeError, AttributeError):
        return False  # one that wants other arguments, or a base class that nobody raises
    return True


def test_an_error_that_led_to_itself_is_judged_once() -> None:
    """A producer raises its fatal error again whenever it is asked: its cause is then itself."""
    first, again = kafka.errors.KafkaTimeoutError("first"), kafka.errors.KafkaError("again")
    first.__cause__, again.__context__ = again, first

    assert refusal(first, ANN) is None
    assert refusal(again, ANN) is None


def test_a_token_that_was_not_had_is_told_as_that() -> None:
    """A client makes a lost connection of it."""
    lost = aiokafka.errors.KafkaConnectionError("no token")
    lost.__cause__ = NoToken("the endpoint does not answer")

    assert "NoToken: the endpoint does not answer" == said(lost)


@pytest.mark.parametrize(
    ("settings", "who"),
    [
        ({}, "anonymous users"),
        (
            {"kafka_security_protocol": "SSL", "kafka_certificate_file": "us.pem"},
            "whom us.pem names",
        ),
        (
            {
                "kafka_security_protocol": "SASL_SSL",
                "kafka_sasl_mechanism": "OAUTHBEARER",
                "kafka_token_command": "print-one",
            },
            "whom the token names",
        ),
    ],
)
def test_who_lacks_a_right_is_named(settings: dict[str, Any], who: str) -> None:
    """As far as we know ourselves."""
    denied = kafka.errors.TopicAuthorizationFailedError("shop.events")

    assert f"do not let {who} use" in said(denied, ConnectionSettings.model_validate(settings))
