"""The stream: each prompt once, to whom it is for, and no longer than it may be shown."""

import asyncio

from streams.contract.events import ItemAdded
from streams.storefront.gateway.live.mailboxes import LINGER_MS
from streams.storefront.gateway.routes.stream import LOOK_AGAIN_S
from tests.storefront.gateway.shopfront import (
    NOON_S,
    Shopfront,
    add,
    offers_butter,
    prompt_for,
    withdrawn,
)


def bread(event_id: str = "e1", session_id: str = "session-7") -> ItemAdded:
    """Somebody takes bread at noon."""
    return ItemAdded(
        event_id=event_id, session_id=session_id, occurred_at_ms=NOON_S * 1000, item_id="bread"
    )


async def test_a_prompt_comes_to_who_is_connected(front: Shopfront) -> None:
    """Event in, prompt out, with what a proxy needs to hand it on at once."""
    token = await front.token()
    async with front.reading(token) as reader:
        assert 200 == reader.status
        await front.post(add(), token)
        await reader.comes_to(lambda: reader.prompts)

        kind, event_id, said = reader.events[0]
        assert ("prompt", said["prompt_id"]) == (kind, event_id)
        assert [{"item_id": "butter"}] == said["items"]
        assert 120_000 == said["expires_in_ms"]
        assert "no" == reader.headers["x-accel-buffering"]
        assert reader.headers["content-type"].startswith("text/event-stream")


async def test_a_browser_gets_what_it_renders_and_nothing_else(front: Shopfront) -> None:
    """No arm, context, propensity, estimate, score or count; not even in other words."""
    token = await front.token()
    async with front.reading(token) as reader:
        await front.post(add(), token)
        await reader.comes_to(lambda: reader.prompts)

        assert {
            "type",
            "prompt_id",
            "placement",
            "kind",
            "anchor",
            "items",
            "reason",
            "caused_by",
            "expires_at_ms",
            "expires_in_ms",
            "receipt",
        } == reader.events[0][2].keys()
        assert not [word for word in (b"bought_together", b"club", b"0.72") if word in reader.text]


async def test_two_shoppers_never_see_each_other(front: Shopfront) -> None:
    """Not by name, not by a record under another's key."""
    ann, bob = await front.token("ann"), await front.token("bob")
    async with front.reading(ann) as anns, front.reading(bob, query="session_id=ann") as bobs:
        front.bus.bring(b"bob", prompt_for(bread("e0", "ann")).to_json())
        front.bus.publish(prompt_for(bread("e1", "ann")))
        front.bus.publish(prompt_for(bread("e2", "bob")))
        await anns.comes_to(lambda: anns.prompts)
        await bobs.comes_to(lambda: bobs.prompts)

        assert [prompt_for(bread("e1", "ann")).prompt_id] == anns.prompts
        assert [prompt_for(bread("e2", "bob")).prompt_id] == bobs.prompts
        assert 1 == front.gateway.mailboxes.unreadable


async def test_what_nobody_waits_for_is_dropped_undecoded(front: Shopfront) -> None:
    """Bytes that are no prompt do no harm, and are not looked at."""
    front.bus.bring(b"somebody", b"\xff no JSON")
    front.bus.bring(None, b"{}")
    assert 2 == front.gateway.mailboxes.dropped
    assert 0 == front.gateway.mailboxes.unreadable

    async with front.reading(await front.token("somebody")) as reader:
        front.bus.bring(b"somebody", b"\xff no JSON")
        front.bus.bring(b"somebody", None)
        front.bus.publish(prompt_for(bread("e1", "somebody")))
        await reader.comes_to(lambda: reader.prompts)

    assert 2 == front.gateway.mailboxes.unreadable


