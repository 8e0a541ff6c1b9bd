"""What docker-compose.yml runs keeps what it must: its Redis, started here as it is there."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from streams.clients.connection.addresses import free_port
from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.lab.embedded.server_child import Child
from streams.operations.lag.exporter import DEFAULT_PORT
from tests.integration.composed import SERVICES, filled_in

ROOT = Path(__file__).parent.parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()


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


def test_images_of_others_are_named_by_tag_and_digest() -> None:
    """A tag may be another image tomorrow, and has been."""
    images = set(re.findall(r"^ +image: (\S+)$", COMPOSE, re.MULTILINE)) - {"goeswith"}

    assert 4 == len(images)
    assert all(re.fullmatch(r"[a-z/]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}", name) for name in images)


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
    """In Kafka, as by default; what Redis holds are views, of which the oldest make room."""
    volumes = re.search(r"^volumes:\n((?:  .*\n)+)", COMPOSE, re.MULTILINE)

    assert volumes is not None
    assert {"kafka:", "prometheus:"} == {line.strip() for line in volumes[1].splitlines()}
    assert ["kafka:/var/lib/kafka/data"] == listed(service("kafka"), "volumes")
    assert "GOESWITH_CHECKPOINT_URL" not in COMPOSE
    assert ("no", "allkeys-lru") == (flags()["--appendonly"], flags()["--maxmemory-policy"])


def test_what_prometheus_scrapes_is_what_runs() -> None:
    """Each target is a service, at the port that it is told, listening for others."""
    config = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    targets = dict(re.findall(r'"([\w-]+):(\d+)"', config))
    workers = set(re.findall(r"^  (worker-\d+):$", COMPOSE, re.MULTILINE))
    port = re.search(r'GOESWITH_WEB_PORT: "(\d+)"', COMPOSE)

    assert workers | {"exporter", "gateway"} == targets.keys()
    assert port is not None
    assert {port[1]} == {targets[worker] for worker in workers}
    assert "GOESWITH_WEB_BIND: 0.0.0.0" in COMPOSE
    assert ["exporter", "--bind", "0.0.0.0"] == listed(service("exporter"), "command")  # noqa: S104
    assert str(DEFAULT_PORT) == targets["exporter"]
    assert ["gateway", "--host", "0.0.0.0"] == listed(service("gateway"), "command")  # noqa: S104
    assert str(Settings().gateway_port) == targets["gateway"]
    assert [f"127.0.0.1:{targets['gateway']}:{targets['gateway']}"] == listed(
        service("gateway"), "ports"
    )


def test_all_that_keeps_running_comes_back_after_a_reboot() -> None:
    """`on-failure` leaves what ended in order, or with the machine, where it is."""
    policies = {name: said.get("restart") for name, said in SERVICES.items()}

    assert policies.pop("topics") is None  # it makes what is missing, and has ended
    assert {"unless-stopped"} == set(policies.values())


def test_operators_of_its_console_have_a_token_of_their_own() -> None:
    """It listens on more than the loopback, where it makes none by itself."""
    said = SERVICES["console"]["environment"]
    tokens = ("GOESWITH_CONSOLE_TOKEN", "GOESWITH_CONSOLE_OPERATOR_TOKEN")
    given = {name: f"the words of {name}" for name in tokens}

    assert given == {name: filled_in(said[name], given) for name in tokens}
    assert ["", ""] == [filled_in(said[name], {}) for name in tokens]
    console = (ROOT / "docs" / "console.md").read_text()
    start = console.split("## Start it")[1].split("## Who may look")[0]
    assert [] == [name for name in tokens if name not in start]


def test_the_folders_that_it_mounts_are_there() -> None:
    """Prometheus and Grafana find their files."""
    mounted = re.findall(r"(\./[\w/]+):/", COMPOSE)

    assert 3 == len(mounted)
    assert [] == [folder for folder in mounted if not (ROOT / folder).is_dir()]


def test_views_make_room_for_newer_ones_in_its_redis(tmp_path: Path) -> None:
    """A worker that cannot write what it answers last would show what it answered long ago."""
    with composed(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + (2 << 20))
        show(client, views=4_000)

        assert client.get(f"shop:prompts:{3_999}") == bytes(1_024)
        assert client.info("stats")["evicted_keys"] > 0
