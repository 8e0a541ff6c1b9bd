"""The settings of the gateway: where it listens, whom it believes, and how much it takes."""

import re

from pydantic import BaseModel, Field, SecretStr, field_validator

ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")
SANDBOX = "null"
"""What browsers call the origin of a script in a sandbox (HTML, 7.1.1): it does not tell whose."""
DEFAULT_PORT = re.compile(r"https:.*:443|http:.*:80", re.IGNORECASE)
"""A browser leaves it out of an origin (RFC 6454, section 6.2)."""


class GatewaySettings(BaseModel):
    """The settings of the gateway; `Settings` inherits them, and reads them from the environment.

    >>> GatewaySettings(gateway_origins="https://shop.example, http://[::1]:81").allowed_origins
    ('https://shop.example', 'http://[::1]:81')
    >>> GatewaySettings(gateway_origins="https://shop.example, null").allowed_origins
    ('https://shop.example', 'null')
    """

    # Gateway
    gateway_host: str = Field("127.0.0.1", description="address to listen on; `0.0.0.0`: any")
    gateway_port: int = Field(
        8090, ge=0, le=65535, description="port to listen on; 0: any free one"
    )
    gateway_keys: SecretStr = Field(
        SecretStr(""),
        description="the shop's keys, 32 characters or more each, comma separated: the first signs "
        "session tokens, all are taken",
    )
    gateway_origins: str = Field(
        "",
        description="CORS: origins whose pages may ask, such as `https://shop.example`, comma "
        "separated; empty: the gateway's own alone; `null`: scripts in a sandbox, whoever's they "
        "are, such as Shopify's pixels",
    )
    gateway_proxies: str = Field(
        "127.0.0.1",
        description="addresses or networks of proxies whose `X-Forwarded-For` is believed, comma "
        "separated",
    )
    gateway_token_s: float = Field(
        3600.0, ge=60, le=86_400, description="lifetime of a session token; longer ones are refused"
    )
    gateway_body_bytes_max: int = Field(
        262_144, ge=1024, le=8_388_608, description="largest body of a request"
    )
    gateway_batch_max: int = Field(100, ge=1, le=1000, description="most events of a request")
    gateway_browser_orders: bool = Field(
        False,
        description="whether pages, and webhooks of Segment, are believed what was ordered; else "
        "the shop's server tells it, or a webhook of the shop system",
    )
    gateway_wait_ms_max: int = Field(
        2000, ge=0, le=30_000, description="longest that `wait_ms` may wait for prompts"
    )
    gateway_session_rate: int = Field(
        600, ge=10, description="rate limit: events and requests a minute, of a session"
    )
    gateway_address_rate: int = Field(
        6000,
        ge=10,
        description="rate limit: requests a minute, of an address (IPv6: of a /64); the "
        "shop's server, by its key, has none",
    )
    gateway_streams_max: int = Field(10_000, ge=1, description="most open streams of a gateway")
    gateway_session_streams_max: int = Field(
        8, ge=1, description="most open streams of a session: its tabs"
    )
    gateway_heartbeat_s: float = Field(
        15.0, gt=0, le=3600, description="a quiet stream says so often that it is still there"
    )
    gateway_catalog_bytes_max: int = Field(
        268_435_456,
        ge=0,
        description="most bytes of titles, prices and addresses kept of the catalogue; 0: it is "
        "not followed",
    )
    gateway_write_s: float = Field(
        30.0,
        gt=0,
        le=600,
        description="who reads nothing of what is sent, or asks nothing, for so long is hung up",
    )

    @field_validator("gateway_proxies")
    @classmethod
    def _gateway_proxies_are_proxies(cls, proxies: str) -> str:
        for proxy in _listed(proxies):
            if proxy == "*" or proxy.endswith("/0"):
                raise ValueError(
                    f"{proxy[:40]!r} believes everybody: whoever asks could name any address, and "
                    "no rate limit would hold; list the proxies' own"
                )
        return proxies

    @field_validator("gateway_origins")
    @classmethod
    def _are_origins(cls, origins: str) -> str:
        for origin in _listed(origins):
            if origin != SANDBOX and not ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin[:40]!r} is no origin: scheme, host and perhaps a port, such as "
                    "https://shop.example, without a path and without *; or null, for a sandbox"
                )
            if DEFAULT_PORT.fullmatch(origin):
                raise ValueError(
                    f"{origin[:40]!r} is no origin that a browser would name: leave out the port"
                )
        return origins

    @property
    def shop_keys(self) -> tuple[str, ...]:
        """The shop's keys, the one that signs first."""
        return _listed(self.gateway_keys.get_secret_value())

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask."""
        return tuple(origin.lower() for origin in _listed(self.gateway_origins))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))
