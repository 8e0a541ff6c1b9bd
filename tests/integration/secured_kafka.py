"""A real Kafka that lets nobody in without a name, and lets nobody do what no ACL allows.

Its listener in the clear is for the test itself: who comes there may do everything.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)

from streams.clients.connection.addresses import free_port
from streams.clients.sync_kafka import open_admin
from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import ApacheKafka
from streams.lab.chaos.ground.jars import kafka_jars
from tests.certificates import Authority, Issued
from tests.token_endpoint import AUDIENCE, TokenEndpoint, served

HANDBOOK = Path(__file__).parents[2] / "docs" / "operations.md"
ROLES = (
    *("worker", "storefront", "monitor", "analyst", "operator", "admin", "shoppers", "merchant"),
)
LISTENERS = {"SCRAM": "SASL_SSL", "TOKENS": "SASL_SSL", "CERTS": "SSL", "EXPIRED": "SSL"}
"""By name, what each one speaks; `EXPIRED` shows a certificate that is out of date."""
MODULES = "org.apache.kafka.common.security"
TOKEN_LIFE_S = 5


class Granted(NamedTuple):
    """One ACL: an operation on a topic, the group or the cluster (no name is needed for these)."""

    operation: str
    kind: ResourceType
    topic: str = ""


def acls_of(role: str) -> list[Granted]:
    """What the handbook says that a role needs."""
    table = HANDBOOK.read_text().partition("\n## Least privilege\n")[2]
    row = re.search(rf"^\| `{role}` \|(.*)\|$", table, re.MULTILINE)
    assert row is not None, role
    _, topics, group, cluster = (cell.strip() for cell in row[1].split("|"))
    granted = [
        Granted(operation, ResourceType.TOPIC, topic)
        for part in filter(None, topics.split(";"))
        for operation in re.findall(r"[A-Z]\w+", part)
        for topic in re.findall(r"`([\w-]+)`", part)
    ]
    granted += [Granted(each, ResourceType.GROUP) for each in re.findall(r"\w+", group)]
    return granted + [Granted(each, ResourceType.CLUSTER) for each in re.findall(r"\w+", cluster)]


def acls_of_checkpoints(role: str) -> list[Granted]:
    """What the handbook says that a role needs besides, where checkpoints are in a topic.

    But to make that topic: somebody has made it.
    """
    table = HANDBOOK.read_text().partition("\n#### Rights on a topic of checkpoints\n")[2]
    rows = re.findall(rf"^\| `{role}` \|[^|]*\|([^|]*)\|([^|]*)\|$", table, re.MULTILINE)
    assert rows, role
    found = {
        Granted(operation, kind, "checkpoints")
        for row in rows
        for kind, cell in zip((ResourceType.TOPIC, ResourceType.TRANSACTIONAL_ID), row, strict=True)
        for operation in re.findall(r"[A-Z]\w+", re.sub(r"; Create .*", "", cell))
    }
    return sorted(found)


class SecuredKafka:
    """The broker, and what its clients need to get in."""

    def __init__(
        self,
        broker: ApacheKafka,
        ports: dict[str, int],
        authority: Authority,
        tokens: TokenEndpoint,
    ) -> None:
        self.broker, self.authority, self.tokens = broker, authority, tokens
        self._ports = ports
        self._shown: dict[str, Issued] = {}

    def open(self, prefix: str, **more: Any) -> Settings:
        """The settings of who may do everything."""
        given: dict[str, Any] = {
            "kafka_bootstrap": self.broker.bootstrap,
            "topic_prefix": prefix,
            "group_id": prefix,
            "partitions": 2,
        }
        return Settings(**(given | more))

    def settings(self, listener: str, user: str, prefix: str, **more: Any) -> Settings:
        """The settings of a user, by this listener."""
        here = {
            "kafka_bootstrap": f"127.0.0.1:{self._ports[listener]}",
            "kafka_security_protocol": LISTENERS[listener],
            "kafka_ca_file": str(self.authority.file),
            **self._credentials(listener, user),
        }
        return self.open(prefix, **(here | more))

    def grant(self, user: str, prefix: str, granted: Iterable[Granted], group: str = "") -> None:
        """Let a user do this, with the topics of a prefix and the group of that name."""
        resources = {ResourceType.GROUP: group or prefix, ResourceType.CLUSTER: "kafka-cluster"}
        acls = [
            ACL(
                principal=f"User:{user}",
                host="*",
                operation=ACLOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each.operation).upper()],
                permission_type=ACLPermissionType.ALLOW,
                resource_pattern=ResourcePattern(
                    each.kind, resources.get(each.kind, f"{prefix}.{each.topic}")
                ),
            )
            for each in granted
        ]
        with open_admin(self.open(prefix)) as admin:
            assert not admin.create_acls(acls)["failed"]

    def add_users(self, *names: str) -> None:
        """Users with a password, which is their name and `'s`."""
        credentials = [
            UserScramCredentialUpsertion(name, "SCRAM-SHA-512", f"{name}'s") for name in names
        ]
        with open_admin(self.open("any")) as admin:
            assert {None} == set(admin.alter_user_scram_credentials(credentials).values())

    def _credentials(self, listener: str, user: str) -> dict[str, Any]:
        if listener == "SCRAM":
            return {
                "kafka_sasl_mechanism": "SCRAM-SHA-512",
                "kafka_user": user,
                "kafka_password": f"{user}'s",
            }
        if listener == "TOKENS":
            return {
                "kafka_sasl_mechanism": "OAUTHBEARER",
                "kafka_token_url": f"{self.tokens.url}/token",
                "kafka_user": user,
                "kafka_password": f"{user}'s",
            }
        shown = self._shown.setdefault(user, self.authority.issue(user))
        return {
            "kafka_certificate_file": str(shown.certificate),
            "kafka_key_file": str(shown.key),
        }


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """A secured Kafka that runs, with a user for each role."""
    if not (shutil.which("java") and shutil.which("mvn")):
        reason = "no Java and Maven here to run a secured Kafka with"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    authority = Authority(folder)
    with ExitStack() as stack:
        clients = {name: f"{name}'s" for name in ROLES}
        tokens = stack.enter_context(served(TokenEndpoint(clients, TOKEN_LIFE_S)))
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens.url}/keys"
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("JAVA_TOOL_OPTIONS", allowed)
            ports = {name: free_port() for name in LISTENERS}
            more = properties(ports, authority, f"{tokens.url}/keys")
            broker = ApacheKafka(folder, kafka_jars(), more, short_lived=True)
            stack.callback(broker.discard)
            broker.start()
        kafka = SecuredKafka(broker, ports, authority, tokens)
        kafka.add_users(*ROLES)
        yield kafka


def properties(ports: dict[str, int], authority: Authority, keys: str) -> dict[str, str]:
    """Of a broker with these listeners besides."""
    server, expired = authority.issue("broker"), authority.issue("expired", days=(-3, -1))
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    handler = f"{MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler"
    return {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": ",".join(f"{n}:{p}" for n, p in LISTENERS.items()),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(server.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+)$/$1/,DEFAULT",
        "listener.name.certs.ssl.client.auth": "required",
        "listener.name.expired.ssl.keystore.location": str(expired.both),
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": (
            f"{MODULES}.scram.ScramLoginModule required;"
        ),
        "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER,PLAIN",
        "listener.name.tokens.plain.sasl.jaas.config": (
            f'{MODULES}.plain.PlainLoginModule required user_monitor="monitor\'s";'
        ),
        "listener.name.tokens.oauthbearer.sasl.jaas.config": (
            f"{MODULES}.oauthbearer.OAuthBearerLoginModule required;"
        ),
        "listener.name.tokens.oauthbearer.sasl.server.callback.handler.class": handler,
        # Of Kafka 4.1.1 the default validator takes any token that has not ended.
        "sasl.oauthbearer.jwt.validator.class": f"{MODULES}.oauthbearer.BrokerJwtValidator",
        "sasl.oauthbearer.jwks.endpoint.url": keys,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
