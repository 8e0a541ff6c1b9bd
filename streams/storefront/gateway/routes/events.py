"""`POST /v1/events`: answered when Kafka has them, and with what they caused, if that is asked."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from streams.contract.errors import RequestRefused
from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.batches.batch import Batch, EventResult
from streams.storefront.gateway.batches.canonical import read_batch
from streams.storefront.gateway.batches.foreign import FOREIGN, format_of, read_foreign
from streams.storefront.gateway.gateway import Gateway, Here
from streams.storefront.gateway.live.mailboxes import Mailbox
from streams.storefront.gateway.live.rendered import PLAIN, RenderedPrompt, Wording
from streams.storefront.gateway.routes.asking.body import body_of
from streams.storefront.gateway.routes.asking.caller import Asking, Caller, by_address, take
from streams.storefront.gateway.routes.asking.direct import DirectRequest, DirectRoute
from streams.storefront.gateway.routes.asking.wording import Worded
from streams.storefront.gateway.routes.refusals import Refusal, refusals
from streams.storefront.intake.values.robots import is_robot

JSON_TYPES = ("", "application/json", "text/plain")
"""What a body may be: JSON, whatever a beacon calls it (`text/plain` asks no permission first)."""
GRACE_S = 0.01
"""So much longer than for the first prompt is waited for those of the same request."""

router = APIRouter(prefix="/v1", tags=["events"], dependencies=[Depends(by_address)])


class EventsTaken(BaseModel):
    """What became of a request's events."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    accepted: int
    """So many are in Kafka."""
    rejected: int
    """So many are no events; the others are taken all the same."""
    results: tuple[EventResult, ...]
    """Of each, in order; of a body in another format also of items and fields that are left out."""
    ignored: dict[str, int] | None = None
    """What of another format is of no use to us, such as `page_view`, and how often it came."""
    prompts: tuple[RenderedPrompt, ...] = ()
    """With `wait_ms`: what these events caused, as far as it came in time. It comes on the stream,
    too: drop repeats by `prompt_id`."""


@router.post(
    "/events",
    summary="Send events",
    response_model=EventsTaken,
    responses={
        422: {"model": EventsTaken | Refusal},
        **refusals(400, 401, 403, 408, 413, 415, 429, 503),
    },
)
async def post_events(
    request: Request,
    here: Here,
    asking: Asking,
    worded: Worded,
    wait_ms: Annotated[
        int, Query(ge=0, description="Answer with prompts that come within so many milliseconds.")
    ] = 0,
    source: Annotated[
        str | None, Query(description=f"The format of the body: {', '.join(FOREIGN)}.")
    ] = None,
) -> Response:
    """Take one event, or a list of them; answer when Kafka has them.

    In another format, by `source` or its content type, what is said becomes events of ours.

    200 where one at least was taken, 422 where none was, with the reason of each. 503: nothing is
    to be relied on; send all of them again under the same ids, and repeats are dropped.
    """
    foreign = format_of(source, request.headers)
    _check(request, asking, own=foreign is None)
    take(here, asking, 1)  # of whatever is read, also where nothing comes of it
    bytes_max = here.settings.gateway_body_bytes_max
    body = await body_of(request, bytes_max, bound="gateway_body_bytes_max")
    now_ms, visit = here.clock_ms(), asking.claims
    if foreign is None:
        batch = read_batch(body, visit, here.settings, now_ms)
    else:
        said, most = request.headers, here.settings.gateway_batch_max
        batch = read_foreign(foreign, body, said, visit, here.settings, now_ms, events_max=most)
    take(here, asking, batch.entries, taken=1)
    wait_s = min(wait_ms, here.settings.gateway_wait_ms_max) / 1000
    with ExitStack() as waiting:
        boxes: dict[str, Mailbox] = {}
        changed = asyncio.Event()
        if visit is not None or wait_s:  # who sends is told, here and for a while
            for session_id in batch.sessions:
                boxes[session_id] = box = here.mailboxes.of(session_id)
                waiting.enter_context(box.waking(changed))
        await send_counted(here, batch, "goeswith" if foreign is None else foreign.name)
        prompts = await _caused(here, batch, boxes, changed, wait_s) if wait_s else []
    return answer(batch, prompts, here.clock_ms(), worded)


