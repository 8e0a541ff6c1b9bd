"""Messages of prompts (localisation): a key to translate by, and a text in a few languages.

Storefronts with their own texts use the key and the evidence; the text is for those without. The
texts are in `streams.shop.decision.languages`, a file each.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from streams.contract.errors import Misconfigured
from streams.shop.decision.languages.directions import ANCHOR, RIGHT_TO_LEFT, put
from streams.shop.decision.languages.message_files import FALLBACK, LANGUAGES, Reasons
from streams.shop.decision.languages.sentences import evidence_sentence

TEXTS: Mapping[str, dict[str, str]] = Reasons()
"""Language -> key -> template."""
SUGGESTED = "suggested"
"""What is true of whatever is offered: of items of which one thing speaks for one, and another for
another."""
OF_SEVERAL: Mapping[str, str] = {
    "bought_together": "bought_together_several",
    "viewed_together": "viewed_together_several",
    "accessories": "accessories_several",
    "curated": "curated_several",
}
"""Key of a text that names an anchor, or an arm of several sources -> the key of one that names
none: it is said where not the same anchor, or not the same source, speaks for each item."""


def texts_for(
    arms: Iterable[str], texts: Mapping[str, Mapping[str, str]] = TEXTS
) -> Mapping[str, Mapping[str, str]]:
    """These texts, where each language has all that is said of these arms; all files are read.

    An arm has one under its own name, or `arm/source`: what it offers of no source is suggested.
    Raises `Misconfigured` where there is none: at start, and not when an arm is drawn. Files of
    other languages have the English one there.

    >>> texts_for(["popular", "curated"])["de"]["popular"]
    'Gerade beliebt'
    """
    arms, read = [*arms], {**texts}
    keys = (*read[FALLBACK], *OF_SEVERAL.values(), SUGGESTED)
    for language, said in read.items():
        named = {key.partition("/")[0] for key in said}
        lacks = [arm for arm in arms if arm not in named]
        lacks += [key for key in keys if key not in said]
        if lacks:
            raise Misconfigured(
                f"there is no text for {lacks[0]!r} in {language!r}: write it into "
                f"streams/shop/decision/languages/po/{language}.po"
            )
    bare = [arm for arm in arms if arm not in read[FALLBACK]]  # which sources it has nobody knows
    return {of: {**said, **dict.fromkeys(bare, said[SUGGESTED])} for of, said in read.items()}


def reason(
    key: str,
    *,
    anchor: str,
    locale: str | None,
    texts: Mapping[str, Mapping[str, str]] = TEXTS,
    counted: tuple[int, int] | None = None,
) -> dict[str, str]:
    """The fields of a `Reason` in the language of a locale, or else in English.

    A shop puts the anchor's title where the template has `{anchor}`: only it knows titles. With
    `counted` (in how many cases together, of how many) a sentence says so, if there is one.

    >>> reason("bought_together", anchor="bread", locale="de-AT")["text"]
    'Wird oft zusammen mit bread gekauft'
    >>> reason("bought_together", anchor="bread", locale="de_DE")["template"]
    'Wird oft zusammen mit {anchor} gekauft'
    >>> reason("popular", anchor="bread", locale=None)["text"]
    'Popular right now'
    >>> reason("popular", anchor="bread", locale="fa-IR")["direction"]
    'rtl'
    """
    spoken = language(locale)
    if spoken not in texts:
        spoken = FALLBACK
    template = texts[spoken][key]
    said = {"key": key, "text": template, "template": template}
    if ANCHOR in template:
        said["text"] = put(template, ANCHOR, anchor)
        said["anchor"] = anchor
    if spoken in RIGHT_TO_LEFT:
        said["direction"] = "rtl"
    if counted is not None:
        together, of = counted
        if sentence := evidence_sentence(key, spoken, together=together, of=of):
            said["evidence_text"] = sentence
    return said


@lru_cache(maxsize=256)
def language(locale: str | None) -> str:
    """The language of a locale: what stands before the first hyphen or underscore.

    >>> language("pl-PL"), language("de_DE"), language(None)
    ('pl', 'de', 'en')
    """
    return (locale or "en").replace("_", "-").partition("-")[0].lower()


def spoken_in(locale: str | None) -> str:
    """The language that a locale is answered in: its own, or English.

    >>> spoken_in("ur-PK"), spoken_in("pl-PL"), spoken_in(None)
    ('ur', 'en', 'en')
    """
    found = language(locale)
    return found if found in LANGUAGES else FALLBACK