async def test_a_prompt_that_is_published_twice_comes_once(front: Shopfront) -> None:
    """Workers publish at least once; also after it was withdrawn."""
    async with front.reading(await front.token()) as reader:
        first, second = prompt_for(bread("e1")), prompt_for(bread("e2"))
        for said in (first, first, withdrawn(first), first, withdrawn(first), second):
            front.bus.publish(said)
            await asyncio.sleep(0)
        await reader.comes_to(lambda: second.prompt_id in reader.prompts)

        assert 1 == reader.prompts.count(second.prompt_id)
        assert reader.prompts.count(first.prompt_id) == reader.withdrawals.count(first.prompt_id)
        assert reader.prompts.count(first.prompt_id) <= 1


async def test_a_withdrawal_comes_with_its_reason(front: Shopfront) -> None:
    """And once."""
    async with front.reading(await front.token()) as reader:
        prompt = prompt_for(bread())
        front.bus.publish(prompt)
        await reader.comes_to(lambda: reader.prompts)
        front.bus.publish(withdrawn(prompt))
        front.bus.publish(withdrawn(prompt))
        front.bus.publish(prompt_for(bread("e2")))
        await reader.comes_to(lambda: len(reader.prompts) > 1)

        assert [prompt.prompt_id] == reader.withdrawals
        assert "added" == reader.events[1][2]["because"]


async def test_nothing_that_has_expired_comes(front: Shopfront) -> None:
    """Whoever connects too late, or was not listening in time, hears of what is next."""
    token = await front.token()
    await front.post(add("e1"), token)
    front.now_ms += 120_000
    async with front.reading(token) as reader:
        later = prompt_for(bread("e2"), lives_ms=240_000)
        front.bus.publish(later)
        await reader.comes_to(lambda: reader.prompts)

        assert [later.prompt_id] == reader.prompts


async def test_a_slow_reader_is_told_less_and_later(front: Shopfront) -> None:
    """Nothing is piled up for it: what is no longer to be shown is not sent."""
    async with front.reading(await front.token()) as reader:
        reader.slow.clear()
        many = [prompt_for(bread(f"e{n}")) for n in range(1000)]
        for prompt in many:
            front.bus.publish(prompt)
            await asyncio.sleep(0)
        front.bus.publish(withdrawn(many[-1]))
        reader.slow.set()
        await reader.comes_to(lambda: many[-2].prompt_id in reader.prompts)

        assert len(reader.prompts) <= 1 + 3  # the one that was under way, and its mailbox
        assert reader.prompts.count(many[-1].prompt_id) == len(reader.withdrawals)


async def test_who_comes_back_hears_nothing_twice_and_of_what_was_withdrawn(
    front: Shopfront,
) -> None:
    """The id of the last event says what the reader holds; the mailbox was kept meanwhile."""
    token = await front.token()
    kept, gone, new = (prompt_for(bread(f"e{n}")) for n in range(3))
    async with front.reading(token) as reader:
        front.bus.publish(kept)
        front.bus.publish(gone)
        await reader.comes_to(lambda: len(reader.prompts) > 1)
        held = reader.last_event_id
    assert f"{kept.prompt_id}.{gone.prompt_id}" == held

    front.bus.publish(withdrawn(gone))
    front.bus.publish(new)
    for query, header in (("", held), (f"last_event_id={held}", "")):
        async with front.reading(token, header, query) as again:
            await again.comes_to(lambda: again.prompts and again.withdrawals)

            assert [new.prompt_id] == again.prompts
            assert [gone.prompt_id] == again.withdrawals
            assert f"{kept.prompt_id}.{new.prompt_id}" == again.last_event_id


async def test_a_mailbox_is_kept_for_a_while_after_its_stream(front: Shopfront) -> None:
    """However long that was: the reader may come back, and others come meanwhile."""
    token = await front.token()
    prompt = prompt_for(bread(), lives_ms=10 * LINGER_MS)
    async with front.reading(token) as reader:
        front.bus.publish(prompt)
        await reader.comes_to(lambda: reader.prompts)
        front.now_ms += LINGER_MS + 1
    front.gateway.mailboxes.of("another")
    front.bus.publish(withdrawn(prompt))
    async with front.reading(token, reader.last_event_id) as again:
        await again.comes_to(lambda: again.withdrawals)

        assert [prompt.prompt_id] == again.withdrawals


