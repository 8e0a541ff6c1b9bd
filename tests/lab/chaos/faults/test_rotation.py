"""The secret is rotated by the handbook's order: a round is finished before the next one begins."""

from typing import Any

from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.lab.chaos.faults.rotation import Rotation
from streams.shop.shared_settings import differences, told

OLD = SecretStr("old")


class Hand:
    """A worker without a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.restarts = 0

    def change(self, **settings: Any) -> None:
        """Restarted with other settings."""
        self.settings = self.settings.model_copy(update=settings)
        self.restarts += 1


class Crew:
    """Workers who come and go."""

    def __init__(self, *names: str) -> None:
        self.settings = Settings(receipt_secret=OLD)
        self.workers = {name: Hand(self.settings) for name in names}

    def change(self, **settings: Any) -> None:
        """Whoever joins from now on has these."""
        self.settings = self.settings.model_copy(update=settings)

    def join(self, name: str) -> None:
        """One more."""
        self.workers[name] = Hand(self.settings)

    def secrets(self) -> list[str]:
        """Those of each, with the new one by name."""
        found = [w.settings.receipt_secret.get_secret_value() for w in self.workers.values()]
        return [",".join("old" if s == "old" else "new" for s in each.split(",")) for each in found]

    def agree(self) -> bool:
        """Whether each of them would let each other one into the group."""
        said = [told(worker.settings) for worker in self.workers.values()]
        return not any(differences(one, other) for one in said for other in said)


def test_all_can_open_the_new_one_before_anybody_seals_with_it() -> None:
    """Worker by worker; at each step those of two minds agree."""
    crew = Crew("a", "b")
    rotation = Rotation(crew, OLD, over=8)
    seen = []
    for number in range(8):
        rotation.step(number)
        assert crew.agree()
        seen.append(crew.secrets())

    assert seen == [
        *[["old", "old"]] * 2,
        ["old,new", "old"],
        ["old,new", "old,new"],
        ["new,old", "old,new"],
        *[["new,old", "new,old"]] * 3,
    ]
    assert 2 == rotation.done


def test_who_joins_in_a_round_is_of_it_and_is_not_restarted() -> None:
    """And who has left is not waited for."""
    crew = Crew("a", "b", "c")
    rotation = Rotation(crew, OLD, over=0)
    rotation.step(0)
    crew.join("d")
    del crew.workers["b"]
    before = rotation.done
    rotation.step(0)

    assert (0, 1) == (before, rotation.done)
    assert ["old,new"] * 3 == crew.secrets()
    assert 0 == crew.workers["d"].restarts


def test_what_is_left_at_the_end_is_finished_in_the_same_order() -> None:
    """Few faults, or none: both rounds, one after the other."""
    crew = Crew("a", "b")
    rotation = Rotation(crew, OLD, over=100)
    rotation.finish()

    assert ["new,old", "new,old"] == crew.secrets()
    assert [2, 2] == [worker.restarts for worker in crew.workers.values()]
    assert crew.workers["a"].settings.receipt_secret == rotation.secret
