"""Gateway and console beside the demo's shop: kept, but not for ever."""

import os
import socket

import pytest

from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.demo.web.doors import RESTARTS_MAX, Doors
from streams.lab.embedded.worker_process import ProgramProcess

NOBODY = "http://127.0.0.1:1"


def test_a_gateway_that_does_not_stay_is_given_up() -> None:
    """It is started again a few times; then the demo ends, with its last words."""
    settings = Settings()  # without a key no gateway starts
    with (
        ProgramProcess("gateway", settings) as gateway,
        ProgramProcess("gateway", settings) as other,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        doors = Doors(settings, listener, NOBODY, NOBODY, NOBODY, gateway, other)
        doors.restarts = RESTARTS_MAX - 1
        for pid in [gateway.pid, other.pid]:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert not gateway.is_running
        with pytest.raises(WorkerFailed, match="GOESWITH_GATEWAY_KEYS"):
            doors.keep()

        assert RESTARTS_MAX == doors.restarts
