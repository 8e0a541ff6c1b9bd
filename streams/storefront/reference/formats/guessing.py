"""Which format a file has, by its header."""

from collections.abc import Collection

from streams.contract.errors import FileUnusable
from streams.storefront.reference.formats import google, own, shopify, woocommerce
from streams.storefront.reference.formats.drafts import Format

FORMATS = (*own.FORMATS, *shopify.FORMATS, *woocommerce.FORMATS, *google.FORMATS)
NAMES = tuple(dict.fromkeys(one.name for one in FORMATS))


def guessed(header: Collection[str], name: str | None = None) -> Format:
    """The format that has these columns; or the one of this name. Raises `FileUnusable`.

    >>> guessed(["id", "title", "availability", "price"]).name
    'google'
    """
    fitting = [
        one for one in FORMATS if one.name == name or (not name and one.columns <= {*header})
    ]
    if not fitting:
        needs = "; ".join(f"{one.name}: {', '.join(sorted(one.columns))}" for one in FORMATS)
        raise FileUnusable(f"its header is of no format that is known; they have: {needs}")
    return max(fitting, key=lambda one: one.columns <= {*header})
