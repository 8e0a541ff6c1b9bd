"""`/prompts`: the newest prompts, and the story of a session."""

from typing import Any

from fastapi import APIRouter, Request, Response

from streams.operations.console.pages.rendering import PART, Here, notices, rendered
from streams.operations.console.watching.prompts import PromptSeen
from streams.operations.console.watching.stories import Lookup
from streams.operations.explanation.fates import Fate, in_words

router = APIRouter()
SHOWN_MAX = 50
ID_CHARS_MAX = 128
"""Of a session, as `streams.contract.events.fields` has it."""


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
    session = session.strip()[:ID_CHARS_MAX]
    again = "again" in request.query_params and PART not in request.headers
    lookup = here.sources.stories.ask(session, again=again)
    fates = () if lookup.story is None else lookup.story.fates
    return rendered(
        request,
        "story.html",
        session=session,
        lookup=lookup,
        told=[(fate.became, _lines(fate, lookup)) for fate in fates],
        notices=[],
    )


def _lines(fate: Fate, lookup: Lookup) -> list[str]:
    """What became of an event; of a silence that is still being looked for, that it is."""
    said = in_words(fate).splitlines()
    if lookup.story is None or lookup.story.whole or fate.became != "unknown":
        return said
    why = "not told" if lookup.trouble else "being worked out"
    return [said[0], f"no prompt on the topic; why is {why}"]


@router.get("/api/prompts")
async def prompts_json(here: Here, session: str = "") -> dict[str, Any]:
    """The newest prompts; with `session` its story, as `goeswith explain --json`, once it is told.

    `doing` says what is still being done: ask again.
    """
    if session:
        lookup = here.sources.stories.ask(session.strip()[:ID_CHARS_MAX])
        fates = () if lookup.story is None else lookup.story.fates
        notes = () if lookup.story is None else lookup.story.notes
        return {
            "session_id": lookup.session_id,
            "doing": lookup.doing,
            "share": lookup.share,
            "trouble": lookup.trouble,
            "whole": lookup.story is not None and lookup.story.whole and not lookup.doing,
            "events": [fate.to_json() for fate in fates],
            "notes": list(notes),
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
