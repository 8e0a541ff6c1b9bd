"""`/prompts/why` and `/prompts/why-not`: why a prompt was what it was, and why an item was not in.

As `goeswith why` and `why-not` tell it: the log is folded again up to the decision, beside the
request, one question at a time. A page says how far it is, and the question can be cancelled.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from models import Candidate
from streams.cli.tables import Listing
from streams.contract.events.slots import PLACEMENTS, Placement
from streams.contract.published.prompts import Prompt
from streams.operations.console.access import Visitor, is_from_here
from streams.operations.console.pages.rendering import (
    PART,
    Cells,
    Console,
    Here,
    cells,
    form_of,
    rendered,
)
from streams.operations.console.watching.lookups.lookup import Lookup
from streams.operations.console.watching.lookups.questions import (
    Question,
    StoryAsked,
    WhyAsked,
    WhyNotAsked,
)
from streams.operations.explanation.why.asking import Why
from streams.operations.explanation.why.command import as_plain
from streams.operations.explanation.why.decided import ArmAtDecision, Behind
from streams.operations.explanation.why_not.asking import WhyNot
from streams.operations.explanation.why_not.command import as_plain as why_not_as_plain
from streams.operations.explanation.why_not.considered import Considered
from streams.operations.explanation.why_not.proposals import Source
from streams.operations.explanation.why_not.words import MISSING, REFUSALS, VERDICTS, named

router = APIRouter()
ID_CHARS_MAX = 128
"""Of a session, a prompt or an item, as `streams.contract.events.fields` has it."""
FORM_BYTES_MAX = 4_000
OFFERED, IN_ITS_WAY = "would have offered", "what was in its way"
ELSEWHERE = "cross-site", "same-site"
NOT_WHOLE = "name a prompt, or a session and an item"


@router.get("/prompts/why")
async def why_page(request: Request, here: Here, prompt: str = "", session: str = "") -> Response:
    """Why a prompt was what it was."""
    asked = WhyAsked(_id(prompt), _id(session))
    if not asked.prompt_id:
        return RedirectResponse("/prompts", 303)
    lookup = looked_up(request, here, asked)
    told = lookup.answer if isinstance(lookup.answer, Why) else None
    seen = told.prompt if told is not None else _seen(here, asked.prompt_id)
    return rendered(
        request,
        "why.html",
        lookup=lookup,
        fields=fields(asked),
        prompt=seen,
        session=asked.session_id or (seen.session_id if seen else ""),
        told=told,
        tables=[] if told is None else behind_tables(told.prompt, told.behind),
        slots=PLACEMENTS,
    )


@router.get("/prompts/why-not")
async def why_not_page(
    request: Request, here: Here, session: str = "", item: str = "", slot: str = ""
) -> Response:
    """Why an item was not offered at the last decision of a session."""
    asked = WhyNotAsked(_id(session), _id(item), _slot(slot))
    whole = bool(asked.session_id and asked.item_id)
    lookup = looked_up(request, here, asked) if whole else None
    told = lookup.answer if lookup and isinstance(lookup.answer, WhyNot) else None
    return rendered(
        request,
        "why_not.html",
        lookup=lookup,
        fields=fields(asked),
        asked=asked,
        session=asked.session_id,
        told=told,
        verdict="" if told is None else verdict(told.told),
        refusals=() if told is None else [REFUSALS[one] for one in told.told.refusals],
        sources=None if told is None else sources_table(told.told.sources),
        slots=PLACEMENTS,
    )


@router.get("/api/prompts/why", response_model=None)
async def why_json(
    request: Request, here: Here, prompt: str = "", session: str = ""
) -> Response | dict[str, Any]:
    """As `goeswith why --json` in `why`, once it is told; `doing`: ask again."""
    asked = WhyAsked(_id(prompt), _id(session))
    if not asked.prompt_id:
        return JSONResponse({"reason": "query", "message": NOT_WHOLE}, 400)
    lookup = looked_up(request, here, asked)
    told = as_plain(lookup.answer) if isinstance(lookup.answer, Why) else None
    return progress_json(lookup) | {"why": told}


@router.get("/api/prompts/why-not", response_model=None)
async def why_not_json(
    request: Request, here: Here, session: str = "", item: str = "", slot: str = ""
) -> Response | dict[str, Any]:
    """As `goeswith why-not --json` in `why_not`, once it is told; `doing`: ask again."""
    asked = WhyNotAsked(_id(session), _id(item), _slot(slot))
    if not (asked.session_id and asked.item_id):
        return JSONResponse({"reason": "query", "message": NOT_WHOLE}, 400)
    lookup, told = looked_up(request, here, asked), None
    if isinstance(lookup.answer, WhyNot):
        told = why_not_as_plain(asked.session_id, lookup.answer)
    return progress_json(lookup) | {"why_not": told}


@router.post("/prompts/cancel")
async def cancelled(request: Request, here: Here) -> Response:
    """Look no further for what the form names, and go back to its page."""
    if not is_from_here(request):
        raise HTTPException(403, "This form came from another site, so nothing was cancelled")
    said = await form_of(request, FORM_BYTES_MAX)
    session, prompt, item = (_id(said.get(name, "")) for name in ("session", "prompt", "item"))
    question: Question = StoryAsked(session)
    path, query = "/prompts", {"session": session}
    if prompt:
        question, path = WhyAsked(prompt, session), "/prompts/why"
        query = {"prompt": prompt} | query
    elif item:
        slot = _slot(said.get("slot", ""))
        question, path = WhyNotAsked(session, item, slot), "/prompts/why-not"
        query |= {"item": item, "slot": slot or ""}
    here.sources.lookups.cancel(question)
    return RedirectResponse(f"{path}?{urlencode(query)}", 303)


def looked_up(request: Request, here: Console, question: Question) -> Lookup:
    """What is known of a question by now; `again` in the address has it looked up anew.

    No other site has anything looked up: a browser says where an address came from. Whoever has
    just shown a token in it comes from nowhere else: see `Door.has_entered`.
    """
    entered = getattr(request.state, "entered", False)
    if request.headers.get("sec-fetch-site") in ELSEWHERE and not entered:
        return here.sources.lookups.seen(question)
    renews = PART in request.headers
    again = "again" in request.query_params and not renews
    who = _who(request)
    return here.sources.lookups.ask(question, again=again, visitor=who, renews=renews)


def _who(request: Request) -> str:
    """Who asks: by the proxy's word, else by the address."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if visitor is not None and visitor.name:
        return f"named {visitor.name}"
    return f"from {request.client.host if request.client else ''}"


