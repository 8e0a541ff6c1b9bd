"""Product files of tests, as they are read."""

from pathlib import Path
from typing import Any

from streams.contract.events.reference.catalog import CatalogItem
from streams.storefront.reference.formats.drafts import Options, Problem
from streams.storefront.reference.reading import CatalogFile, Found


def read(
    folder: Path, text: str | bytes, **options: Any
) -> tuple[dict[str, CatalogItem], list[Problem]]:
    """The items of a file by id, and what is wrong with it."""
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    name = options.pop("format_name", None)
    found = [*CatalogFile(path, Options(**{"currency": "EUR", **options}), name).read()]
    return (
        {one.item.item_id: one.item for one in found if isinstance(one, Found)},
        [one for one in found if isinstance(one, Problem)],
    )


def there(items: dict[str, CatalogItem]) -> set[str]:
    """Those that may be offered."""
    return {name for name, one in items.items() if one.in_stock and not one.hidden}
