"""The C side of the embedded broker: librdkafka's mock cluster, from the confluent-kafka wheel.

A mock cluster is a real TCP listener that speaks Kafka's protocol and keeps records in memory.
Its interface (`rdkafka_mock.h`) is not part of the Python package, so we call it through ctypes,
and ask for exactly the version that was tried.
"""

import ctypes
import importlib.metadata
import importlib.util
from pathlib import Path

from streams.contract.errors import MissingExtra

VERSION = "2.16.1"
INSTALL = "pip install 'goeswith[demo]'"

_PRODUCER = 0
_ERROR_BYTES = 512
_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "rd_kafka_conf_new": (ctypes.c_void_p, []),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_new": (
        ctypes.c_void_p,
        [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_err2str": (ctypes.c_char_p, [ctypes.c_int]),
    "rd_kafka_mock_cluster_new": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [ctypes.c_void_p]),
    "rd_kafka_mock_topic_create": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int],
    ),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [ctypes.c_void_p, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
}


class MockCluster:
    """A mock cluster of one broker on a free loopback port; it lives as long as this process."""

    def __init__(self) -> None:
        self._library = _load(library_path())
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        conf = self._library.rd_kafka_conf_new()
        # Quiet: it warns of each broker set down and of each client that leaves.
        self._library.rd_kafka_conf_set(conf, b"log_level", b"0", error, _ERROR_BYTES)
        client = self._library.rd_kafka_new(_PRODUCER, conf, error, _ERROR_BYTES)
        if not client:
            raise OSError(f"librdkafka did not start: {error.value.decode()}")
        self._cluster = self._library.rd_kafka_mock_cluster_new(client, 1)
        # The first consumer joins at once instead of waiting three seconds for company.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)

    @property
    def bootstrap(self) -> str:
        """Its address, `host:port`."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic. Raises OSError with librdkafka's words if it cannot."""
        create = self._library.rd_kafka_mock_topic_create
        self._check(create(self._cluster, name.encode(), partitions, 1))

    def down(self) -> None:
        """Close every connection and refuse new ones; what it holds stays."""
        self._check(self._library.rd_kafka_mock_broker_set_down(self._cluster, 1))

    def up(self) -> None:
        """Take connections again."""
        self._check(self._library.rd_kafka_mock_broker_set_up(self._cluster, 1))

    def _check(self, code: int) -> None:
        if code:
            words: bytes = self._library.rd_kafka_err2str(code)
            raise OSError(f"librdkafka's mock cluster: {words.decode()}")


def library_path() -> Path:
    """The bundled library. Raises MissingExtra if absent, or of a version that was not tried."""
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        raise MissingExtra(f"the embedded broker is not installed; install it with: {INSTALL}")
    version = importlib.metadata.version("confluent-kafka")
    if version != VERSION:
        raise MissingExtra(
            f"the embedded broker needs confluent-kafka {VERSION}, here is {version}: {INSTALL}"
        )
    package = Path(spec.origin).parent
    bundles = [package.with_name("confluent_kafka.libs"), package / ".dylibs"]  # Linux, macOS
    found = [path for bundle in bundles for path in sorted(bundle.glob("librdkafka*"))]
    if not found:
        raise MissingExtra(f"confluent-kafka has no librdkafka beside it, use its wheel: {INSTALL}")
    return found[0]


def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