def progress_json(lookup: Lookup) -> dict[str, Any]:
    """How far a question is, for programs."""
    return {
        "doing": lookup.doing,
        "share": lookup.share,
        "ahead": lookup.ahead,
        "trouble": lookup.trouble,
        "at_s": lookup.at_s or None,
    }


def fields(question: Question) -> dict[str, str]:
    """What a form has to say to name a question again."""
    if isinstance(question, StoryAsked):
        return {"session": question.session_id}
    if isinstance(question, WhyAsked):
        return {"prompt": question.prompt_id, "session": question.session_id}
    slot = question.slot or ""
    return {"session": question.session_id, "item": question.item_id, "slot": slot}


def behind_tables(prompt: Prompt, found: Behind) -> list[tuple[str, Cells]]:
    """What stood behind a prompt: its items, the arms with the vector, what guards kept out."""
    names = "item", "rank", "met", "of", "beside", "lift", "score"
    items = Listing(*names, words=("beside",))
    for item, told in zip(prompt.items, found.items, strict=True):
        source = next((one for one in told.sources if one.arm == prompt.arm), None)
        counted, counts = item.evidence, source.counts if source else None
        items.add(
            named(item.item_id),
            _number(source.rank if source else None),
            _number(counted.together),
            _number(counted.of),
            named(counted.anchor) if counted.anchor else "",
            "" if counts is None else f"{counts.lift:.2f}",
            f"{item.score:.3g}",
        )
    arms = Listing("arm", "chance", "expected", OFFERED, words=(OFFERED,))
    for arm in found.arms:
        arms.add(*_arm(arm, prompt.arm))
    kept = Listing("item", IN_ITS_WAY, words=(IN_ITS_WAY,))
    for out in found.kept_out:
        kept.add(named(out.item_id), "; ".join(REFUSALS[one] for one in out.refusals))
    named_tables = (
        ("What it offered, and what was counted", items),
        ("Arms, their chances and their candidates", arms),
        ("Kept out by guards, of what arms would have offered first", kept),
    )
    return [(name, cells(one)) for name, one in named_tables]


def sources_table(sources: Sequence[Source]) -> Cells:
    """What each arm says of an item."""
    words = "beside", "says"
    told = Listing("arm", "chance", "rank", "met", "of", "beside", "lift", "says", words=words)
    for one in sources:
        counts = one.counts
        told.add(
            one.arm,
            _chance(one.propensity, drawable=one.drawable),
            _number(one.rank),
            *(("", "", "") if counts is None else _met(counts.together, counts.of, counts.anchor)),
            "" if counts is None else f"{counts.lift:.2f}",
            MISSING[one.missing] if one.missing else "proposes it",
        )
    return cells(told)


def verdict(told: Considered) -> str:
    """What became of an item, in a sentence."""
    beside = "" if told.anchor is None else f" beside {named(told.anchor)}"
    why = f" ({told.silence})" if told.silence and told.verdict == "silence" else ""
    return f"{named(told.item_id)} in {told.slot}{beside}: {VERDICTS[told.verdict]}{why}."


def _arm(arm: ArmAtDecision, drawn: str) -> tuple[str, ...]:
    return (
        f"{arm.arm}, drawn" if arm.arm == drawn else arm.arm,
        _chance(arm.propensity, drawable=arm.drawable),
        "" if arm.estimate is None else f"{arm.estimate:.3g}",
        ", ".join(map(_candidate, arm.candidates)) or "nothing",
    )


def _candidate(one: Candidate) -> str:
    counted = f" ({one.together:,} of {one.of:,})" if one.of else ""
    return f"{named(one.item)}{counted}"


def _chance(propensity: float | None, *, drawable: bool) -> str:
    if not drawable:
        return "held back"
    return "" if propensity is None else f"{propensity:.2f}"


def _met(together: int, of: int, anchor: str) -> tuple[str, str, str]:
    return _number(together), _number(of), named(anchor)


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _seen(here: Console, prompt_id: str) -> Prompt | None:
    """The prompt, if it is one of the newest."""
    seen = here.sources.prompts.reading.value
    newest = () if seen is None else seen.newest
    return next((one.prompt for one in newest if one.prompt.prompt_id == prompt_id), None)


def _id(said: str) -> str:
    return said.strip()[:ID_CHARS_MAX]


def _slot(said: str) -> Placement | None:
    """A slot by its name; anything else: whichever comes."""
    return next((one for one in PLACEMENTS if one == said.strip()), None)
