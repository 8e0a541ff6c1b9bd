"""Pictures of a sample shop's items: drawn here, nothing is loaded from elsewhere."""

from streams.lab.demo.shops.assortment import Assortment

SPREAD = 24
"""Degrees by which items of one shelf differ in colour."""
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">
<stop offset="0" stop-color="hsl({hue} 62% {light}%)"/>
<stop offset="1" stop-color="hsl({turned} 55% {dark}%)"/></linearGradient></defs>
<rect width="96" height="96" fill="url(#g)"/>
<circle cx="{x}" cy="{y}" r="34" fill="#fff" fill-opacity=".14"/>
<g transform="translate(24 24) scale(2)" fill="none" stroke="#fff" stroke-width="1.6"
 stroke-linecap="round" stroke-linejoin="round"><path d="{icon}"/></g></svg>
"""


def picture(shop: Assortment, item_id: str) -> str:
    """An item's picture, as SVG: the icon of its shelf, in a shade of its own.

    Raises `KeyError` for what the shop does not have.

    >>> from streams.lab.demo.shops.assortment import GROCERY
    >>> picture(GROCERY, "bread") != picture(GROCERY, "bagels")
    True
    """
    category = shop.categories[shop.items[item_id].category]
    shelf = [
        item.item_id
        for item in shop.items.values()
        if item.category == shop.items[item_id].category
    ]
    place = shelf.index(item_id)
    hue = (category.hue + SPREAD * place / max(1, len(shelf) - 1) - SPREAD / 2) % 360
    return PICTURE.format(
        hue=round(hue),
        turned=round(hue + 30) % 360,
        light=52 - 4 * (place % 3),
        dark=36 - 3 * (place % 4),
        x=20 + 14 * (place % 5),
        y=24 + 12 * (place % 4),
        icon=category.icon,
    )
