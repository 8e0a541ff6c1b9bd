"""Where the checkpoint goes that was taken over to another log, and what becomes of the others."""

from pathlib import Path

import pytest

from streams.clients.checkpoints.file_store import FileStore
from streams.contract.errors import CheckpointRefused
from streams.contract.settings import Settings
from streams.operations.log_faults.adopt import known_of, put
from streams.shop.checkpoint import CheckpointHeader, packed, read
from streams.shop.shop import Shop
from tests.stories import OPEN, Till


def checkpoint(upto: int, cluster: str = "here") -> tuple[CheckpointHeader, bytes]:
    """The checkpoint of a shop that has folded the log up to an offset."""
    shop = Shop(Settings(**OPEN))
    for offset in range(upto):
        shop.learn(0, offset, None)
    return packed(shop, cluster=cluster, now_ms=0, made_by="ann")


@pytest.mark.parametrize("upto", [5, 200])
def test_what_workers_look_at_is_kept_aside_where_a_file_takes_its_place(
    tmp_path: Path, upto: int
) -> None:
    """However much it knows: it may know what the file does not."""
    store, (_, there) = FileStore(tmp_path / "shop.checkpoint"), checkpoint(upto)
    store.write(*checkpoint(upto))
    _, months = checkpoint(70, cluster="there")
    header, fresh = checkpoint(90)
    put(store, header, fresh, taken=months)

    assert fresh == store.read()
    assert ["log"] == [kept.name.partition("-")[0] for kept in store.kept()]
    assert [there] == [store.read(kept.name) for kept in store.kept()]


def test_what_is_not_ours_stays_where_it_is(tmp_path: Path) -> None:
    """It is of another cluster, or no checkpoint."""
    place = tmp_path / "shop.checkpoint"
    _, other = checkpoint(5, cluster="elsewhere")
    for there in (other, b"a letter"):
        place.write_bytes(there)
        with pytest.raises(CheckpointRefused, match="not ours"):
            put(FileStore(place), *checkpoint(90), taken=checkpoint(70, cluster="there")[1])

        assert there == place.read_bytes()


def bought_together() -> bytes:
    """What a shop of one partition knows of bread and butter."""
    till = Till(partitions=1)
    till.teach("bread", "butter")
    return packed(till.shop, cluster="there", now_ms=0, made_by="ann")[1]


def test_another_setting_besides_another_log_loses_no_more_than_what_does_not_fit() -> None:
    """As when a worker starts; what would be learned from the log before begins with nothing."""
    checkpoint = read(bought_together())
    same, none = known_of(checkpoint, Settings(**OPEN, partitions=1), partitions=1)
    settings = Settings(**OPEN, partitions=1, reward_bought=0.5, best_fit=True)
    shop, fates = known_of(checkpoint, settings, partitions=1)

    assert {} == none
    assert same.learned.baskets.exact_state() == shop.learned.baskets.exact_state()
    assert ["fit", "policy"] == [*fates]
    assert fates["fit"].startswith("begins with nothing")
    assert fates["policy"].startswith("taught again")


def test_a_log_of_another_number_of_partitions_than_the_settings_is_refused() -> None:
    """Workers would not start there."""
    settings = Settings(**OPEN, partitions=4)
    with pytest.raises(CheckpointRefused, match="partitions"):
        known_of(read(bought_together()), settings, partitions=2)