async def _post_directly(asked: DirectRequest) -> Response:
    """The same, of a plain request."""
    request, here, asking, worded = asked
    wait_ms = int(request.query_params.get("wait_ms", 0)) if request.scope["query_string"] else 0
    return await post_events(request, here, asking, worded, wait_ms)


PLAIN_QUERY = rb"(token=[\w.-]+(&(?=w)|$))?(wait_ms=\d{1,9})?"
DIRECT = DirectRoute("POST", "/v1/events", PLAIN_QUERY, _post_directly)
"""To stand before the route."""


async def send_counted(here: Gateway, batch: Batch, name: str) -> None:
    """Send the events of a batch, in the format of this name; raises `KafkaUnreachable`."""
    if batch.records:
        began_s = time.monotonic()
        await here.bus.send(batch.records)
        here.traffic.note_acknowledged(time.monotonic() - began_s)
    accepted, events = len(batch.records), here.traffic.events
    events[name, "accepted"] += accepted
    events[name, "rejected"] += len(batch.results) - accepted
    events[name, "ignored"] += sum(batch.ignored.values())


def _check(request: Request, asking: Caller, *, own: bool) -> None:
    """Refuse what need not be read, by `RequestRefused`: 403 robots, 415 what is no JSON text."""
    if asking.claims is not None and is_robot(request.headers.get("user-agent")):
        raise RequestRefused(403, "robot", "what robots do is not learned from")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if own and kind not in JSON_TYPES:
        raise RequestRefused(
            415,
            "content_type",
            "events are application/json, or text/plain; of another format, say `?source=`",
        )
    packed = request.headers.get("content-encoding", "").strip().lower()
    if packed not in ("", "identity"):
        raise RequestRefused(415, "content_encoding", "a body is sent as it is, not compressed")


async def _caused(
    here: Gateway, batch: Batch, boxes: dict[str, Mailbox], changed: asyncio.Event, wait_s: float
) -> list[Prompt]:
    """The prompts that these events caused, once the last that may cause one has, or time is over.

    A session's events are answered in order; of most, nothing is to be said. So little more than
    for the first prompt is waited for others.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + wait_s
    last = next(reversed(batch.asking), None)
    while True:
        changed.clear()
        found = _found(batch, boxes, here.clock_ms())
        answered = sum((prompt.session_id, prompt.caused_by) == last for prompt in found)
        if last is None or answered >= batch.asking[last] or here.closing:
            break
        if found:
            until_s = min(until_s, loop.time() + GRACE_S)
        left_s = until_s - loop.time()
        if left_s <= 0:
            break
        try:
            async with asyncio.timeout(left_s):
                await changed.wait()
        except TimeoutError:
            break
    return _found(batch, boxes, here.clock_ms())


def _found(batch: Batch, boxes: dict[str, Mailbox], now_ms: int) -> list[Prompt]:
    prompts = (prompt for box in boxes.values() for prompt in box.current(now_ms))
    return [each for each in prompts if (each.session_id, each.caused_by) in batch.asking]


def answer(
    batch: Batch, prompts: Iterable[Prompt], now_ms: int, worded: Wording = PLAIN
) -> Response:
    """What became of the events: 200 where one was taken, or nothing was wrong, else 422."""
    accepted = len(batch.records)
    said = EventsTaken(
        accepted=accepted,
        rejected=len(batch.results) - accepted,
        results=tuple(batch.results),
        ignored=batch.ignored or None,
        prompts=tuple(RenderedPrompt.of(prompt, now_ms, worded) for prompt in prompts),
    )
    return Response(
        said.model_dump_json(exclude_none=True),
        200 if accepted or (batch.ignored and not batch.results) else 422,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