async def test_an_id_that_is_none_of_ours_does_no_harm(front: Shopfront) -> None:
    """Whatever comes back in a header or in an address."""
    token = await front.token()
    for held in ("<script>", "." * 5000, "a" * 5000, ".".join(f"x{n}" for n in range(500))):
        async with front.reading(token, held) as reader:
            assert 200 == reader.status
            front.bus.publish(prompt_for(bread(held[:9])))
            await reader.comes_to(lambda: reader.prompts)


async def test_a_quiet_stream_says_that_it_is_there() -> None:
    """A comment, which a browser passes over and a proxy counts as life."""
    front = Shopfront(offers_butter, gateway_heartbeat_s=0.01)
    async with front.reading(await front.token()) as reader:
        await reader.comes_to(lambda: reader.text.count(b"\n: ") > 1)

        assert [] == reader.events


async def test_a_stream_ends_with_its_token() -> None:
    """The page is told to get another one."""
    front = Shopfront(offers_butter, gateway_heartbeat_s=0.01)
    async with front.reading(await front.token()) as reader:
        front.now_ms += 3_600_000
        await reader.comes_to(reader.task.done)

        assert "token_expired" == reader.events[-1][0]


async def test_a_session_has_so_many_streams_and_a_gateway_too() -> None:
    """Whoever opens more is told to come back; those that end make room."""
    front = Shopfront(offers_butter, gateway_session_streams_max=2, gateway_streams_max=3)
    ann, bob, eve = [await front.token(name) for name in ("ann", "bob", "eve")]
    async with front.reading(ann), front.reading(ann) as second:
        async with front.reading(ann) as third:
            assert (429, "10") == (third.status, third.headers["retry-after"])
        async with front.reading(bob), front.reading(eve) as fourth:
            assert (503, "2") == (fourth.status, fourth.headers["retry-after"])
        assert 2 == front.gateway.streams
        await second.leave()
        async with front.reading(ann) as third:
            assert 200 == third.status

    assert 0 == front.gateway.streams == front.gateway.mailboxes.of("ann").streams
    assert 0 == len(front.gateway.mailboxes.of("ann").listeners)


async def test_a_stream_ends_with_its_connection() -> None:
    """At once, though it is quiet: its place is free."""
    front = Shopfront(offers_butter, gateway_heartbeat_s=3600)
    async with front.reading(await front.token()) as reader:
        await asyncio.sleep(1.5 * LOOK_AGAIN_S)  # from then on nothing else wakes it
        assert 1 == front.gateway.streams
        await reader.leave()

        assert not reader.task.exception()
        assert 0 == front.gateway.streams


async def test_streams_end_when_the_gateway_does() -> None:
    """At once, though they are quiet; and no other one begins."""
    front = Shopfront(offers_butter, gateway_heartbeat_s=3600)
    token = await front.token()
    async with front.reading(token) as reader:
        await asyncio.sleep(1.5 * LOOK_AGAIN_S)  # from then on nothing else wakes it
        front.gateway.close_streams()
        await reader.comes_to(reader.task.done)
    async with front.reading(token) as late:
        assert 503 == late.status


async def test_the_shops_server_follows_whom_it_names(front: Shopfront) -> None:
    """With its key; without a name nobody's."""
    from tests.storefront.gateway.shopfront import KEY  # noqa: PLC0415

    async with front.reading(KEY, query="session_id=ann") as reader:
        front.bus.publish(prompt_for(bread("e1", "ann")))
        await reader.comes_to(lambda: reader.prompts)
    async with front.reading(KEY) as reader:
        assert 422 == reader.status
