"""Text that runs from right to left, and names of the other direction inside a sentence.

An id or a title that runs the other way than its sentence drags the words beside it along, unless
it is isolated (Unicode Standard Annex 9, "Explicit Directional Isolates"). Browsers have `<bdi>`
for that; plain text has two characters, which are invisible.
"""

import re

ANCHOR, ITEM = "{anchor}", "{item}"
"""Where a template names the item that asked, and the one that is offered."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "ur"})
"""Languages that run from right to left."""
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
DIRECTING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn what follows around (embeddings, overrides, isolates), as a name may hold
them that means harm: `moc.rekna` would be read as another word."""
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What no text for people has: NUL ends it early, or makes a database refuse it."""
RUNS_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Letters that run from right to left, by Unicode's blocks for them."""


def isolated(text: str) -> str:
    r"""A text that turns nothing around it, and is turned by nothing.

    >>> isolated("SKU-1").encode("unicode_escape")
    b'\\u2068SKU-1\\u2069'
    """
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def harmless(name: str) -> str:
    r"""An id or a title as text: nothing that ends a text, or turns it around.

    >>> harmless("br\0ead"), harmless("txt.\u202egpj")
    ('br�ead', 'txt.gpj')
    """
    if name.isprintable():
        return name
    return UNPRINTABLE.sub("\ufffd", DIRECTING.sub("", name))


def put(template: str, place: str, name: str) -> str:
    """A template with a name in a place of it, isolated if it runs the other way.

    Where the template isolates the place by itself, the name is not isolated twice. A name of
    letters that run from left to right stands in a sentence that does as it is.
    """
    if place not in template:
        return template
    name = harmless(name)
    if not name.isascii() and isolated(place) not in template and RUNS_LEFT.search(name):
        name = isolated(name)
    return template.replace(place, name)
