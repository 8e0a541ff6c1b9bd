"""A worker that notes which files each batch of events passes through: `python -m tests.journey`.

`sys.setprofile` sees every call. A journey begins where the group's consumer brings records, and
has the files of `streams/` in the order of their first call from there on. What runs beside it all
the while (the follower, the watchdog, the page) is left out: it is known by its own frames.
"""

import json
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from models.warm import warm
from streams.contract.settings import Settings
from streams.worker.running.process import run

ROOT = Path(__file__).parent.parent
STREAMS = str(ROOT / "streams")
FETCH = "streams/worker/transport/group_consumer.py", "_fetch_records"
BESIDE = {
    "_follow",
    "_look_around",
    "_pump_group_errors",
    "_keep",
    "_write_once",
    "state",
    "readyz",
}
"""Functions that run by the clock: neither they nor what they call belongs to a journey."""
IDLE = {"_write", "_try_to_write", "_rest", "_fold"}
"""Functions that look by the clock whether there is something to do."""


class Recorder:
    """A profile function, and the journeys that it has seen."""

    def __init__(self) -> None:
        self.journeys: list[list[str]] = []

    def __call__(self, frame: FrameType, what: str, value: Any) -> None:
        """Note a call into our code; a fetch that brings something begins a journey."""
        if what not in ("call", "return") or not frame.f_code.co_filename.startswith(STREAMS):
            return
        path = str(Path(frame.f_code.co_filename).relative_to(ROOT))
        if what == "return":
            if (path, frame.f_code.co_name) == FETCH and isinstance(value, dict) and value:
                self.journeys.append([path])
        elif self.journeys and path not in self.journeys[-1] and not _beside(frame):
            self.journeys[-1].append(path)


def _beside(frame: FrameType | None) -> bool:
    if frame is not None and frame.f_code.co_name in IDLE:
        return True
    while frame is not None:
        if frame.f_code.co_name in BESIDE:
            return True
        frame = frame.f_back
    return False


def main(target: Path) -> int:
    """Run a worker under the recorder; the journeys are written when it ends."""
    warm(ranker=False)  # before we look: the compiler makes a hundred million calls
    recorder = Recorder()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    code = run(Settings())
    sys.setprofile(None)
    target.write_text(json.dumps(recorder.journeys))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
