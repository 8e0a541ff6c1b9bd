"""The floor: a bare FastAPI stream under uvicorn, which hands on what is posted to it, unchecked.

`python -m streams.lab.bench.gateway.bare_stream PORT`. It has the addresses of the gateway, so that
the same load asks both; no Kafka, no token, no contract, no limits. A post is parsed as JSON, and
each of its events goes to the stream of its session, in the form of a prompt.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

app = FastAPI()
queues: dict[str, asyncio.Queue[str]] = {}
"""By session, as the address names it."""


@app.get("/v1/prompts/stream")
async def follow(session_id: str) -> StreamingResponse:
    """What is said to a session, as it comes."""
    queue = queues.setdefault(session_id, asyncio.Queue())

    async def frames() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        while True:
            cause = await queue.get()
            yield f'event: prompt\ndata: {{"caused_by":"{cause}"}}\n\n'

    return StreamingResponse(frames(), media_type="text/event-stream")


@app.post("/v1/events")
async def take(request: Request) -> Response:
    """Hand on each event; `accepted` says how many they were."""
    events = json.loads(await request.body())
    for event in events:
        if (queue := queues.get(event["session_id"])) is not None:
            queue.put_nowait(event["event_id"])
    return Response(f'{{"accepted":{len(events)}}}', media_type="application/json")


@app.get("/readyz")
async def readyz() -> bool:
    """That it is there."""
    return True


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, backlog=4096)
