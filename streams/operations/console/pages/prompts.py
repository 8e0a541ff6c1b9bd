"""`/prompts`: the newest prompts, and the story of a session."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from streams.contract.events.slots import PLACEMENTS
from streams.operations.console.pages.links import why_href
from streams.operations.console.pages.rendering import Here, notices, rendered
from streams.operations.console.pages.why import ID_CHARS_MAX, fields, looked_up, progress_json
from streams.operations.console.watching.lookups.questions import StoryAsked
from streams.operations.console.watching.prompts import PromptSeen
from streams.operations.explanation.fates import Fate, in_words
from streams.operations.explanation.story import Story

router = APIRouter()
SHOWN_MAX = 50


class FateTold(NamedTuple):
    """An event of a story, as a page has it."""

    became: str
    lines: list[str]
    ids: tuple[str, ...]
    """Of its prompts."""


@router.get("/prompts")
async def prompts(request: Request, here: Here, session: str = "", like: str = "") -> Response:
    """The newest prompts; `like`: those that have this in an id, an item or the arm."""
    if session:
        return await story(request, here, session)
    source = here.sources.prompts
    seen = source.reading.value
    found = [] if seen is None else [one for one in seen.newest if matches(one, like.strip())]
    return rendered(
        request,
        "prompts.html",
        seen=seen,
        found=found[:SHOWN_MAX],
        more=max(0, len(found) - SHOWN_MAX),
        like=like,
        notices=notices(here, source),
    )


async def story(request: Request, here: Here, session: str) -> Response:
    """What became of each event of a session; looked up where it has not been."""
    asked = StoryAsked(session.strip()[:ID_CHARS_MAX])
    lookup = looked_up(request, here, asked)
    known = lookup.answer if isinstance(lookup.answer, Story) else None
    fates = () if known is None else known.fates
    unlooked = known is not None and not known.whole
    why = "" if not unlooked else "not told" if lookup.trouble else "being worked out"
    ids = {one for fate in fates for one in _ids(fate)}
    return rendered(
        request,
        "story.html",
        session=asked.session_id,
        lookup=lookup,
        fields=fields(asked),
        story=known,
        told=[FateTold(fate.became, _lines(fate, why), _own_ids(fate)) for fate in fates],
        hrefs={one: why_href(one, asked.session_id) for one in ids},
        slots=PLACEMENTS,
    )


def _own_ids(fate: Fate) -> tuple[str, ...]:
    return tuple(one.prompt_id for one in fate.prompts)


def _ids(fate: Fate) -> Iterator[str]:
    """Of all prompts that are named in the words for an event."""
    yield from _own_ids(fate)
    yield from (outcome.prompt_id for outcome in fate.brought)
    yield from fate.withdrew


def _lines(fate: Fate, silence: str) -> list[str]:
    """What became of an event; of a silence that was not looked for yet, what is done about it."""
    said = in_words(fate).splitlines()
    if not silence or fate.became != "unknown":
        return said
    return [said[0], f"no prompt on the topic; why is {silence}"]


@router.get("/api/prompts")
async def prompts_json(request: Request, here: Here, session: str = "") -> dict[str, Any]:
    """The newest prompts; with `session` its story, as `goeswith explain --json`, once it is told.

    `doing` says what is still being done: ask again; `at_s`: when it was told; with `again` it is
    told anew.
    """
    if session:
        asked = StoryAsked(session.strip()[:ID_CHARS_MAX])
        lookup = looked_up(request, here, asked)
        known = lookup.answer if isinstance(lookup.answer, Story) else None
        return {
            "session_id": asked.session_id,
            **progress_json(lookup),
            "whole": known is not None and known.whole and not lookup.doing,
            "events": [] if known is None else [fate.to_json() for fate in known.fates],
            "notes": [] if known is None else list(known.notes),
        }
    reading = here.sources.prompts.reading
    newest = () if reading.value is None else reading.value.newest
    prompts = [one.prompt.model_dump(mode="json", exclude={"receipt"}) for one in newest]
    return {"prompts": prompts, "trouble": reading.trouble}


def matches(seen: PromptSeen, like: str) -> bool:
    """Whether a prompt has these characters in its session, id, items, anchor or arm."""
    prompt = seen.prompt
    items = (item.item_id for item in prompt.items)
    names = (prompt.session_id, prompt.prompt_id, prompt.anchor, prompt.arm, *items)
    return not like or any(like.lower() in name.lower() for name in names)
