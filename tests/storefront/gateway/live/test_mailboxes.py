"""Mailboxes and their readers: whatever comes in whatever order, each thing once, and bounded."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.live.mailboxes import LINGER_MS, Mailbox, Mailboxes
from streams.storefront.gateway.live.reader_state import HELD_MAX, ReaderState
from streams.storefront.gateway.live.rendered import Rendered, RenderedPrompt
from streams.views.current_prompts import PROMPTS_MAX, WITHDRAWN_MAX
from tests.storefront.gateway.shopfront import NOON_S, prompt_for, withdrawn
from tests.storefront.gateway.test_stream import bread

NOON_MS = NOON_S * 1000
LIVES_MS = 100


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS

    def __call__(self) -> int:
        """What it shows."""
        return self.now_ms


def prompt(number: int, at_ms: int = NOON_MS, lives_ms: int = LIVES_MS) -> Prompt:
    """One of a few prompts of a session, published at this time."""
    event = bread(f"e{number}").model_copy(update={"occurred_at_ms": at_ms})
    return prompt_for(event, lives_ms=lives_ms)


def told(reader: ReaderState, mailbox: Mailbox, now_ms: int) -> list[Rendered]:
    """All that there is to be told."""
    found = []
    while (news := reader.next_news(mailbox, now_ms)) is not None:
        found.append(news)
    return found


STEPS = st.lists(
    st.tuples(st.sampled_from(["publish", "withdraw", "read", "wait", "again"]), st.integers(0, 9)),
    max_size=60,
)


@given(STEPS)
def test_a_reader_is_told_each_thing_once_and_nothing_that_is_over(
    steps: list[tuple[str, int]],
) -> None:
    """Also who comes back with the id of its last event; nothing is withdrawn that it has not."""
    mailbox, reader, now_ms = Mailbox("session-7", NOON_MS), ReaderState(), NOON_MS
    shown: dict[str, int] = {}
    gone: set[str] = set()
    for step, number in steps:
        if step == "publish":
            mailbox.take(prompt(number))
        elif step == "withdraw":
            mailbox.take(withdrawn(prompt(number)))
        elif step == "wait":
            now_ms += number * 5
        elif step == "again":
            reader = ReaderState.by(reader.event_id)
        else:
            for said in told(reader, mailbox, now_ms):
                if isinstance(said, RenderedPrompt):
                    assert said.prompt_id not in shown
                    assert 0 < said.expires_in_ms == said.expires_at_ms - now_ms
                    assert said.prompt_id not in mailbox.withdrawn
                    shown[said.prompt_id] = said.expires_at_ms
                else:
                    assert said.prompt_id in shown
                    assert said.prompt_id not in gone
                    gone.add(said.prompt_id)
            held = set(reader.event_id.split(".")) - {""}
            assert held <= shown.keys() - gone
            assert len(mailbox.current(now_ms)) <= PROMPTS_MAX
            assert {each.prompt_id for each in mailbox.current(now_ms)} <= held


def test_a_withdrawal_for_a_reason_that_is_not_known_here_yet_is_one() -> None:
    """Workers may be newer than gateways."""
    boxes = Mailboxes(Clock())
    mailbox, gone = boxes.of("session-7"), withdrawn(prompt(1))
    said = gone.model_copy(update={"because": "discontinued"}).to_json()

    assert boxes.receive(b"session-7", said)
    assert {gone.prompt_id: "discontinued"} == mailbox.withdrawn


def test_a_mailbox_holds_few_prompts_and_few_withdrawals() -> None:
    """However many come."""
    mailbox = Mailbox("session-7", NOON_MS)
    for number in range(500):
        mailbox.take(prompt(number))
        if number % 2:
            mailbox.take(withdrawn(prompt(number)))

    assert [prompt(n).prompt_id for n in (494, 496, 498)] == [
        each.prompt_id for each in mailbox.current(NOON_MS)
    ]
    assert WITHDRAWN_MAX == len(mailbox.withdrawn)


def test_what_a_view_brings_late_pushes_nothing_newer_out() -> None:
    """Prompts are held oldest first, whichever came first."""
    mailbox = Mailbox("session-7", NOON_MS)
    for at_ms in (5, 6, 7, 3, 8, 4):
        mailbox.take(prompt(at_ms, NOON_MS + at_ms))

    assert [5, 6, 7, 8] == [each.occurred_at_ms - NOON_MS for each in mailbox.current(NOON_MS + 9)]


def test_what_was_withdrawn_does_not_come_again() -> None:
    """Neither its repeat, nor a prompt that is withdrawn before it comes."""
    mailbox, reader = Mailbox("session-7", NOON_MS), ReaderState()
    mailbox.take(withdrawn(prompt(1)))
    mailbox.take(prompt(1))
    mailbox.take(prompt(2))
    mailbox.take(withdrawn(prompt(2)))
    mailbox.take(prompt(2))

    assert [] == told(reader, mailbox, NOON_MS)


def test_a_reader_holds_so_many_and_lets_go_what_expires() -> None:
    """The id of an event does not grow without end."""
    mailbox, reader = Mailbox("session-7", NOON_MS), ReaderState()
    for number in range(3 * HELD_MAX):
        mailbox.take(prompt(number))
        told(reader, mailbox, NOON_MS)
    assert HELD_MAX == len(reader.event_id.split("."))
    assert [] == told(reader, mailbox, NOON_MS + LIVES_MS)
    assert "." == reader.event_id
    long = ".".join(f"id{n}" for n in range(3 * HELD_MAX))
    assert long.endswith(ReaderState.by(long).event_id)
    assert HELD_MAX == len(ReaderState.by(long).event_id.split("."))


def test_idle_mailboxes_are_closed_and_those_with_a_listener_are_not() -> None:
    """After a while; what comes then is for nobody here."""
    clock = Clock()
    mailboxes = Mailboxes(clock)
    with mailboxes.of("ann").waking(asyncio.Event()):
        mailboxes.of("bob")
        clock.now_ms += LINGER_MS
        mailboxes.of("eve")
        assert 3 == len(mailboxes)
        clock.now_ms += 1
        for _ in range(3):
            mailboxes.of("eve")
        assert 2 == len(mailboxes)
        for who in (b"ann", b"bob"):
            said = prompt(1, clock.now_ms).model_copy(update={"session_id": who.decode()})
            mailboxes.receive(who, said.to_json())
        assert (1, 1) == (mailboxes.handed, mailboxes.dropped)
        assert mailboxes.of("ann").current(clock.now_ms)
    clock.now_ms += LINGER_MS
    mailboxes.of("ann")
    assert 2 == len(mailboxes), "used a moment ago: kept"


def test_mailboxes_are_bounded_and_who_used_one_last_keeps_it() -> None:
    """Those that nobody listens to leave, the ones used longest ago first."""
    mailboxes = Mailboxes(Clock(), mailboxes_max=3)
    listened = mailboxes.of("listens")
    with listened.waking(asyncio.Event()):
        for number in range(50):
            mailboxes.of(f"session-{number}")
        assert 3 == len(mailboxes)
        assert listened is mailboxes.of("listens")
        newest = mailboxes.of("session-49")
        mailboxes.of("another")
        assert newest is mailboxes.of("session-49")
