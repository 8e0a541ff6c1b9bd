"""Mailboxes: what the sessions that somebody waits for may be shown.

A session has a mailbox from its first event or stream at this gateway on, and for a while after the
last. A record of any other session is dropped undecoded: most are, where gateways are several.

A mailbox is a state, no queue: a few prompts that may be shown, and the ids of those withdrawn. Who
is slow to read finds less there, never more, and costs no memory.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, Published
from streams.views.current_prompts import WITHDRAWN_MAX, too_many, unexpired

LINGER_MS = 120_000
"""How long a mailbox is kept that nobody listens to: a reader comes back, a page is loaded."""
MAILBOXES_MAX = 50_000
"""More are not kept, unless somebody listens to each of them."""

ClockMs = Callable[[], int]
"""The time in milliseconds since 1970."""


class Mailbox:
    """What one session may be shown."""

    def __init__(self, session_id: str, now_ms: int) -> None:
        self.session_id = session_id
        self.used_at_ms = now_ms
        self.withdrawn: dict[str, str] = {}
        """Why, by prompt."""
        self.listeners: set[asyncio.Event] = set()
        self.streams = 0
        """How many of its listeners are streams."""
        self._prompts: dict[str, Prompt] = {}

    def take(self, said: Published) -> None:
        """Hold a prompt, or let one go; who listens looks again."""
        if isinstance(said, Prompt):
            if said.prompt_id in self.withdrawn or said.prompt_id in self._prompts:
                return
            self._prompts[said.prompt_id] = said
            oldest_first = sorted(self._prompts.values(), key=lambda held: held.occurred_at_ms)
            self._prompts = {held.prompt_id: held for held in oldest_first}
            for prompt_id in too_many(oldest_first, said):
                del self._prompts[prompt_id]
        else:
            self._prompts.pop(said.prompt_id, None)
            self.withdrawn[said.prompt_id] = said.because
            if len(self.withdrawn) > WITHDRAWN_MAX:
                del self.withdrawn[next(iter(self.withdrawn))]
        for listener in self.listeners:
            listener.set()

    def current(self, now_ms: int) -> tuple[Prompt, ...]:
        """What may be shown now, oldest first."""
        return unexpired(self._prompts.values(), now_ms)

    @contextmanager
    def waking(self, changed: asyncio.Event) -> Iterator[None]:
        """For the length of the block, an event that is set when something has changed."""
        self.listeners.add(changed)
        try:
            yield
        finally:
            self.listeners.discard(changed)


class Mailboxes:
    """The mailboxes of a gateway, and what comes in for them."""

    def __init__(self, clock_ms: ClockMs, mailboxes_max: int = MAILBOXES_MAX) -> None:
        self.clock_ms = clock_ms
        self.mailboxes_max = mailboxes_max
        self.handed = self.dropped = self.unreadable = 0
        """Records: handed to a mailbox, for nobody here, not read."""
        self._open: OrderedDict[bytes, Mailbox] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def of(self, session_id: str) -> Mailbox:
        """The mailbox of a session, from now on."""
        key, now_ms = session_id.encode(), self.clock_ms()
        mailbox = self._open.get(key)
        if mailbox is None:
            mailbox = self._open[key] = Mailbox(session_id, now_ms)
        mailbox.used_at_ms = now_ms
        self._open.move_to_end(key)
        self._close_idle(now_ms)
        return mailbox

    def receive(self, key: bytes | None, value: bytes | None) -> bool:
        """A record of the prompts topic; whether it was handed to a mailbox."""
        mailbox = None if key is None else self._open.get(key)
        if mailbox is None:
            self.dropped += 1
            return False
        try:
            said = ANY_PUBLISHED.validate_json(value or b"")
        except ValidationError:
            self.unreadable += 1
            return False
        if said.session_id != mailbox.session_id:
            self.unreadable += 1
            return False
        self.handed += 1
        mailbox.take(said)
        return True

    def _close_idle(self, now_ms: int) -> None:
        """Those used longest ago, as far as they are idle or too many; at most one step a call."""
        for _ in range(2):
            key, oldest = next(iter(self._open.items()))
            idle = now_ms - oldest.used_at_ms > LINGER_MS
            if not idle and len(self._open) <= self.mailboxes_max:
                return
            if oldest.listeners:
                oldest.used_at_ms = now_ms
                self._open.move_to_end(key)
            else:
                del self._open[key]
