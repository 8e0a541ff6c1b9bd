"""Message files: one a language, in the format of GNU gettext (`po/de.po`), read through Babel.

Translators have tools for it; `msgctxt` is the key, `msgid` the English text, which is what stands
there where a translation is missing. Four kinds of messages:

- reasons, by their key: for the shopper; `{anchor}` is the item that speaks for what is offered;
- `evidence/…`: what was counted, `{together}` of `{of}`, with the plural forms that `{of}` needs;
- `points/…`: of loyalty points, `{points}` of them, of a `{tier}` and an `{amount}` of money;
- `staff/…`: what shop staff may say to a shopper, of `{item}`, which is offered, and `{anchor}`:
  by the reason, or of an offer such as free shipping.

A file is read once, on first use (milliseconds); nothing is looked up in it while a prompt is made.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from gettext import c2py
from importlib.resources import files
from typing import NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from streams.shop.decision.languages.directions import ANCHOR, RIGHT_TO_LEFT, isolated

LANGUAGES = ("en", "de", "fr", "es", "ar", "ur", "fa", "hi", "bn", "si")
"""The first one is spoken where no other fits."""
FALLBACK = LANGUAGES[0]
FOLDER = files("streams.shop.decision.languages") / "po"
EVIDENCE, POINTS, STAFF = "evidence/", "points/", "staff/"


class MessageFile(NamedTuple):
    """All messages of a language; English ones where it has none."""

    reasons: dict[str, str]
    """Key -> template. Where text runs from right to left, the anchor's place is isolated."""
    evidence: Mapping[str, tuple[str, ...]]
    """What was counted -> a template for each plural form."""
    points: Mapping[str, tuple[str, ...]]
    """What is said of points -> a template for each plural form, or one where they are alike."""
    staff: Mapping[str, str]
    """What speaks for the item -> template."""
    plural_of: Callable[[int], int]
    """Number -> which of the plural forms it needs."""
    locale: Locale
    """How numbers are written (CLDR)."""


class Reasons(Mapping[str, dict[str, str]]):
    """Language -> key -> template, of every language; a file is read when it is asked for.

    >>> Reasons()["de"]["popular"]
    'Gerade beliebt'
    """

    def __getitem__(self, language: str) -> dict[str, str]:
        return messages_in(language).reasons

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


@cache
def messages_in(language: str) -> MessageFile:
    """The messages of one of `LANGUAGES`; raises `KeyError` for any other.

    >>> arabic = messages_in("ar")
    >>> [arabic.plural_of(number) for number in (0, 1, 2, 3, 11, 100)]
    [0, 1, 2, 3, 4, 5]
    >>> arabic.evidence["baskets"][3]
    'في {together} من {of} سلال'
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    return messages_of(language, read(language))


def messages_of(language: str, told: Catalog) -> MessageFile:
    """The messages of a file in this language; where it lacks one, the English one."""
    plural_of: Callable[[int], int] = c2py(told.plural_expr)
    reasons, counted, staff = _sorted_out(told)
    if language != FALLBACK:
        english = messages_in(FALLBACK)
        reasons, staff = {**english.reasons, **reasons}, {**english.staff, **staff}
        # Plural forms are a language's own: what is missing has English ones, as English counts.
        forms = [int(english.plural_of(number)) for number in _examples(plural_of)]
        for key, texts in _counted(english).items():
            own = texts if len(texts) == 1 else tuple(texts[form] for form in forms)
            counted.setdefault(key, own)
    if language in RIGHT_TO_LEFT:
        reasons = {key: text.replace(ANCHOR, isolated(ANCHOR)) for key, text in reasons.items()}
    evidence, points = _with_prefix(counted, EVIDENCE), _with_prefix(counted, POINTS)
    return MessageFile(reasons, evidence, points, staff, plural_of, Locale.parse(language))


def read(language: str) -> Catalog:
    """A message file as it is; raises `ValueError` where it is none."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _sorted_out(
    told: Catalog,
) -> tuple[dict[str, str], dict[str, tuple[str, ...]], dict[str, str]]:
    """Reasons, what counts (by its whole key), staff's sentences, as far as they are translated."""
    reasons, counted, staff = dict[str, str](), dict[str, tuple[str, ...]](), dict[str, str]()
    for message in told:
        key, text = message.context, message.string
        if key is None or not text or message.fuzzy:
            continue
        if isinstance(text, tuple | list):
            if all(text):
                counted[key] = tuple(text)
        elif key.startswith(POINTS):
            counted[key] = (text,)
        elif key.startswith(STAFF):
            staff[key.removeprefix(STAFF)] = text
        else:
            reasons[key] = text
    return reasons, counted, staff


def _counted(messages: MessageFile) -> dict[str, tuple[str, ...]]:
    """What counts of these messages, by its whole key."""
    evidence = {f"{EVIDENCE}{kind}": texts for kind, texts in messages.evidence.items()}
    return evidence | {f"{POINTS}{kind}": texts for kind, texts in messages.points.items()}


def _with_prefix(counted: Mapping[str, tuple[str, ...]], prefix: str) -> dict[str, tuple[str, ...]]:
    """Those whose keys begin so, by the rest of these."""
    return {
        key.removeprefix(prefix): texts for key, texts in counted.items() if key.startswith(prefix)
    }


def _examples(plural_of: Callable[[int], int]) -> list[int]:
    """The least number of each plural form, in the order of the forms.

    Nothing is counted in no cases at all: 0 stands only for a form that no other number has.
    """
    least = dict[int, int]()
    for number in (*range(1, 1000), 0):
        least.setdefault(plural_of(number), number)
    return [least[form] for form in sorted(least)]
