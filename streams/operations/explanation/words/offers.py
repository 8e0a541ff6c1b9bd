"""What a prompt's items bring besides, in words: free shipping, a bundle, points."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from streams.cli.printable import printable
from streams.contract.events.currencies import decimals
from streams.contract.wire.shop.offers import BundleOffer, LoyaltyOffer, Offer

NAME_COLUMNS = 40


def offer_in_words(offer: Offer, items: Sequence[str]) -> str:
    """An offer, of a prompt with these items, in a line.

    >>> from streams.contract.wire.shop.offers import FreeShippingOffer
    >>> said = {"missing_minor": 2000, "threshold_minor": 5000, "currency": "EUR"}
    >>> offer_in_words(FreeShippingOffer(**said), ["jam"])
    'free shipping from 50.00 EUR on, of which 20.00 EUR are missing'
    """
    if isinstance(offer, LoyaltyOffer):
        return "; ".join(_points(offer, items))
    if isinstance(offer, BundleOffer):
        of = ", ".join(map(_named, offer.bundle_items))
        price = _amount(offer.price_minor, offer.currency)
        less = _amount(offer.discount_minor, offer.currency)
        return f"bundle {_named(offer.bundle)} of {of}: {price}, together {less} less"
    threshold = _amount(offer.threshold_minor, offer.currency)
    missing = _amount(offer.missing_minor, offer.currency)
    return f"free shipping from {threshold} on, of which {missing} are missing"


def _points(offer: LoyaltyOffer, items: Sequence[str]) -> Iterator[str]:
    """What each item brings, what the shopper has, what they lack, what it pays: what is known."""
    told = zip(items, offer.points, strict=False)
    brings = ", ".join(f"{points:,} for {_named(item)}" for item, points in told)
    yield f"points of tier {_named(offer.tier)}: {brings}"
    if offer.balance is not None:
        worth = ""
        if offer.worth_minor is not None and offer.currency is not None:
            worth = f", worth {_amount(offer.worth_minor, offer.currency)}"
        yield f"balance {offer.balance:,}{worth}"
    if offer.next_tier is not None and offer.missing_points is not None:
        by = [item for item, does in zip(items, offer.reaches or (), strict=False) if does]
        reached = f"reached by {', '.join(map(_named, by))}" if by else "reached by no item alone"
        yield f"{offer.missing_points:,} more to tier {_named(offer.next_tier)}, {reached}"


def _named(name: str) -> str:
    return printable(name, NAME_COLUMNS)


def _amount(minor: int, currency: str) -> str:
    """An amount in whole units, with as many decimals as its currency has."""
    places = decimals(currency)
    if places is None:
        return f"{minor:,} minor units of {printable(currency, 10)}"
    return f"{Decimal(minor).scaleb(-places):,} {currency}"
