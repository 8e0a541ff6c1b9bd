"""What one reader of a stream has been told, and what it is to be told next.

The id of an event on a stream (`id:`, sent back as `Last-Event-ID`) names the prompts that its
reader then holds, the newest last, with dots between; a dot alone: none. So whichever gateway a
reader comes back to knows what it need not say again, and what it has to take back: nothing is kept
for who is away.
"""

import re
from collections.abc import Iterable

from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.live.mailboxes import Mailbox
from streams.storefront.gateway.live.rendered import (
    PLAIN,
    Rendered,
    RenderedPrompt,
    RenderedWithdrawal,
    Wording,
    to_json,
)

HELD_MAX = 16
"""Prompts that a reader may hold, as far as is remembered: more than a mailbox has."""
PROMPT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
HEARTBEAT = b": still here\n\n"


class ReaderState:
    """What a reader holds: by prompt, when it expires (None: not known)."""

    def __init__(self, held: Iterable[str] = ()) -> None:
        self._held: dict[str, int | None] = dict.fromkeys(held)

    @classmethod
    def by(cls, last_event_id: str) -> "ReaderState":
        """What a reader holds who comes back with this id; what is none counts as nothing.

        >>> ReaderState.by("aa11.bb22").event_id, ReaderState.by("<b>").event_id
        ('aa11.bb22', '.')
        """
        found = [word for word in last_event_id.split(".") if PROMPT_ID.fullmatch(word)]
        return cls(found[-HELD_MAX:])

    @property
    def event_id(self) -> str:
        """The id of the latest event; never empty: a browser would send none, as if it had none."""
        return ".".join(self._held) or "."

    def next_news(self, mailbox: Mailbox, now_ms: int, wording: Wording = PLAIN) -> Rendered | None:
        """The next thing that the reader is to be told now, and has been by then; None: nothing.

        One at a time: while it is being sent, another may be withdrawn or expire.
        """
        held = self._held
        for prompt_id in [id_ for id_, at_ms in held.items() if at_ms and at_ms <= now_ms]:
            del held[prompt_id]  # the reader lets it go by itself
        for prompt_id in held:
            if why := mailbox.withdrawn.get(prompt_id):
                return self._let_go(prompt_id, why)
        for prompt in mailbox.current(now_ms):
            known = prompt.prompt_id in held
            held[prompt.prompt_id] = prompt.expires_at_ms
            if len(held) > HELD_MAX:
                del held[next(iter(held))]
            if not known:
                return RenderedPrompt.of(prompt, now_ms, wording)
        return None

    def taken_back(
        self, mailbox: Mailbox, view: Iterable[Prompt] | None, now_ms: int
    ) -> list[Rendered]:
        """What the reader holds and nobody knows of any more: neither mailbox nor view.

        Nothing where the view is not known (None).
        """
        if view is None:
            return []
        known = {prompt.prompt_id for prompt in (*view, *mailbox.current(now_ms))}
        gone = [prompt_id for prompt_id in self._held if prompt_id not in known]
        return [self._let_go(prompt_id, "no_longer_current") for prompt_id in gone]

    def _let_go(self, prompt_id: str, because: str) -> RenderedWithdrawal:
        del self._held[prompt_id]
        return RenderedWithdrawal.model_validate({"prompt_id": prompt_id, "because": because})


def frame(said: Rendered, event_id: str) -> bytes:
    r"""An event as a stream has it (WHATWG HTML, "Server-sent events"); JSON has no line breaks.

    >>> frame(RenderedWithdrawal(prompt_id="aa11", because="added"), "bb22")
    b'id: bb22\nevent: prompt_withdrawn\ndata: {"type":"prompt_withdrawn",...}\n\n'
    """
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        event_id.encode(),
        said.type.encode(),
        to_json(said),
    )
