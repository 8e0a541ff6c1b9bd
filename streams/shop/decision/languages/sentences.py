"""Sentences beside a reason: what was counted, and what shop staff may say.

They are made for who asks for them (`reason_evidence`, `goeswith feed staff`), not for each prompt.
Numbers are written as CLDR has it for the language, through Babel.
"""

from functools import lru_cache

from babel.numbers import format_decimal

from streams.shop.decision.languages.directions import ANCHOR, ITEM, RIGHT_TO_LEFT, isolated, put
from streams.shop.decision.languages.message_files import MessageFile, messages_in

COUNTED = {
    "bought_together": "baskets",
    "viewed_together": "visits",
    "buy_again": "purchases",
    "popular": "items",
    "accessories": "baskets",
    "bundle": "baskets",
    "curated/merchant": "baskets",
    "curated/editors": "baskets",
    "curated/community": "baskets",
    "bought_together_several": "baskets",
    "viewed_together_several": "visits",
    "accessories_several": "baskets",
    "curated_several": "baskets",
    "best_fit/knn": "visits",
    "best_fit/together": "visits",
    "best_fit/next": "visits",
    "best_fit/own": "purchases",
    "best_fit/popular": "visits",
    "best_fit/session": "visits",
    "best_fit/category": "visits",
}
"""Key of a reason -> what its evidence is counted in. A key that is not here says no numbers."""
SAID_BY_STAFF = {
    "bought_together": "together",
    "viewed_together": "viewed",
    "buy_again": "before",
    "popular": "popular",
    "bought_together_several": "together",
    "viewed_together_several": "viewed",
    "best_fit/knn": "similar",
    "best_fit/together": "together",
    "best_fit/next": "next",
    "best_fit/own": "before",
    "best_fit/popular": "popular",
    "best_fit/session": "seen",
    "best_fit/category": "category",
    "upgrade": "upgrade",
    "top_up": "suggested",
    "bundle": "suggested",
    "loyalty": "suggested",
    "suggested": "suggested",
}
"""Key of a reason -> which of staff's sentences tells it; `any` says that both go together.

What was chosen for its price, or for its points, is suggested: nobody has counted that it goes
with anything; as is what one of several sources chose, if a prompt does not say which. What it is
offered with has sentences of its own (`OF_OFFERS`).
"""
OF_OFFERS = frozenset({"top_up", "top_up_part", "bundle", "loyalty"})
"""Staff's sentences of free shipping that an item reaches or comes closer to, bundle and points."""

DIGITS = {
    name: str.maketrans("0123456789", "".join(chr(zero + n) for n in range(10)))
    for name, zero in (("arab", 0x660), ("arabext", 0x6F0), ("beng", 0x9E6), ("deva", 0x966))
}
"""Numbering system (CLDR) -> its digits; others have the European ones."""


@lru_cache(maxsize=4096)  # some microseconds each: numbers are written by CLDR's patterns
def evidence_sentence(key: str, language: str, *, together: int, of: int) -> str | None:
    """What was counted, in numbers; None where nothing was, or nothing is to be said of it.

    >>> evidence_sentence("bought_together", "en", together=41, of=57)
    'In 41 of 57 baskets'
    >>> evidence_sentence("bought_together", "bn", together=41, of=57)
    '৫৭টি ঝুড়ির মধ্যে ৪১টিতে'
    """
    kind = COUNTED.get(key)
    if kind is None or not 0 < together <= of:
        return None
    messages = messages_in(language)
    template = messages.evidence[kind][messages.plural_of(of)]
    said = template.replace("{together}", written(together, messages))
    return said.replace("{of}", written(of, messages))


def staff_sentence(key: str, language: str, *, anchor: str, item: str) -> str:
    """What shop staff may say to a shopper: one sentence with the titles of both items.

    >>> staff_sentence("bought_together", "en", anchor="bread", item="butter")
    'Who buys bread often takes butter, too.'
    >>> staff_sentence("curated", "de", anchor="Brot", item="Butter")
    'Butter passt gut zu Brot.'
    """
    return said_by_staff(SAID_BY_STAFF.get(key, "any"), language, anchor=anchor, item=item)


def said_by_staff(kind: str, language: str, *, anchor: str, item: str) -> str:
    """One of staff's sentences, with the titles of both items as far as it names them.

    >>> said_by_staff("top_up", "de", anchor="Brot", item="Butter")
    'Mit Butter ist der Versand frei.'
    """
    template = messages_in(language).staff[kind]
    item_place = ITEM
    if language in RIGHT_TO_LEFT:
        item_place = isolated(ITEM)
        for place in (ANCHOR, ITEM):
            template = template.replace(place, isolated(place))
    before, _, after = template.partition(item_place)  # a title may hold what looks like a place
    parts = (put(part, ANCHOR, anchor) for part in (before, after))
    return put(item_place, ITEM, item).join(parts)


def written(number: int, messages: MessageFile) -> str:
    """A number as the language writes it."""
    said = format_decimal(number, locale=messages.locale, numbering_system="default")
    return in_own_digits(said, messages)


def in_own_digits(said: str, messages: MessageFile) -> str:
    """The same in the language's digits: Babel groups and leaves them European."""
    digits = DIGITS.get(messages.locale.default_numbering_system)
    return said.translate(digits) if digits else said
