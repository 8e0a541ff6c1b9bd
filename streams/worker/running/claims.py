"""What one process of this machine may have at a time: a worker's name, the port of its page.

The broker cannot tell two workers of one name apart from one that was restarted (see
`streams.worker.transport.membership`); on one machine a lock can, at once. It is a socket in
Linux's abstract namespace: it leaves no file, and ends with its process, however that ends. Where
there is no such namespace, and between machines, the older of the two yields, later.
"""

import errno
import hashlib
import logging
import socket
import struct
import time
from collections.abc import Callable

from streams.contract.errors import Misconfigured, NameTaken
from streams.contract.settings import Settings

logger = logging.getLogger(__name__)

POLL_S = 0.1
PORT_WAIT_S = 3.0
"""A worker that was killed has let go of its port by then."""
CREDENTIALS = struct.Struct("3i")
"""Process, user and group of a peer, as SO_PEERCRED has them."""


def claim(settings: Settings) -> socket.socket | None:
    """Take name and port; what is returned holds the name, until it is closed.

    One who is just ending under the same name is waited for, as long as a session timeout. Raises
    `NameTaken`, or `Misconfigured` for the port.
    """
    held = None
    if settings.static_membership and settings.answering:
        held = claim_name(settings, wait_s=settings.session_timeout_s)
    if settings.web_port and not _within(PORT_WAIT_S, lambda: _is_free(settings)):
        if held is not None:
            held.close()
        raise Misconfigured(
            f"port {settings.web_port} of {settings.web_bind} is taken by another process: give "
            "every worker of a machine its own GOESWITH_WEB_PORT, or 0 for any free one"
        )
    return held


def claim_name(settings: Settings, wait_s: float) -> socket.socket | None:
    """The lock of a worker's name; None where there is no such thing. Raises `NameTaken`."""
    address = _address(settings)
    taken: list[socket.socket | None] = []

    def take() -> bool:
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(address)
            lock.listen(socket.SOMAXCONN)  # nobody accepts: who asks for the owner stays
        except OSError as error:
            lock.close()
            if error.errno == errno.EADDRINUSE:
                return False
            taken.append(None)  # this system has no abstract namespace
        else:
            taken.append(lock)
        return True

    if not take():
        who = f"another worker runs under worker_name={settings.worker_name} on this machine"
        who += f" (process {_owner(address)})"
        logger.warning("%s: waiting up to %g s for it to end", who, wait_s)
        if not _within(wait_s, take):
            raise NameTaken(f"{who}: give every worker its own GOESWITH_WORKER_NAME")
    return taken[0]


def _address(settings: Settings) -> bytes:
    """Names are told apart by cluster and group."""
    words = (settings.kafka_bootstrap, settings.group_id, settings.worker_name)
    return b"\0goeswith-worker-" + hashlib.sha256("\n".join(words).encode()).hexdigest().encode()


def _owner(address: bytes) -> str:
    """The process that holds a lock."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.settimeout(1.0)
            caller.connect(address)
            raw = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        except OSError:
            return "unknown"
    return str(CREDENTIALS.unpack(raw)[0])


def _is_free(settings: Settings) -> bool:
    """Whether the page can listen there. Raises `Misconfigured` for another machine's address."""
    family = socket.AF_INET6 if ":" in settings.web_bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.web_bind, settings.web_port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Misconfigured(
                    f"GOESWITH_WEB_BIND={settings.web_bind} is no address of this machine: "
                    "127.0.0.1, or 0.0.0.0 for all that it has"
                ) from None
            return False
    return True


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether it holds, at the latest so many seconds from now."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True
