"""What was said of items is queued by item, and looked at by and by; nothing is lost of it."""

from typing import Any

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.worker.answering.living_prompts import LivingPrompt
from streams.worker.answering.pointless_prompts import LOOKS_MAX, PointlessPrompts

MANY = LOOKS_MAX + 5


class Rack:
    """A catalogue, and so many living prompts that all offer bread and an item of their own."""

    def __init__(self, prompts: int, partition: int = 0) -> None:
        self.catalog, self.now_ms = Catalog(), 1_000
        self.pointless = PointlessPrompts(Settings(withdrawals_per_s_max=1_000_000), self.catalog)
        self.offered = [
            LivingPrompt(f"p{number}", f"s{number}", partition, 120_000, ("bread", f"i{number}"))
            for number in range(prompts)
        ]
        self.pointless.published(self.offered)

    def sells(self, item_id: str, **fields: Any) -> None:
        """The catalogue says something of an item, and that is heard."""
        assert self.catalog.put(CatalogItem(item_id=item_id, **fields))
        self.pointless.heard(item_id)

    def due(self, ours: int = 0) -> list[str]:
        """The ids of what is taken back at the next look."""
        self.now_ms += 100
        return [gone.prompt_id for _, gone in self.pointless.due({ours}, self.now_ms)]


def test_an_item_waits_once_however_often_it_is_said_and_however_many_prompts_offer_it() -> None:
    """A feed that repeats itself costs no more than one that does not."""
    rack = Rack(prompts=1_000)
    for _ in range(100):
        rack.sells("bread")
    rack.sells("nobody-was-offered-it", in_stock=False)
    assert 1 == rack.pointless.waiting

    rack.sells("i7")
    assert 2 == rack.pointless.waiting
    for _ in range(100):
        rack.pointless.heard(None)
        rack.sells("i7")
    assert 1 == rack.pointless.waiting


def test_what_is_said_while_its_prompts_are_looked_at_counts_for_all_of_them() -> None:
    """Also for those that were looked at already."""
    rack = Rack(MANY)
    rack.sells("bread")
    assert [] == rack.due()
    rack.sells("bread", in_stock=False)

    taken = {one for _ in range(3) for one in rack.due()}
    assert {one.prompt_id for one in rack.offered} == taken
    assert 0 == rack.pointless.waiting


def test_what_is_said_of_an_item_while_any_is_looked_at_counts_too() -> None:
    """Its prompt was looked at before that was said."""
    rack = Rack(MANY)
    rack.pointless.heard(None)
    assert [] == rack.due()
    rack.sells("i0", in_stock=False)

    assert ["p0"] == [one for _ in range(3) for one in rack.due()]


def test_items_whose_prompts_are_gone_meanwhile_are_bounded_work_too() -> None:
    """Each counts as a look."""
    rack = Rack(MANY)
    for one in rack.offered:
        rack.sells(one.items[1], in_stock=False)
        rack.pointless.living.drop(one.prompt_id)

    assert ([], 5) == (rack.due(), rack.pointless.waiting)


def test_what_is_found_of_another_partition_is_not_forgotten() -> None:
    """It may be that the group has dealt it to us and that was not said yet."""
    rack = Rack(prompts=2, partition=1)
    rack.sells("bread", in_stock=False)

    assert [] == rack.due(ours=0)
    assert ["p0", "p1"] == rack.due(ours=1)


def test_a_prompt_that_is_read_again_is_looked_at_once() -> None:
    """A takeover brings what was known already."""
    rack = Rack(prompts=0)
    rack.sells("bread", in_stock=False)
    for _ in range(3):
        rack.pointless.published([LivingPrompt("p1", "ann", 0, 120_000, ("bread",))])

    assert 1 == rack.pointless.waiting
    assert ["p1"] == rack.due()
