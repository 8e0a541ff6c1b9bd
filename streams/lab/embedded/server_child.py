"""A server program that cannot outlive the process which started it.

Between us and the server stands a shell that waits for its standard input to end. The other end
of that pipe is ours alone, so the kernel closes it however we die, SIGKILL included, and the
shell then ends the server:

    we ──stdin──► sh: wait for the end of input, then kill ──► redis-server, java, …
"""

import signal
import socket
import subprocess
import time
from typing import IO

from streams.lab.embedded.last_words import last_words

_WATCH = """
"$@" & server=$!
exec 3<&0
(read -r _ <&3; kill $server) & watch=$!
trap 'kill -KILL $server' USR1
wait $server || wait $server  # the first one returns at the trap too
kill $watch; wait
"""
_POLL_S = 0.02


class Child:
    """A running server, with all that it says in the file `log`, which is closed when it has ended.

    It is in a session of its own: Ctrl-C in the terminal is for us, and we end it in order.
    """

    def __init__(self, command: list[str], log: IO[bytes]) -> None:
        self._log = log
        self._shell = subprocess.Popen(
            ["sh", "-c", _WATCH, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_for_port(self, port: int, timeout_s: float = 60.0) -> None:
        """Return when the server takes connections on this loopback port.

        Raises ChildProcessError with the end of its log if it exits before, and TimeoutError if
        it takes longer; either way it is gone.
        """
        deadline = time.monotonic() + timeout_s
        while not _is_open(port):
            if self._shell.poll() is not None:
                raise ChildProcessError(f"the server ended at its start: {self._killed()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"port {port} not open in {timeout_s} s: {self._killed()}")
            time.sleep(_POLL_S)

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ask the server to end in its own order (SIGTERM); kill it if it does not."""
        if self._shell.stdin is not None:
            self._shell.stdin.close()
        try:
            self._shell.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would."""
        if self._shell.poll() is None:
            self._shell.send_signal(signal.SIGUSR1)
            self._shell.wait()
        if self._shell.stdin is not None:
            self._shell.stdin.close()
        self._log.close()

    def _killed(self) -> str:
        """Its last words."""
        said = last_words(self._log)
        self.kill()
        return said


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
