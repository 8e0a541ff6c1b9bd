"""The settings of the console: where it listens, who may look, and whom it asks."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

ADDRESSES_MAX = 64


class ConsoleSettings(BaseModel):
    """The settings of the console; `Settings` inherits them, and reads them from the environment.

    >>> ConsoleSettings(console_workers="http://worker-1:6066, http://worker-2:6066/").worker_pages
    ('http://worker-1:6066', 'http://worker-2:6066')
    """

    # Console
    console_host: str = Field("127.0.0.1", description="address to listen on; `0.0.0.0`: any")
    console_port: int = Field(
        8095, ge=0, le=65535, description="port to listen on; 0: any free one"
    )
    console_token: SecretStr = Field(
        SecretStr(""),
        description="who knows it may look, 32 characters or more; empty: on the loopback another "
        "one each time, which the command prints",
    )
    console_operator_token: SecretStr = Field(
        SecretStr(""),
        description="who knows it may also set controls, 32 characters or more; empty: on the "
        "loopback one more that the command prints, elsewhere nobody may by a token",
    )
    console_user_header: str = Field(
        "",
        pattern=r"^([A-Za-z0-9-]{1,64})?$",
        json_schema_extra={"write": "the name of a header, such as X-Forwarded-User, or nothing"},
        description="a header in which a proxy that has asked who is there names the user, such as "
        "`X-Forwarded-User`; empty: none is believed",
    )
    console_operators: str = Field(
        "",
        description="whom of those that the proxy names may also set controls, comma separated",
    )
    console_proxies: str = Field(
        "127.0.0.1,::1",
        description="addresses or networks of the proxies that are believed that, comma separated",
    )
    console_workers: str = Field(
        "",
        description="the workers' pages, such as `http://worker-1:6066`, comma separated; empty: "
        "health and latency are not shown",
    )
    console_every_s: float = Field(
        2.0, ge=0.2, le=60, description="how often it looks, and pages are renewed"
    )

    @field_validator("console_proxies")
    @classmethod
    def _are_proxies(cls, proxies: str) -> str:
        for proxy in filter(None, map(str.strip, proxies.split(","))):
            if not _is_network(proxy):
                raise ValueError(
                    f"{proxy[:40]!r} is no address or network of a proxy; who believes everybody "
                    "lets everybody in"
                )
        return proxies

    @field_validator("console_workers")
    @classmethod
    def _are_pages(cls, pages: str) -> str:
        listed = _listed(pages)
        if len(listed) > ADDRESSES_MAX:
            raise ValueError(f"{len(listed)} pages; {ADDRESSES_MAX} at most")
        for page in listed:
            if not _is_page(page):
                raise ValueError(
                    f"{page[:60]!r} is no address of a worker's page: http://host:port, as its log "
                    "says, without a path"
                )
        return pages

    @property
    def worker_pages(self) -> tuple[str, ...]:
        """The addresses of the workers' pages, without a path."""
        return _listed(self.console_workers)

    @property
    def operators(self) -> frozenset[str]:
        """Whom a proxy may name that may also set controls."""
        return frozenset(filter(None, map(str.strip, self.console_operators.split(","))))

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        """The addresses and networks of proxies that are believed."""
        return tuple(filter(None, map(str.strip, self.console_proxies.split(","))))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip().rstrip("/") for each in text.split(",") if each.strip())


def _is_network(text: str) -> bool:
    """Whether it is an address or a network, and not everybody's."""
    try:
        return ip_network(text, strict=False).prefixlen > 0
    except ValueError:
        return False


def _is_page(address: str) -> bool:
    """Whether it is the address of a page, without a path."""
    try:
        parts = urlsplit(address)
        there = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return there and not (parts.path or parts.query or parts.fragment or parts.username)
