"""Sentences of loyalty points: what is missing to the next tier, and what a balance is worth.

Numbers and amounts are written as CLDR has it for the language, through Babel. A tier is called as
the programme calls it: it is a name, and isolated where the sentence runs the other way.
"""

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency

from streams.contract.events.currencies import decimals
from streams.shop.decision.languages.directions import RIGHT_TO_LEFT, isolated, put
from streams.shop.decision.languages.message_files import messages_in
from streams.shop.decision.languages.sentences import in_own_digits, written

TIER, POINTS, AMOUNT = "{tier}", "{points}", "{amount}"
"""Where a template names the tier, a number of points, and what they pay."""


def tier_sentence(language: str, *, tier: str, missing: int, reached: bool) -> str:
    """How far the next tier is; `reached`: what is offered brings all that is missing.

    >>> tier_sentence("en", tier="gold", missing=80, reached=False)
    'You need 80 more points to reach gold'
    >>> tier_sentence("de", tier="gold", missing=1, reached=False)
    'Noch 1 Punkt bis gold'
    >>> tier_sentence("en", tier="gold", missing=80, reached=True)
    'With this you reach gold'
    """
    said = _counted(language, "reaches" if reached else "missing", missing)
    return put(said, TIER, tier)


@lru_cache(maxsize=4096)  # some microseconds each, as numbers are
def worth_sentence(language: str, *, points: int, worth_minor: int, currency: str) -> str | None:
    """What so many points pay; None: of a currency without minor units nobody can say it.

    >>> worth_sentence("en", points=500, worth_minor=500, currency="EUR")
    'Your 500 points are worth €5.00'
    >>> worth_sentence("si", points=1_500, worth_minor=1_500, currency="XAU") is None
    True
    """
    places = decimals(currency)
    if places is None:
        return None
    amount = format_currency(
        Decimal(worth_minor).scaleb(-places),
        currency,
        locale=messages_in(language).locale,
        numbering_system="default",
        decimal_quantization=False,  # CLDR shows fewer decimals of some: none is rounded up
    )
    said = _counted(language, "worth", points)
    return put(said, AMOUNT, in_own_digits(amount, messages_in(language)))


def _counted(language: str, kind: str, points: int) -> str:
    """The template of so many points, with their number."""
    messages = messages_in(language)
    forms = messages.points[kind]
    template = forms[messages.plural_of(points)] if len(forms) > 1 else forms[0]
    if language in RIGHT_TO_LEFT:
        for place in (TIER, AMOUNT):
            template = template.replace(place, isolated(place))
    return template.replace(POINTS, written(points, messages))
