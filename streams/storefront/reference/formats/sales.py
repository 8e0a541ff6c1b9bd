"""Sale prices that hold for a while: before and after, the price is the regular one."""

from streams.storefront.intake.values.money import currency_code, exact_amount
from streams.storefront.intake.values.times import milliseconds
from streams.storefront.reference.formats.drafts import no_amount

DATE_CHARS = len("2026-01-01")
DAY_MS = 86_400_000


def on_sale(begins: str, ends: str, now_ms: int | None) -> bool:
    """Whether a sale price holds now; one without dates always does, and all do without a now.

    A date without a time is of the whole day, by UTC. Raises `ValueError` for what is no date.

    >>> new_year_ms = 1_767_225_600_000
    >>> on_sale("", "", new_year_ms), on_sale("2026-01-02", "", new_year_ms)
    (True, False)
    >>> on_sale("2025-12-24", "2026-01-01", new_year_ms), on_sale("", "2025-12-31", new_year_ms)
    (True, False)
    """
    from_ms, until_ms = _at(begins), _at(ends)
    if until_ms is not None and len(ends) == DATE_CHARS:
        until_ms += DAY_MS
    if now_ms is None:
        return True
    return (from_ms is None or from_ms <= now_ms) and (until_ms is None or now_ms < until_ms)


def lower(regular: str, sale: str, currency: str) -> tuple[str, bool]:
    """The lower one of two prices, and whether the sale price is the dearer one: a slip.

    Raises `ValueError` for a regular price that is no amount: nobody can tell then. What is wrong
    with the currency, or with the sale price, is told where the price is read.

    >>> lower("5.00", "4.00", "EUR"), lower("5.00", "6.00", "EUR"), lower("", "6.00", "EUR")
    (('4.00', False), ('5.00', True), ('6.00', False))
    """
    code = currency_code(currency)
    if not regular or code is None:
        return sale, False
    before, now = exact_amount(regular, code), exact_amount(sale, code)
    if before is None:
        raise ValueError(no_amount("price", regular, code))
    is_dearer = now is not None and now > before
    return (regular if is_dearer else sale), is_dearer


def _at(said: str) -> int | None:
    at_ms = milliseconds(said) if said else None
    if said and at_ms is None:
        raise ValueError(f"{said[:40]!r} is no date of a sale: 2026-01-31, perhaps with a time")
    return at_ms
