"""What a worker makes of the records of catalogue and controls."""

import logging
from typing import Any, NamedTuple

import pytest

from streams.contract.settings import Settings
from streams.contract.topics import Topics
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import CONTROLS_MAX, Controls
from streams.worker.telemetry import Telemetry
from streams.worker.transport.reference_topics import Reference

TOPICS = Topics("goeswith")


class Record(NamedTuple):
    """A record of Kafka, as far as it is looked at."""

    key: bytes | None
    value: bytes | None
    offset: int = 0
    timestamp: int = 0
    headers: tuple[Any, ...] = ()


class Followed:
    """What was followed so far."""

    def __init__(self, items_max: int = 100) -> None:
        self.telemetry, self.catalog = Telemetry(), Catalog(items_max, prices_max=100)
        self.controls = Controls(Settings())
        self.reference = Reference(Settings(), self.catalog, self.controls, self.telemetry)

    def item(self, key: str, value: str | None) -> None:
        """A record of the catalogue."""
        record = Record(key.encode(), None if value is None else value.encode())
        self.reference.apply[TOPICS.catalog](record)

    def control(self, key: str, value: str) -> None:
        """A record of the controls."""
        said = f'"key":"{key}","value":{value},"author":"ann","reason":"why","at_ms":1767225600000'
        self.reference.apply[TOPICS.control](Record(key.encode(), f"{{{said}}}".encode()))

    def tombstone(self, key: str) -> None:
        """A control without a value."""
        self.reference.apply[TOPICS.control](Record(key.encode(), None))


def test_a_refused_record_is_counted_and_the_last_good_one_stands() -> None:
    """A slip in a feed brings nothing back that is hidden."""
    followed = Followed()
    followed.item("jam", '{"item_id":"jam","hidden":true}')
    followed.item("jam", '{"item_id":"jam","hidden":"no"}')
    followed.item("jam", '{"item_id":"tea"}')
    followed.item("jam", "{")

    assert {"jam": "hidden"} == followed.catalog.withheld
    refusals = {"invalid_record": 1, "key_mismatch": 1, "invalid_json": 1}
    assert (1, refusals) == (
        followed.telemetry.reference_records,
        dict(followed.telemetry.reference_refused),
    )


def test_a_refusal_is_said_once_however_many_follow(caplog: pytest.LogCaptureFixture) -> None:
    """Of each reason."""
    followed = Followed()
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            followed.item("jam", "{")
        followed.item("jam", "[]")

    assert ["invalid_json", "invalid_record"] == [r.args[1] for r in caplog.records if r.args]  # type: ignore[index]


def test_only_what_has_changed_of_an_item_is_passed_on() -> None:
    """A feed says everything again each night; who has published prompts need not look at them."""
    followed, heard = Followed(items_max=1), list[str | None]()
    followed.reference.heard = heard.append
    jam, priced = '{"item_id":"jam"}', '{"item_id":"jam","price_minor":%d,"currency":"EUR"}'
    sold_out, variant = '{"item_id":"jam","in_stock":false}', '{"item_id":"jam","variant_of":"j"}'
    counts = []
    for said in (jam, priced % 200, priced % 300, sold_out, variant, jam, None, jam):
        followed.item("jam", said)
        followed.item("jam", said)
        counts.append(len(heard))

    assert [0, 1, 2, 3, 4, 5, 5, 5] == counts
    followed.item("tea", '{"item_id":"tea","hidden":true}')
    followed.item("jam", sold_out)
    assert ["jam"] * 5 + ["tea"] == heard


def test_whom_an_item_is_for_is_passed_on_when_it_changes() -> None:
    """Of a product for all its variants, wherever there are any: whoever has prompts looks."""
    followed, heard = Followed(), list[str | None]()
    followed.reference.heard = heard.append
    for said in ('{"item_id":"jam","eligible_segments":["gold"]}', '{"item_id":"jam"}'):
        followed.item("jam", said)
        followed.item("jam", said)
    assert ["jam", "jam"] == heard

    followed.item("shirt-m", '{"item_id":"shirt-m","variant_of":"shirt"}')
    followed.item("shirt", '{"item_id":"shirt","excluded_segments":["minor"]}')
    assert ["jam", "jam", "shirt-m", None] == heard
    for said in ('"hidden":true', '"restricted":"age"', '"in_stock":false'):
        followed.item("shirt", f'{{"item_id":"shirt","excluded_segments":["minor"],{said}}}')
    assert [None, None, None] == heard[4:]  # the last one, as it is not restricted any more

    followed.item("tea", '{"item_id":"tea","hidden":true}')
    followed.item("shirt-m", '{"item_id":"shirt-m"}')
    followed.item("shirt", '{"item_id":"shirt","hidden":true}')
    assert ["tea", "shirt-m", "shirt"] == heard[7:]  # they have no variants


