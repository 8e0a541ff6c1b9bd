"""What docker-compose.yml runs keeps what it must: its Redis, started here as it is there."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from streams.clients.checkpoints.redis_store import RedisStore
from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.lab.embedded.server_child import Child, free_port
from streams.operations.lag.exporter import DEFAULT_PORT
from streams.shop.checkpoint import packed
from streams.shop.shop import Shop
from tests.stories import OPEN

ROOT = Path(__file__).parent.parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DATA = "/data"
"""Where the image's server writes: its working directory."""


def service(name: str) -> str:
    """The lines of a service."""
    found = re.search(rf"^  {name}:\n((?:    .*\n)+)", COMPOSE, re.MULTILINE)
    assert found is not None, f"docker-compose.yml has no service {name}"
    return re.sub(r"^ *#.*\n", "", found[1], flags=re.MULTILINE)


def listed(lines: str, name: str) -> list[str]:
    """A list in brackets."""
    found = re.search(rf"^    {name}: \[(.*?)\]", lines, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no list {name}"
    return [word.strip().strip('"') for word in found[1].split(",")]


def flags() -> dict[str, str]:
    """The options that the server is started with."""
    words = listed(service("redis"), "command")
    assert "redis-server" == words[0]
    return dict(zip(words[1::2], words[2::2], strict=True))


@contextmanager
def composed(folder: Path) -> Iterator[str]:
    """The server of the compose file on a port of its own, with this volume; ended by a crash."""
    program, port = EmbeddedRedis()._executable, free_port()
    command = [str(program), *listed(service("redis"), "command")[1:]]
    here = ["--dir", str(folder), "--port", str(port), "--bind", "127.0.0.1"]
    server = Child([*command, *here], (folder / "log").open("w+b"))
    server.wait_for_port(port)
    url = f"redis://127.0.0.1:{port}/0"
    with redis.Redis.from_url(url) as client:
        while client.info("persistence")["loading"]:
            time.sleep(0.05)
    try:
        yield url
    finally:
        server.kill()


def show(client: redis.Redis, views: int) -> None:
    """Write so many views of a kilobyte each."""
    for number in range(views):
        client.set(f"shop:prompts:{number}", bytes(1_024), ex=1_800)


def test_the_compose_file_keeps_checkpoints_on_a_volume() -> None:
    """Appended to a file on a volume that has a name; nothing is evicted."""
    volumes = re.search(r"^volumes:\n((?:  .*\n)+)", COMPOSE, re.MULTILINE)

    assert [f"redis:{DATA}"] == listed(service("redis"), "volumes")
    assert volumes is not None
    assert {"kafka:", "redis:", "prometheus:"} == {line.strip() for line in volumes[1].splitlines()}
    assert ("yes", "noeviction") == (flags()["--appendonly"], flags()["--maxmemory-policy"])


def test_what_prometheus_scrapes_is_what_runs() -> None:
    """Each target is a service, at the port that it is told, listening for others."""
    config = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    targets = dict(re.findall(r'"([\w-]+):(\d+)"', config))
    workers = set(re.findall(r"^  (worker-\d+):$", COMPOSE, re.MULTILINE))
    port = re.search(r'GOESWITH_WEB_PORT: "(\d+)"', COMPOSE)

    assert workers | {"exporter"} == targets.keys()
    assert port is not None
    assert {port[1]} == {targets[worker] for worker in workers}
    assert "GOESWITH_WEB_BIND: 0.0.0.0" in COMPOSE
    assert ["exporter", "--bind", "0.0.0.0"] == listed(service("exporter"), "command")  # noqa: S104
    assert str(DEFAULT_PORT) == targets["exporter"]


def test_the_folders_that_it_mounts_are_there() -> None:
    """Prometheus and Grafana find their files."""
    mounted = re.findall(r"(\./[\w/]+):/", COMPOSE)

    assert 3 == len(mounted)
    assert [] == [folder for folder in mounted if not (ROOT / folder).is_dir()]


def test_its_redis_has_the_checkpoints_after_a_crash(tmp_path: Path) -> None:
    """The one in the place, and the one that was kept aside."""
    shop = Shop(Settings(**OPEN))
    shop.learn(0, 0, None)
    first = packed(shop, cluster="here", now_ms=0, made_by="worker-1")
    other = packed(
        Shop(Settings(**OPEN, items_max=1_000)), cluster="here", now_ms=0, made_by="worker-1"
    )
    with composed(tmp_path) as url:
        store = RedisStore(url, "shop", ttl_s=3_600)
        store.write(*first)
        store.write(*other)
    with composed(tmp_path) as url:
        store = RedisStore(url, "shop", ttl_s=3_600)
        there, kept = store.read(), [store.read(one.name) for one in store.kept()]

    assert (other[1], [first[1]]) == (there, kept)


def test_its_redis_does_not_take_checkpoints_for_views(tmp_path: Path) -> None:
    """When it is full the views have to wait: they expire by themselves."""
    shop = Shop(Settings(**OPEN))
    header, data = packed(shop, cluster="here", now_ms=0, made_by="worker-1")
    with composed(tmp_path) as url, redis.Redis.from_url(url) as client:
        store = RedisStore(url, "shop", ttl_s=3_600)
        store.write(header, data)
        client.config_set("maxmemory", client.info("memory")["used_memory"] + (2 << 20))
        with pytest.raises(redis.OutOfMemoryError):
            show(client, views=4_000)

        assert data == store.read()
