"""A Redis with TLS, certificates on both sides and users with rights: views and checkpoints."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.clients.checkpoints.store import open_store
from streams.contract.errors import RedisUnreachable
from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.views.reader import current_prompts
from tests.certificates import Authority, Issued

pytestmark = pytest.mark.integration

PASSWORD = "br3ad/and+butt3r"  # noqa: S105  # of a user of this test
IN_A_URL = "br3ad%2Fand%2Bbutt3r"


class SecuredRedis(EmbeddedRedis):
    """With TLS alone, one user who may do everything with one prefix, and no others."""

    def __init__(self, executable: str, authority: Authority, shown: Issued) -> None:
        super().__init__(executable)
        self._tls = {
            "tls-cert-file": shown.certificate,
            "tls-key-file": shown.key,
            "tls-ca-cert-file": authority.file,
        }

    def _command(self) -> list[str]:
        options = {**self._tls, "tls-port": self.port, "port": 0}
        flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        user = [
            "--user",
            "till",
            "on",
            f">{PASSWORD}",
            "~shop:*",
            "+@all",
            "--user",
            "default",
            "off",
        ]
        command = [word for word in super()._command() if word not in ("--port", str(self.port))]
        return [*command, *flags, *user]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of who may use it."""
    program = shutil.which("redis-server")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no redis-server with TLS here")
    authority = Authority(tmp_path)
    ours = authority.issue("us")
    with SecuredRedis(program, authority, authority.issue("redis")) as server:
        url = f"rediss://till:{IN_A_URL}@127.0.0.1:{server.port}/0"
        yield Settings(
            topic_prefix="shop",
            redis_url=url,
            checkpoint_url=url,
            redis_ca_file=str(authority.file),
            redis_certificate_file=str(ours.certificate),
            redis_key_file=str(ours.key),
        )


def test_views_and_checkpoints_are_read_with_a_certificate_and_by_a_user_with_rights(
    settings: Settings,
) -> None:
    """And without a certificate, or by another name, they are not; each is said for what it is."""
    assert () == current_prompts(settings, "s1")
    store = open_store(settings)
    assert store is not None
    store.check_writable()
    assert store.read() is None

    url = settings.redis_url
    for wrong, said in (
        ({"redis_url": url.replace("br3ad", "c4ke")}, "refuses the name or the password"),
        ({"redis_ca_file": ""}, "set GOESWITH_REDIS_CA_FILE"),
        ({"redis_certificate_file": "", "redis_key_file": ""}, "GOESWITH_REDIS_CERTIFICATE_FILE"),
        ({"topic_prefix": "another"}, "look at its ACL"),
        ({"redis_url": url.replace("rediss", "redis")}, "does not answer"),
    ):
        with pytest.raises(RedisUnreachable, match=said) as refused:
            current_prompts(settings.model_copy(update=wrong), "s1")
        assert not [word for word in ("br3ad", "butt3r", "c4ke") if word in str(refused.value)]
