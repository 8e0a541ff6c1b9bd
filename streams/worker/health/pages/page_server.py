"""The server of the pages: nobody who asks, or only begins to, takes anything from the worker.

Faust's own server lets a connection wait for its request for an hour, and has no bound on their
number: some hundred half requests and the worker has no descriptors left to speak to Kafka with.
Here a connection is for one request. One that asks nothing is closed after `SILENCE_S_MAX`; of too
many those make room that have waited longest, so that a probe is heard in the midst of a flood; and
where all of them are being answered, further ones are refused. Pages that take their time have half
of the places, and who asks for one more is told so: the others are a probe's. A page that fails is
a page.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from faust.web.drivers.aiohttp import Web

from streams.contract.errors import GoeswithError

logger = logging.getLogger(__name__)
requests = logging.getLogger(f"{__name__}.requests")
"""aiohttp's."""

CONNECTIONS_MAX = 64
SLOW_MAX = CONNECTIONS_MAX // 2
"""So many wait for pages at a time, probes aside."""
PROBES = ("/healthz", "/readyz")
"""Pages that a supervisor asks for, who ends a worker that does not answer."""
AT_ONCE_MAX = 64
"""So many are let in before the first of them is counted."""
SILENCE_S_MAX = 5.0
"""So long a connection may take to ask; and to take the answer, once there is one."""
LINGERING_S_MAX = 1.0
"""So long what follows an answer is passed over: no page reads what is sent along."""
SHUTDOWN_S_MAX = 2.0
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def is_ours(record: logging.LogRecord) -> bool:
    """Whether it is our error: who asks amiss is told so in an answer, and fills nobody's log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


requests.addFilter(is_ours)


class Refused(asyncio.Protocol):
    """A connection that there is no room for."""

    def connection_made(self, transport: Any) -> None:
        """Say so, and end it."""
        transport.write(BUSY)
        transport.close()


class PageServer(Web):
    """Faust's pages, within bounds."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.slow_max = SLOW_MAX
        self._asking = dict[Any, str]()
        """Connections whose request is there, and not answered yet, with its path."""
        self._leaving = set[Any]()
        """Connections that were closed, and are not gone yet."""
        self._handlers: Any = None
        """aiohttp's: makes what speaks to a connection, the oldest first in `connections`."""
        self._listening: asyncio.Server | None = None
        self.web_app.middlewares.append(self._answered)
        self._runner = web.AppRunner(
            self.web_app,
            access_log=None,
            keepalive_timeout=SILENCE_S_MAX,
            lingering_time=LINGERING_S_MAX,
            logger=requests,
            shutdown_timeout=SHUTDOWN_S_MAX,
        )

    async def start_server(self) -> None:
        """Listen."""
        await self._runner.setup()
        self._handlers = self._runner.server
        conf, loop = self.app.conf, asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._connected,
            conf.web_bind,
            conf.web_port,
            backlog=AT_ONCE_MAX,
            reuse_address=True,
        )

    async def stop_server(self) -> None:
        """Let nobody in any more, and end what is there."""
        if self._listening is not None:
            self._listening.close()
        await super().stop_server()

    def _connected(self) -> asyncio.Protocol:
        """What speaks to a new connection."""
        there = self._handlers.connections
        self._leaving.intersection_update(there)
        staying = [one for one in there if one not in self._leaving]
        if len(staying) >= CONNECTIONS_MAX:
            waiting = next((one for one in staying if one not in self._asking), None)
            if waiting is None:
                return Refused()
            self._leaving.add(waiting)  # of those that come at once each one takes another place
            waiting.force_close()
        handler: asyncio.Protocol = self._handlers()
        return handler

    @web.middleware
    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """An answer, after which the connection is closed."""
        full = self._slow() >= self.slow_max and request.path not in PROBES
        self._asking[request.protocol] = request.path
        try:
            answer = web.Response(status=503) if full else await handler(request)
        except web.HTTPException as error:  # no such page, or not that method
            error.force_close()
            raise
        except (GoeswithError, OSError) as error:
            logger.warning("the page %s failed: %s", request.path, error)
            said = json.dumps({"error": str(error)})
            answer = web.Response(status=503, text=said, content_type="application/json")
        finally:
            del self._asking[request.protocol]
        answer.force_close()
        return answer

    def _slow(self) -> int:
        """How many wait for pages that are no probes."""
        return sum(path not in PROBES for path in self._asking.values())
