"""The settings of connections: Kafka's address, TLS and SASL of every Kafka client, TLS of Redis.

One set for the worker's clients (aiokafka), the operator's (kafka-python) and Faust;
`streams.clients.connection` makes the clients' options of it. Files are named here and read where
a connection is opened. A secret is a variable, or the content of a file that the same variable
with `_FILE` behind it names (`GOESWITH_KAFKA_PASSWORD_FILE`).
"""

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

OF_TOKENS = ("kafka_token_command", "kafka_token_url", "kafka_token_scope")
OF_SASL = ("kafka_sasl_mechanism", "kafka_user", "kafka_password", *OF_TOKENS)
OF_CERTIFICATE = ("kafka_key_file", "kafka_key_password")
OF_TLS = ("kafka_certificate_file", "kafka_ca_file", *OF_CERTIFICATE)
"""What is of no use without tokens, a sign-in, a certificate, encryption."""


class ConnectionSettings(BaseModel):
    """The settings of connections; `Settings` inherits them, and reads them from the environment.

    >>> there = ConnectionSettings(kafka_security_protocol="SSL")
    >>> there.kafka_tls, there.kafka_sasl
    (True, False)
    """

    # Connection
    kafka_bootstrap: str = Field("127.0.0.1:9092", description="bootstrap servers, comma separated")
    kafka_timeout_s: float = Field(
        10.0, ge=1, le=600, description="how long the command line waits for a broker's answer"
    )
    kafka_patience_s: float = Field(
        60.0, ge=0, description="start-up timeout: how long a worker waits for an absent broker"
    )
    kafka_api_version: str = Field(
        "",
        pattern=r"^(\d+(\.\d+){1,2})?$",
        json_schema_extra={"write": "numbers with dots between, such as 2.0, or nothing"},
        description="Kafka version that kafka-python assumes, such as `2.0`; empty: it asks "
        "(the embedded broker needs `2.0`)",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT",
        description="what the brokers' listener speaks: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        "",
        description="how we sign in, with a SASL protocol: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
        "OAUTHBEARER",
    )
    kafka_user: str = Field(
        "", description="user of PLAIN and SCRAM; client id for `kafka_token_url`"
    )
    kafka_password: SecretStr = Field(
        SecretStr(""), description="its password; client secret for `kafka_token_url`"
    )
    kafka_ca_file: str = Field(
        "",
        description="PEM file of the authorities that the brokers' certificates are from; empty: "
        "those of the system",
    )
    kafka_certificate_file: str = Field(
        "", description="PEM file of our own certificate, and of its chain (mutual TLS)"
    )
    kafka_key_file: str = Field(
        "", description="PEM file of its private key; empty: it is in the same file"
    )
    kafka_key_password: SecretStr = Field(
        SecretStr(""), description="password of an encrypted private key"
    )
    kafka_check_hostname: bool = Field(
        True, description="a broker's certificate has to name the host that we connect to"
    )
    kafka_token_command: str = Field(
        "",
        description="command that prints an access token for OAUTHBEARER, alone or as the JSON of "
        "an OAuth answer; no shell runs it",
    )
    kafka_token_url: str = Field(
        "",
        pattern=r"^$|^https?://[^/?#@]+([/?#].*)?$",
        json_schema_extra={"write": "a URL without user, such as https://login.example.com/token"},
        description="token endpoint (OAuth 2 and OIDC, client credentials) for OAUTHBEARER",
    )
    kafka_token_scope: str = Field("", description="scope to ask the token endpoint for")
    redis_ca_file: str = Field(
        "",
        description="PEM file of the authorities that a `rediss://` Redis has its certificate "
        "from; empty: those of the system",
    )
    redis_certificate_file: str = Field(
        "", description="PEM file of our own certificate for a `rediss://` Redis"
    )
    redis_key_file: str = Field(
        "", description="PEM file of its private key; empty: it is in the same file"
    )

    @property
    def kafka_tls(self) -> bool:
        """Whether connections to Kafka are encrypted."""
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def kafka_sasl(self) -> bool:
        """Whether we sign in."""
        return self.kafka_security_protocol.startswith("SASL_")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        """What is given without what it needs would be ignored, and nobody would know."""
        if wrong := self._contradiction():
            raise ValueError(wrong)
        return self

    def _contradiction(self) -> str:
        """What does not go together, a sentence with the variables' names; empty: nothing."""
        if (given := self._first_given(OF_SASL)) and not self.kafka_sasl:
            return (
                f"{given} is of use where GOESWITH_KAFKA_SECURITY_PROTOCOL is "
                f"SASL_SSL or SASL_PLAINTEXT, not {self.kafka_security_protocol}"
            )
        if (given := self._first_given(OF_TLS)) and not self.kafka_tls:
            return (
                f"{given} is of use where GOESWITH_KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL, not "
                f"{self.kafka_security_protocol}, which speaks in the clear"
            )
        if (given := self._first_given(OF_CERTIFICATE)) and not self.kafka_certificate_file:
            return f"{given} is of GOESWITH_KAFKA_CERTIFICATE_FILE, which is empty"
        if self.redis_key_file and not self.redis_certificate_file:
            return "GOESWITH_REDIS_KEY_FILE is of GOESWITH_REDIS_CERTIFICATE_FILE, which is empty"
        return self._sign_in_lacks() if self.kafka_sasl else ""

    def _first_given(self, names: tuple[str, ...]) -> str:
        """The variable of the first one of these that is not empty; empty: all are."""
        return next((f"GOESWITH_{name.upper()}" for name in names if getattr(self, name)), "")

    def _sign_in_lacks(self) -> str:
        """What SASL needs and has not got, or has got and does not need."""
        if not self.kafka_sasl_mechanism:
            return (
                f"{self.kafka_security_protocol} signs in: set GOESWITH_KAFKA_SASL_MECHANISM to "
                "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
            )
        has_both = bool(self.kafka_user and self.kafka_password.get_secret_value())
        credentials = "GOESWITH_KAFKA_USER and GOESWITH_KAFKA_PASSWORD (or …_PASSWORD_FILE)"
        if self.kafka_sasl_mechanism != "OAUTHBEARER":
            if given := self._first_given(OF_TOKENS):
                return f"{given} is of use with OAUTHBEARER, not {self.kafka_sasl_mechanism}"
            return "" if has_both else f"{self.kafka_sasl_mechanism} needs {credentials}"
        if bool(self.kafka_token_command) == bool(self.kafka_token_url):
            return (
                "OAUTHBEARER needs one of GOESWITH_KAFKA_TOKEN_COMMAND and GOESWITH_KAFKA_TOKEN_URL"
            )
        if self.kafka_token_scope and not self.kafka_token_url:
            return "GOESWITH_KAFKA_TOKEN_SCOPE is of GOESWITH_KAFKA_TOKEN_URL, which is empty"
        if self.kafka_token_url and not has_both:
            return f"GOESWITH_KAFKA_TOKEN_URL needs the client's id and secret: {credentials}"
        return ""


SECURITY = frozenset(
    name
    for name in ConnectionSettings.model_fields
    if name not in ("kafka_bootstrap", "kafka_timeout_s", "kafka_patience_s", "kafka_api_version")
)
"""The names of those that secure a connection."""
