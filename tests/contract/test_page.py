"""Where a worker's page listens."""

import pytest
from pydantic import ValidationError

from streams.contract.settings import Settings


@pytest.mark.parametrize("bind", ["", "localhost", "0.0.0.0:80", "10.0.0.0/8", "*", "\x1b[2J"])
def test_what_is_no_address_is_refused(bind: str) -> None:
    """At the start, with what to write instead."""
    with pytest.raises(ValidationError, match=r"no address of a machine: 127\.0\.0\.1, 0\.0\.0\.0"):
        Settings(web_bind=bind)


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104
        ("10.0.0.7", "http://10.0.0.7:80"),
        ("::", "http://[::1]:80"),
    ],
)
def test_the_page_is_asked_where_it_listens(bind: str, url: str) -> None:
    """From the same machine: commands find it without an option."""
    assert url == Settings(web_bind=bind, web_port=80).page_url
