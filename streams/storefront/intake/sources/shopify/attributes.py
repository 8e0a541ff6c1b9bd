"""Attributes of a cart: what a shop's theme writes there, its checkouts, orders and webhooks have.

That is how a webhook knows of which visit it is: the theme writes the session there.
"""

from typing import Any

from streams.storefront.intake.values.looking import at, first, rows

SESSION = "goeswith_session"
CONSENT = "goeswith_consent"


def attribute(attributes: Any, name: str) -> Any:
    """The value of an attribute, with or without the underscore that hides it from shoppers.

    >>> attribute([{"name": "_goeswith_session", "value": "s-7"}], "goeswith_session")
    's-7'
    >>> attribute({"goeswith_session": "s-7"}, "goeswith_session")
    's-7'
    """
    names = (name, f"_{name}")
    if found := first(attributes, *names):
        return found
    named = (one for _, one in rows(attributes) if first(one, "name", "key") in names)
    return next((at(one, "value") for one in named), None)