def test_what_controls_end_is_passed_on_and_what_they_begin_is_not() -> None:
    """A bundle or a programme that changes or goes, an arm that is stopped, an item hidden."""
    followed, heard = Followed(), list[str | None]()
    followed.reference.heard = heard.append
    bundle = '{"items":["a","b"],"discount_per_mille":%d}'
    program = '{"points_per_mille":{"EUR":%d},"tiers":{"gold":1000}}'
    counts = []
    for key, value in (
        *(("bundles.x", bundle % 50), ("bundles.x", bundle % 50), ("bundles.x", bundle % 40)),
        *(("bundles.x", "null"), ("bundles.x", "null")),
        *(("loyalty.program", program % 10), ("loyalty.program", program % 10)),
        *(("loyalty.program", program % 9), ("loyalty.program", "null")),
        *(("arms.popular.state", '"off"'), ("arms.popular.state", '"shadow"')),
        *(("arms.popular.state", '"on"'), ("arms.curated.share_max", "0.0")),
        *(("colour", '"blue"'), ("prompts.items_max", "2")),
    ):
        followed.control(key, value)
        counts.append(len(heard))

    assert [0, 0, 1, 2, 2, 2, 2, 3, 4, 5, 5, 5, 6, 6, 6] == counts
    assert {None} == {*heard}
    assert {"curated"} == followed.catalog.stopped


def test_a_topic_of_controls_that_is_made_anew_ends_what_they_promised() -> None:
    """Bundles and programme are gone with it; where there were none nothing ends."""
    followed, heard = Followed(), list[str | None]()
    followed.reference.heard = heard.append
    topic = followed.reference
    topic.forget("goeswith.control")
    assert [] == heard

    followed.control("bundles.x", '{"items":["a","b"],"discount_per_mille":50}')
    topic.forget("goeswith.control")
    assert [None] == heard


def test_a_tombstone_takes_an_item_out() -> None:
    """It may be offered then."""
    followed = Followed()
    followed.item("jam", '{"item_id":"jam","in_stock":false}')
    followed.item("jam", None)

    assert ({}, 2) == (followed.catalog.withheld, followed.telemetry.reference_records)


def test_what_there_is_no_room_for_is_refused_and_counted() -> None:
    """The setting bounds it; items that may be offered need no room."""
    followed = Followed(items_max=2)
    for number in range(5):
        followed.item(f"i{number}", f'{{"item_id":"i{number}","hidden":true}}')
        followed.item(f"j{number}", f'{{"item_id":"j{number}"}}')

    assert 2 == len(followed.catalog)
    assert {"full": 3} == followed.telemetry.reference_refused


def test_a_control_is_what_was_set_last_until_it_is_set_no_longer() -> None:
    """Null unsets it, by a record that says who did."""
    followed = Followed()
    followed.control("policy.floor", "0.1")
    followed.control("policy.floor", "0.2")
    followed.control("slots", '["basket"]')
    assert ({"policy.floor": 0.2}, ["slots"]) == (
        followed.controls.values,
        [*followed.controls.notes],
    )

    followed.control("policy.floor", "null")
    assert ({}, None, 1) == (
        followed.controls.values,
        followed.controls.now,
        len(followed.controls),
    )


def test_a_tombstone_brings_back_what_holds_without_a_control() -> None:
    """It says nobody's name, and unsets all the same."""
    followed = Followed()
    followed.control("items.hidden", '["jam"]')
    followed.control("prompts.paused", "true")
    assert {"jam"} == followed.catalog.hidden
    assert followed.controls.now is not None

    followed.tombstone("items.hidden")
    followed.tombstone("prompts.paused")
    assert not followed.catalog.hidden
    assert not followed.controls.values


