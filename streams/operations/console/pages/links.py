"""Text of ours on a page: commands stand in code, ids lead on, and all of it is escaped."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from streams.operations.console.pages.words import visible

NOWHERE: Mapping[str, str] = MappingProxyType({})
CODE = re.compile(r"`([^`]+)`")


def why_href(prompt_id: str, session_id: str) -> str:
    """Where a page tells why a prompt was what it was.

    >>> why_href("p 1", "s&1")
    '/prompts/why?prompt=p+1&session=s%261'
    """
    return f"/prompts/why?{urlencode({'prompt': prompt_id, 'session': session_id})}"


def marked(text: str, hrefs: Mapping[str, str] = NOWHERE) -> Markup:
    """A line; what stands between backticks is code, and these words lead somewhere.

    >>> str(marked("see `goeswith lag` & <b>"))
    'see <code>goeswith lag</code> &amp; &lt;b&gt;'
    >>> str(marked("added of p1, p12", {"p1": "/p1"}))
    'added of <a href="/p1">p1</a>, p12'
    """
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else _linked(part, hrefs)
        for at, part in enumerate(CODE.split(visible(text)))
    )


def breakable(key: str) -> Markup:
    """The key of a control, which may be broken after its points, and nowhere else.

    >>> str(breakable("arms.popular.state"))
    'arms.<wbr>popular.<wbr>state'
    """
    return Markup(".<wbr>").join(visible(key).split("."))


def shown(value: Any) -> Any:
    """What a page says of a value: of a text what can be seen."""
    return visible(value) if type(value) is str else value


def verbatim(text: str) -> Markup:
    """A text as it is, in a field of a form: it is sent back."""
    return escape(text)


def _linked(text: str, hrefs: Mapping[str, str]) -> Markup:
    words = re.split(r"([\s,:;()]+)", text)
    return Markup().join(
        Markup('<a href="{}">{}</a>').format(hrefs[word], word) if word in hrefs else word
        for word in words
    )
