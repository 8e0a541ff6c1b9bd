"""The settings of a worker's page: where it listens, and how it is asked on this machine."""

from ipaddress import ip_address

from pydantic import BaseModel, Field, field_validator

LOOPBACK = "127.0.0.1"


class PageSettings(BaseModel):
    """The settings of the page; `Settings` inherits them, and reads them from the environment.

    >>> PageSettings(web_port=6066, web_bind="0.0.0.0").page_url
    'http://127.0.0.1:6066'
    """

    # Page
    web_port: int = Field(
        0, ge=0, le=65535, description="port of the worker's own page; 0: any free one"
    )
    web_bind: str = Field(
        LOOPBACK,
        description="address that the page listens on, which has no password; `0.0.0.0`: all, for "
        "probes and for Prometheus",
    )

    @field_validator("web_bind")
    @classmethod
    def _an_address(cls, bind: str) -> str:
        try:
            return str(ip_address(bind))
        except ValueError:
            raise ValueError(
                f"{bind[:40]!r} is no address of a machine: 127.0.0.1, 0.0.0.0 for all, or one of "
                "its own"
            ) from None

    @property
    def page_host(self) -> str:
        """Where the page is asked from this machine: what listens everywhere, listens here, too.

        >>> PageSettings(web_bind="::").page_host, PageSettings(web_bind="10.0.0.7").page_host
        ('::1', '10.0.0.7')
        """
        bind = ip_address(self.web_bind)
        everywhere = "::1" if bind.version == 6 else LOOPBACK  # noqa: PLR2004  # IPv6
        return everywhere if bind.is_unspecified else self.web_bind

    @property
    def page_url(self) -> str:
        """The address of the page on this machine, without a path."""
        host = f"[{self.page_host}]" if ":" in self.page_host else self.page_host
        return f"http://{host}:{self.web_port}"
