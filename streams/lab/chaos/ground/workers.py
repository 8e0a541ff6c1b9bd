"""The workers of a shop under test: processes with stable names that are killed and come back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError

from streams.clients.connection.addresses import free_port, open_page
from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.bench.stage.contenders import resident_bytes
from streams.lab.embedded.worker_process import environment

STOP_S_MAX = 45.0
PAGE_S_MAX = 5.0
POLL_S = 0.05
LAST_WORDS_CHARS_MAX = 2_000


class Worker:
    """One worker: its settings, its keeper's process (the latest), its log."""

    def __init__(self, settings: Settings, log: Path, rope: "ParentDeathPipe") -> None:
        self.settings = settings
        self.log = log
        self._parent_death_pipe = rope
        self._hit = 0
        self.keeper = self._started()

    @property
    def name(self) -> str:
        """Its stable name."""
        return self.settings.worker_name

    @property
    def alive(self) -> bool:
        """Whether there is somebody to keep it."""
        return self.keeper.poll() is None

    def restart(self) -> None:
        """Start it again, under the same name."""
        self.keeper = self._started()

    def change(self, **settings: Any) -> None:
        """Restart it in order, with other settings."""
        self.stop()
        self.settings = self.settings.model_copy(update=settings)
        self.restart()

    def kill(self) -> None:
        """End it at once, as a crash would; its keeper starts it again."""
        self._signal(signal.SIGKILL)

    def vanish(self) -> None:
        """End it and its keeper at once, as the loss of a machine would."""
        pid = self.pid()
        self.keeper.kill()
        self.keeper.wait()
        if pid != self.keeper.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to finish what it has begun, and wait until it has."""
        self.keeper.terminate()
        try:
            self.keeper.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.vanish()
            raise WorkerFailed(
                f"{self.name} did not end in {STOP_S_MAX:g} s: {self.said()}"
            ) from None

    def pause(self) -> None:
        """Let it stand still, as a machine that swaps would."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on, as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """To the worker, or to its keeper while it has no page to say who it is."""
        if number != signal.SIGCONT:
            self._hit = self.pid()
        with suppress(ProcessLookupError):
            os.kill(self._hit, number)

    def pid(self) -> int:
        """Its process; its keeper's while it has no page to say so."""
        return int(self.page("/healthz").get("pid", self.keeper.pid))

    def page(self, path: str, seconds_max: float = PAGE_S_MAX) -> dict[str, Any]:
        """What one of its pages says; nothing while it has none."""
        url = f"http://127.0.0.1:{self.settings.web_port}{path}"
        try:
            with open_page(url, seconds_max) as page:
                said: dict[str, Any] = json.load(page)
        except HTTPError as refused:
            refused.close()
            return {}
        except (OSError, ValueError):
            return {}
        return said

    def ready(self) -> bool:
        """Whether it is caught up, in its group, and gets on."""
        return bool(self.page("/readyz").get("ready"))

    def said(self) -> str:
        """The end of what it logged."""
        return self.log.read_text(errors="replace")[-LAST_WORDS_CHARS_MAX:].strip() or "nothing"

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker", "--keep"],
                env={**os.environ, **environment(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: they end when we say so
            )
        self._parent_death_pipe.tie(keeper.pid)
        return keeper


def cpu_s(pid: int) -> float:
    """User and system time of a process; 0 where there is no Linux to tell it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory that a process holds now, in MB; 0 where there is no Linux to tell it."""
    try:
        return round(resident_bytes(pid) / (1 << 20), 1)
    except OSError:
        return 0.0


class ParentDeathPipe:
    """Ends processes when we end, however we do: our end of its pipe closes then."""

    _HOLD = 'while read -r pid; do pids="$pids $pid"; done; kill $pids'

    def __init__(self) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", self._HOLD],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def tie(self, pid: int) -> None:
        """End that process, too."""
        if self._shell.stdin is not None:
            self._shell.stdin.write(f"{pid}\n")
            self._shell.stdin.flush()

    def cut(self) -> None:
        """They have ended."""
        self._shell.kill()
        self._shell.communicate()


class WorkerFleet:
    """All workers of one shop, for the length of a `with` block."""

    def __init__(self, settings: Callable[[str], Settings], folder: Path) -> None:
        """`settings` are those of a worker by its name."""
        self._settings = settings
        self._changed: dict[str, Any] = {}
        self._folder = folder
        self._parent_death_pipe = ParentDeathPipe()
        self.workers: dict[str, Worker] = {}

    def join(self) -> Worker:
        """One more worker, under a name that is free."""
        names = (f"worker-{number}" for number in range(1, 100))
        name = next(name for name in names if name not in self.workers)
        changed = {**self._changed, "web_port": free_port()}
        settings = self._settings(name).model_copy(update=changed)
        worker = self.workers[name] = Worker(
            settings, self._folder / f"{name}.log", self._parent_death_pipe
        )
        return worker

    def change(self, **settings: Any) -> None:
        """Whoever joins from now on has these settings; the others, when they are restarted so."""
        self._changed |= settings

    def leave(self, worker: Worker) -> None:
        """It finishes what it has begun, and stays away."""
        worker.stop()
        del self.workers[worker.name]

    def revive(self) -> None:
        """Start whoever has no keeper any more, as a supervisor would."""
        for worker in self.workers.values():
            if not worker.alive:
                worker.restart()

    def until_ready(self, seconds_max: float) -> None:
        """Return when everyone is ready. Raises `WorkerFailed`."""
        deadline = time.monotonic() + seconds_max
        while not all(worker.ready() for worker in self.workers.values()):
            if time.monotonic() > deadline:
                late = [w for w in self.workers.values() if not w.ready()]
                said = "; ".join(f"{worker.name} said: {worker.said()}" for worker in late)
                raise WorkerFailed(f"not ready in {seconds_max:g} s; {said or 'by a hair'}")
            self.revive()
            time.sleep(POLL_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers.values():
            if worker.alive:
                worker.vanish()
        self._parent_death_pipe.cut()
