"""What a reader is told that it holds."""

from streams.storefront.gateway.live.mailboxes import Mailbox
from streams.storefront.gateway.live.reader_state import ReaderState, frame
from tests.storefront.gateway.shopfront import prompt_for, withdrawn
from tests.storefront.gateway.test_stream import bread


def test_a_reader_that_holds_nothing_any_more_has_an_id_that_says_so() -> None:
    """Without one a page keeps the id before, and is told again of what it let go."""
    mailbox, reader = Mailbox("ann", now_ms=0), ReaderState()
    prompt = prompt_for(bread("e1", "ann"))
    mailbox.take(prompt)
    assert reader.next_news(mailbox, prompt.occurred_at_ms) is not None
    mailbox.take(withdrawn(prompt))
    gone = reader.next_news(mailbox, prompt.occurred_at_ms)
    assert gone is not None

    assert b"id: .\n" in frame(gone, reader.event_id)
    again = ReaderState.by(reader.event_id)
    assert again.next_news(mailbox, prompt.occurred_at_ms) is None
    assert "." == again.event_id
