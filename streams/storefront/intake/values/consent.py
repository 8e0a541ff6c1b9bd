"""Consent: whether a shopper's history may be used, in the words of each source.

One denial is enough for a no. A yes needs all that is asked for. What is not said is None: then
`GOESWITH_CONSENT_DEFAULT` decides, as for our own events.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streams.contract.events.fields import DENIALS
from streams.storefront.intake.values.looking import at

YES = frozenset({"granted", "yes", "true", "1", "on"})
GA4_YES = ("ad_personalization", "personalization_storage")
"""What a yes has to be said of; storage for statistics is not enough."""
GA4_ANY = ("analytics_storage", "ad_storage", "ad_user_data", *GA4_YES)


def answer(value: Any) -> bool | None:
    """A yes or a no in any of the usual words; None: it is neither.

    >>> answer("GRANTED"), answer(False), answer("Unset")
    (True, False, None)
    """
    said = str(value).strip().lower() if isinstance(value, str | bool | int) else ""
    return True if said in YES else False if said in DENIALS else None


def every(answers: Iterable[bool | None]) -> bool | None:
    """All of these together: one no is a no, one that is missing is nothing.

    >>> every([True, None]), every([True, False]), every([True]), every([])
    (None, False, True, None)
    """
    said = list(answers)
    if False in said:
        return False
    return True if said and None not in said else None


def of_google(said: Any) -> bool | None:
    """Google's consent mode: `{"ad_personalization": "GRANTED", …}`.

    >>> of_google({"ad_personalization": "GRANTED"}), of_google({"ad_user_data": "DENIED"})
    (True, False)
    >>> of_google({"analytics_storage": "granted"}) is None
    True
    """
    answers = {name: answer(at(said, name)) for name in GA4_ANY}
    if False in answers.values():
        return False
    return True if any(answers[name] for name in GA4_YES) else None


def consented(before: Mapping[str, Any], verb: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What gtag's consent is after another command: an `update` counts, whatever was before.

    A `default` takes no denial back: another one may be meant for other regions.

    >>> no, yes = {"ad_storage": "denied"}, {"ad_storage": "granted"}
    >>> consented(no, "default", yes), consented(no, "update", yes)
    ({'ad_storage': 'denied'}, {'ad_storage': 'granted'})
    """
    kept = before if verb != "update" else {}
    denied = {name: value for name, value in kept.items() if answer(value) is False}
    return {**before, **said, **denied}


def of_categories(said: Any, listed: str) -> bool | None:
    """Segment's `context.consent.categoryPreferences`; `listed`: those that count.

    >>> of_categories({"Advertising": False, "Analytics": True}, ""), of_categories({}, "")
    (False, None)
    >>> of_categories({"Advertising": False, "Analytics": True}, "Analytics")
    True
    """
    said = said if isinstance(said, Mapping) else {}
    names = [name.strip() for name in listed.split(",") if name.strip()] or list(said)
    return every(answer(said.get(name)) for name in names)
