"""A broker for a test that takes any access token for a sign-in, and then answers, or hangs up."""

import socket
import struct
from collections.abc import Callable

from aiokafka.protocol.admin import (
    ApiVersionResponse_v0,
    SaslAuthenticateResponse_v0,
    SaslHandShakeResponse_v1,
)
from aiokafka.protocol.metadata import MetadataResponse_v0

VERSIONS = [(3, 0, 0), (17, 1, 1), (18, 0, 0), (36, 0, 0)]
"""Kind of a request, lowest and highest version that is understood."""
METADATA = 3
ANSWERS = {
    18: ApiVersionResponse_v0(0, VERSIONS),
    17: SaslHandShakeResponse_v1(0, ["OAUTHBEARER"]),
    36: SaslAuthenticateResponse_v0(0, "", b""),
    METADATA: MetadataResponse_v0([(1, "127.0.0.1", 9092)], []),
}


def signing_in(hangs_up: Callable[[], bool]) -> Callable[[socket.socket], None]:
    """What such a broker does with a connection: as a refused one, it may end after the sign-in."""

    def serve(connection: socket.socket) -> None:
        with connection.makefile("rb") as asked:
            while size := asked.read(4):
                request = asked.read(*struct.unpack(">i", size))
                kind, _, correlation = struct.unpack_from(">hhi", request)
                if kind == METADATA and hangs_up():
                    return
                said = struct.pack(">i", correlation) + ANSWERS[kind].encode()
                connection.sendall(struct.pack(">i", len(said)) + said)

    return serve