def test_a_control_that_cannot_be_is_refused_and_the_last_good_one_stands(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever wrote past the command: counted, said once, and nothing changes."""
    followed = Followed()
    followed.control("policy.floor", "0.1")
    with caplog.at_level(logging.WARNING):
        followed.control("policy.floor", "0.5")
        followed.control("arms.nobody.state", '"off"')
        followed.control("arms.popular.state", '"loud"')

    assert {"policy.floor": 0.1} == followed.controls.values
    assert {"invalid_control": 3} == followed.telemetry.reference_refused
    assert "0.5 is more than each of" in caplog.text


def test_controls_are_bounded() -> None:
    """Those that are there go on changing."""
    followed = Followed()
    for number in range(CONTROLS_MAX + 1):
        followed.control(f"c{number}", "1")
    followed.control("c0", "2")
    followed.control("prompts.paused", "true")

    assert {"full": 2} == followed.telemetry.reference_refused
    assert CONTROLS_MAX == len(followed.controls) == followed.reference.as_json()["controls"]


def test_curated_pairs_are_what_their_controls_say() -> None:
    """Of an item by the control's name, or by its id; what is no list of items changes nothing."""
    followed = Followed()
    followed.control("curated.bread", '{"items":["jam"],"source":"editors"}')
    followed.control("curated.b2", '{"items":["lid"],"item_id":"Pot"}')
    followed.control("curated.bread", '{"items":[]}')
    followed.control("curated.bread", '{"items":["bread"]}')
    curation = followed.catalog.curation

    assert [("jam", "editors")] == [*curation.of("bread")]
    assert [("lid", "merchant")] == [*curation.of("Pot")]
    assert {"invalid_control": 2} == followed.telemetry.reference_refused

    followed.control("curated.bread", "null")
    assert [] == [*curation.of("bread")]
    followed.reference.forget(TOPICS.control)
    assert 0 == len(curation)


def test_a_bundle_that_is_defined_is_heard_where_points_are_promised() -> None:
    """What completes it brings fewer from then on; without a programme nothing ends."""
    followed, heard = Followed(), list[str | None]()
    followed.reference.heard = heard.append
    followed.control("bundles.x", '{"items":["a","b"],"discount_per_mille":50}')
    assert [] == heard

    followed.control("loyalty.program", '{"points_per_mille":{"EUR":10},"tiers":{"gold":1000}}')
    for name in ("y", "y", "z"):
        followed.control(f"bundles.{name}", '{"items":["a","b"],"discount_per_mille":50}')

    assert [None, None] == heard


def test_bundles_points_and_audiences_are_what_their_latest_records_say() -> None:
    """At once, without a new start; of a bundle that is wrong the one before stands."""
    followed = Followed()
    catalog = followed.catalog
    followed.control("bundles.photo", '{"items":["camera","case"],"discount_per_mille":50}')
    followed.control("bundles.photo", '{"items":["camera"],"discount_per_mille":50}')
    followed.control("loyalty.program", '{"points_per_mille":{"EUR":10},"tiers":{"gold":1000}}')
    followed.item("card", '{"item_id":"card","eligible_segments":["club"]}')

    assert {"photo": ("camera", "case")} == {n: t.items for n, t in catalog.bundles.terms.items()}
    assert ["gold"] == [*(catalog.loyalty.tiers if catalog.loyalty else ())]
    assert 1 == followed.reference.as_json()["for_segments"]
    assert {"invalid_control": 1} == dict(followed.telemetry.reference_refused)

    followed.tombstone("bundles.photo")
    followed.control("loyalty.program", "null")
    followed.item("card", None)
    assert (0, None, False) == (len(catalog.bundles), catalog.loyalty, bool(catalog))
    assert "for_segments" not in followed.reference.as_json()


def test_of_controls_that_were_made_anew_no_bundle_and_no_programme_hold() -> None:
    """What the catalogue has of them goes as well."""
    followed = Followed()
    followed.control("bundles.photo", '{"items":["camera","case"],"discount_per_mille":50}')
    followed.control("loyalty.program", '{"points_per_mille":{"EUR":10},"tiers":{"gold":1000}}')
    followed.reference.forget(TOPICS.control)

    assert (0, None) == (len(followed.catalog.bundles), followed.catalog.loyalty)
    assert 0 == len(followed.controls)


def test_a_page_tells_how_much_is_kept() -> None:
    """In numbers: items are the shop's own."""
    followed = Followed()
    followed.item("jam", '{"item_id":"jam","hidden":true,"variant_of":"jams"}')
    followed.item("tea", '{"item_id":"tea","restricted":"age"}')
    followed.control("floor", "1")

    kept = {"withheld": 2, "variants": 1, "upgrades": 0, "relations": 0, "categories": 0}
    kept["categories_ignored"] = 0
    assert {**kept, "controls": 1} == followed.reference.as_json()


def test_what_had_no_room_is_told_on_the_page() -> None:
    """By what was left out; the record itself holds."""
    followed = Followed(items_max=1)
    relation = '{"kind":"upgrade_of","item_id":"x"}'
    for item in "abc":
        priced = f'"price_minor":1,"currency":"EUR","relations":[{relation}]'
        followed.item(item, f'{{"item_id":"{item}",{priced}}}')

    assert 2 == followed.reference.as_json()["upgrades_left_out"]
    assert 3 == followed.telemetry.reference_records


@pytest.mark.parametrize("topic", ["catalog", "control"])
def test_of_a_topic_that_was_made_anew_nothing_holds(topic: str) -> None:
    """The other one stands."""
    followed = Followed()
    followed.item("jam", '{"item_id":"jam","hidden":true,"variant_of":"jams"}')
    followed.control("floor", "1")
    followed.control("items.hidden", '["salt"]')

    followed.reference.forget(getattr(TOPICS, topic))

    left = (len(followed.catalog), len(followed.controls))
    assert {"catalog": (1, 2), "control": (2, 0)}[topic] == left
