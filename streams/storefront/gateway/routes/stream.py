"""`GET /v1/prompts/stream`: what a session may be shown, as it comes (server-sent events).

A stream is the difference between what its reader has been told and what its session may be shown:
so nothing comes twice, nothing that has expired, and a slow reader is told less, later.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from typing import Annotated
from zlib import crc32

from fastapi import APIRouter, Depends, Header, Query, Response
from starlette.types import Receive, Scope, Send

from streams.contract.errors import RequestRefused
from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.gateway import Gateway, Here
from streams.storefront.gateway.live.alarm import Alarm
from streams.storefront.gateway.live.mailboxes import Mailbox
from streams.storefront.gateway.live.reader_state import HEARTBEAT, ReaderState, frame
from streams.storefront.gateway.live.rendered import Wording
from streams.storefront.gateway.routes.asking.caller import Asking, Caller, by_address, take
from streams.storefront.gateway.routes.asking.direct import DirectRequest, DirectRoute
from streams.storefront.gateway.routes.asking.wording import Worded
from streams.storefront.gateway.routes.prompts import OfSession
from streams.storefront.gateway.routes.refusals import refusals

LOOK_AGAIN_S = 1.0
"""A view is written a moment after what it shows went out: a second look finds what that hid."""
RETRY_MS_MIN, RETRY_MS_SPREAD = 1000, 3000
"""How soon readers come back, each after its own pause: not all of them at once."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # of nginx: a stream is not collected before it is handed on
}
TOKEN_EXPIRED = b"event: token_expired\ndata: {}\n\n"

router = APIRouter(prefix="/v1", tags=["prompts"], dependencies=[Depends(by_address)])
InHeader = Annotated[
    str, Header(alias="Last-Event-ID", description="What a reader holds, as the stream has it.")
]
InAddress = Annotated[
    str | None,
    Query(alias="last_event_id", description="The same, where no header can be set."),
]


class EventStream(Response):
    """A stream that is closed with its connection, not when somebody comes by to tidy up.

    So is its place, also where the connection has ended before a first byte could be sent.
    """

    media_type = "text/event-stream"

    def __init__(self, stream: "OpenStream", place: ExitStack) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]  # nobody knows
        self._stream = stream
        self._place = place

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer, and give up the place."""
        with self._place:
            watching = asyncio.create_task(self._stream.watch(receive))
            try:
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
                async with aclosing(self._stream.frames()) as frames:
                    async for said in frames:
                        await send({"type": "http.response.body", "body": said, "more_body": True})
                        if self._stream.left:
                            return
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                watching.cancel()


@router.get(
    "/prompts/stream",
    summary="Follow what may be shown",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **refusals(401, 403, 422, 429, 503),
    },
)
async def stream_prompts(
    here: Here,
    asking: Asking,
    worded: Worded,
    of_session: OfSession = None,
    in_header: InHeader = "",
    in_address: InAddress = None,
) -> EventStream:
    """Send the session's prompts and withdrawals as they come, each once, none that has expired.

    The stream begins with what may be shown already, and ends with `token_expired` when its token
    does. Comments between the events say that it is still there.
    """
    take(here, asking, 1)
    session_id = asking.session(of_session)
    if here.closing or here.streams >= here.settings.gateway_streams_max:
        raise RequestRefused(503, "streams", "there is no room for another stream", again_s=2)
    mailbox = here.mailboxes.of(session_id)
    if mailbox.streams >= here.settings.gateway_session_streams_max:
        raise RequestRefused(429, "streams", "this session has too many streams", again_s=10)
    reader = ReaderState.by(in_header or in_address or "")
    stream, place = OpenStream(here, asking, mailbox, reader, worded), ExitStack()
    place.enter_context(_place(here, mailbox, stream.changed))  # before anybody else is asked in
    return EventStream(stream, place)


async def _stream_directly(asked: DirectRequest) -> EventStream:
    """The same, of a plain request."""
    request, here, asking, worded = asked
    in_address = request.query_params.get("last_event_id") if request.scope["query_string"] else ""
    in_header = request.headers.get("last-event-id", "")
    return await stream_prompts(here, asking, worded, None, in_header, in_address)


PLAIN_QUERY = rb"(token=[\w.-]+(&(?=l)|$))?(last_event_id=[\w.-]+)?"
DIRECT = DirectRoute("GET", "/v1/prompts/stream", PLAIN_QUERY, _stream_directly)
"""To stand before the route."""


@contextmanager
def _place(here: Gateway, mailbox: Mailbox, changed: asyncio.Event) -> Iterator[None]:
    """A stream's place among those of its session and of the gateway, for the length of a block."""
    here.stream_opened(changed)
    mailbox.streams += 1
    try:
        with mailbox.waking(changed):
            yield
    finally:
        here.stream_closed(changed)
        mailbox.streams -= 1
        here.mailboxes.of(mailbox.session_id)  # kept for a while: the reader may come back


class OpenStream:
    """One reader's stream, for as long as its token, its connection and the gateway are there."""

    def __init__(
        self, here: Gateway, asking: Caller, mailbox: Mailbox, reader: ReaderState, worded: Wording
    ) -> None:
        self.changed = asyncio.Event()
        """Set when there may be something to say, or when it is over."""
        self.left = False
        """Whether its reader has hung up."""
        self._here, self._asking, self._worded = here, asking, worded
        self._mailbox, self._reader = mailbox, reader

    async def watch(self, receive: Receive) -> None:
        """Notice that the reader hangs up."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left = True
        self.changed.set()

    async def frames(self) -> AsyncGenerator[bytes]:
        """Its bytes."""
        here, mailbox, changed = self._here, self._mailbox, self.changed
        reader, worded, session_id = self._reader, self._worded, mailbox.session_id
        view, alarm = asyncio.create_task(_resume(here, session_id, changed)), Alarm(changed)
        try:
            yield b"retry: %d\n\n" % (RETRY_MS_MIN + crc32(session_id.encode()) % RETRY_MS_SPREAD)
            resumed = False
            while not (here.closing or self.left):
                changed.clear()
                while (news := reader.next_news(mailbox, here.clock_ms(), worded)) is not None:
                    yield frame(news, reader.event_id)
                if not resumed and view.done():
                    resumed = True
                    for gone in reader.taken_back(mailbox, view.result(), here.clock_ms()):
                        yield frame(gone, reader.event_id)
                if (left_s := _left_s(self._asking, here.clock_ms())) <= 0:
                    yield TOKEN_EXPIRED
                    return
                if not await alarm.set_within(min(here.settings.gateway_heartbeat_s, left_s)):
                    yield HEARTBEAT
        finally:
            alarm.stop()
            view.cancel()


async def _resume(
    here: Gateway, session_id: str, changed: asyncio.Event
) -> tuple[Prompt, ...] | None:
    """Put what the view shows into the mailbox, and once more; what it shows by then, if known."""
    view: tuple[Prompt, ...] | None = None
    for pause_s in (0.0, LOOK_AGAIN_S):
        await asyncio.sleep(pause_s)
        view = await here.view.prompts_of(session_id)
        for prompt in view or ():
            here.mailboxes.of(session_id).take(prompt)
    changed.set()
    return view


def _left_s(asking: Caller, now_ms: int) -> float:
    """How long the token still lives; a key has no end."""
    return float("inf") if asking.claims is None else asking.claims.exp - now_ms / 1000
