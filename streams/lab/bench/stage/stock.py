"""The baseline of stock Faust: the agents that goeswith is measured against.

```
bare      reads and decodes JSON, does nothing
naive     one Table write and one send for every event
sending   one send for every event
```

They are stock Faust, with its own transport and its defaults. Three things are set, since without
them they do not start or do not run on their own: no web server (its port may be taken), a state
directory of its own, and the number of partitions that the topics have. The agent keeps a tally
and prints the CPU time that the process has used (user and system, all threads) at the first and at
the last event, one JSON line each: as exact as can be, and nothing that follows is counted.

Run as `python -m streams.lab.bench.stage.stock VARIANT BOOTSTRAP PARTITIONS EVENTS SOURCE OUT
DIRECTORY`; the Faust app (its group, its changelog topic) is named after the topic that it writes.
"""

import json
import sys
import time
from typing import Any, NamedTuple

import faust


class Job(NamedTuple):
    """Which agent, where, and after how many events it has seen all."""

    variant: str
    bootstrap: str
    partitions: int
    events: int
    source: str
    out: str
    directory: str


class EventCounter:
    """Counts events and says what CPU time had been used at the first and the last."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.seen = 0

    def one(self) -> None:
        """One more event is through."""
        self.seen += 1
        if self.seen in (1, self.events):
            line = {"seen": self.seen, "cpu_s": time.process_time()}
            print(json.dumps(line), file=sys.__stdout__, flush=True)


def create_app(job: Job) -> faust.App:
    """The Faust app of one variant."""
    app = faust.App(
        job.out,
        broker=f"kafka://{job.bootstrap}",
        store="memory://",
        datadir=job.directory,
        topic_partitions=job.partitions,
    )
    events = app.topic(job.source, value_serializer="json")
    out = app.topic(job.out, value_serializer="json")
    tally = EventCounter(job.events)
    {"bare": _bare, "naive": _naive, "sending": _sending}[job.variant](app, events, out, tally)
    return app


def _bare(app: faust.App, events: Any, _out: Any, tally: EventCounter) -> None:
    @app.agent(events)
    async def bare(stream: Any) -> None:
        async for _event in stream:
            tally.one()


def _naive(app: faust.App, events: Any, out: Any, tally: EventCounter) -> None:
    counts = app.Table("counts", default=int)

    @app.agent(events)
    async def naive(stream: Any) -> None:
        async for event in stream:
            counts[event["item_id"]] += 1
            await out.send(
                key=event["session_id"],
                value={"caused_by": event["event_id"], "count": counts[event["item_id"]]},
            )
            tally.one()


def _sending(app: faust.App, events: Any, out: Any, tally: EventCounter) -> None:
    @app.agent(events)
    async def sending(stream: Any) -> None:
        async for event in stream:
            await out.send(key=event["session_id"], value={"caused_by": event["event_id"]})
            tally.one()


def main(arguments: list[str]) -> None:
    """Run the agent that the arguments name as a Faust worker."""
    variant, bootstrap, partitions, events, source, out, directory = arguments
    job = Job(variant, bootstrap, int(partitions), int(events), source, out, directory)
    sys.argv[1:] = ["worker", "--loglevel", "warn", "--without-web"]
    create_app(job).main()


if __name__ == "__main__":
    main(sys.argv[1:])
