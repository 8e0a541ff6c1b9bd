"""A whole goeswith, installed for a while: broker, topics, catalogue, Redis, a worker."""

from streams.contract.events.reference.catalog import CatalogItem
from streams.lab.demo.shops.assortment import assortment
from streams.lab.demo.shops.catalogue import catalog_records
from streams.lab.embedded.installation import installed
from streams.storefront.reference.topic_log import latest


def test_the_catalogue_is_there_before_the_worker() -> None:
    """Each item of the shop is on the catalog topic, and settings of one's own hold."""
    said: list[str] = []
    records = {record.item_id: record for record in catalog_records(assortment("bank"))}
    with installed(None, said.append, records.values(), {"prompt_ttl_s": 77.0}) as here:
        found = latest(here.settings, here.settings.topics.catalog, CatalogItem, quiet=True)

    assert records == found
    assert 77.0 == here.settings.prompt_ttl_s
    assert said.index("starting a worker") == len(said) - 1
