"""Adopts a checkpoint that was made under other settings, part by part.

| part, and what is another one | what becomes of it |
|---|---|
| position, sessions (visitors, orders): their version | all is refused: others lean on them |
| a model, or sessions: a bound (`RESIZING`) | taken over; of a smaller one the lightest leave |
| pairs, popularity, repeats: the half-life | converted (`models.half_life`) |
| popularity: the weight of adds or views | taken over, mixed |
| the bandit: rewards, window, half-life, version | taught again by the prompts sessions remember |
| sessions: rewards | what each stage of their prompts changed is said by the new ones |
| the bandit: `arm_policy`, `arm_mode`, `purchase_window_s` | taken over: the sums are the same |
| rates of offers: new, the half-life | taught again by those prompts; money is not in them |
| a learner: new, of another version, other arguments | learned anew from the log |
| a learner: no longer asked for | left behind |
| any: gap, size of events, share of views | taken over: what was learned by the old value stays |

*Offsets.* All parts of a shop stand at one position, that of the checkpoint, and stay so: nothing
is learned twice, and nothing is left out. What is learned anew is learned by a second shop, which
folds the log from as far back as `RELEARNED_MAX` allows up to that very position; its part is put
into the first one, and the rest of it is dropped.

*Partitions* that were added to the topic begin at 0, as they do in a fold of the log. A session
whose key now goes to one of them begins anew there, and its basket of before stays behind. With
fewer partitions it is another log, and the checkpoint is refused.

*Exactness.* What was converted, mixed, or learned anew beside sessions that remember more is no
fold of any log. It is named in `Shop.adopted`, and so in each checkpoint that follows, and is left
out of digests, as what runs full is: workers that adopt one checkpoint begin alike, but what they
take back later may leave other rests. A bandit that was taught again by all its prompts is exact.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from models import LinearThompsonSampling, SnapshotError, ThompsonSampling
from models.half_life import converted
from models.snapshot.snapshot import UNSOUND, unpack
from streams.clients.log_reader import LogReader
from streams.contract.errors import CheckpointRefused, GoeswithError, InvalidEvent
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.shop.checkpoint import Checkpoint, bodies, stand
from streams.shop.decision.policy.policy import offers_taught_again, rebase, taught_again
from streams.shop.format.meaning import IN_MONEY, Differing, NewShop, in_words, reasons
from streams.shop.shop import Shop
from streams.shop.state import Part

SPINE = ("position", "sessions")
"""What all other parts lean on: which records are in, and what their sessions have taught."""
RESIZING = {"items_max", "row_max", "shoppers_max", "items_per_shopper_max", "sessions_max"}
"""Arguments that bound a table."""
MIXING = {"popularity": {"add_weight", "view_weight"}}
"""Settings by which a part adds up: what the old value added, the new one does not take back."""
REWARDING = {"reward_clicked", "reward_added", "reward_bought", *IN_MONEY}
"""What prompts earn by."""
OFFERS = ("offer_sales", "offer_dismissals", "offer_pairs")
TAUGHT_AGAIN = {
    "policy": {"policy.half_life_s", "policy.window_s", *REWARDING},
    **{name: {f"{name}.half_life_s"} for name in OFFERS},
}
"""What the sums of trials are made by: what was sold and dismissed is no money."""
SAME_SUMS = {ThompsonSampling.__name__, LinearThompsonSampling.__name__}
RELEARNED_MAX = 100_000
"""Records, the latest, that something new is taught by before a worker answers: some seconds."""


class Adopted(NamedTuple):
    """What came of a checkpoint of other settings."""

    shop: Shop
    fates: Mapping[str, str]
    """What became of each part that is not as it was, for people."""


OpenLog = Callable[[], AbstractContextManager[LogReader]]
"""Opens the log, if something is to be learned from it."""


def adopted(
    checkpoint: Checkpoint,
    settings: Settings,
    other: Differing,
    log: OpenLog,
    new: NewShop = Shop,
) -> Adopted:
    """The shop of a checkpoint, as far as it fits; `other` is what `differing` found.

    Raises `CheckpointRefused` when what all parts lean on does not fit. Where the log cannot be
    read, what is to be learned from it begins with nothing.
    """
    if lost := [name for name in ("partitions", *SPINE) if not _spine_fits(name, other)]:
        said = in_words({name: other[name] for name in lost})
        raise CheckpointRefused(f"it was made under other settings: {said}", "settings")
    shop = new(settings)
    taking = _Taking(shop, bodies(checkpoint, settings), other)
    for name in SPINE:
        taking.take(name)
    if REWARDING & other.keys():
        rebase(shop.attribution.rewards, shop.sessions)
    for name in shop.parts().keys() - {*SPINE}:
        taking.adopt(name)
    for name in sorted(taking.packed.keys() - shop.parts().keys()):
        taking.fates[name] = "left behind: these settings do not ask for it"
    learned = vars(shop.learned)
    if not any(each.next_item and learned[each.name] is not None for each in shop.learners):
        for session in (one for each in shop.sessions.values() for one in each):
            session.path.clear()
    position = checkpoint.header.position
    if taking.anew:
        _learn_anew(shop, taking, new(settings), log, position)
    stand(shop, checkpoint.header, reasons(checkpoint.header.adopted, taking.inexact))
    return Adopted(shop, dict(sorted(taking.fates.items())))


def _spine_fits(name: str, other: Differing) -> bool:
    was, now = other.get(name, (None, None))
    return was == now or (name == "partitions" and int(was or 0) < int(now or 0))


class _Taking:
    """The parts of a checkpoint, on their way into a new shop."""

    def __init__(self, shop: Shop, packed: Mapping[str, bytes], other: Differing) -> None:
        self.packed, self.fates, self.inexact = packed, dict[str, str](), dict[str, str]()
        self.anew: list[str] = []
        """The parts that have learned nothing yet."""
        self._shop, self._parts, self._other = shop, shop.parts(), other

    def take(self, name: str, kind: str = "") -> None:
        """Take a part over as it is; raises `CheckpointRefused` when it cannot be."""
        part = self._parts[name]
        try:
            part.restore(unpack(self.packed[name], kind or _kind(part), part.STATE_VERSION))
        except KeyError as error:
            raise CheckpointRefused(f"damaged: it has no {name}") from error
        except SnapshotError as error:
            raise CheckpointRefused(f"its {name}: {error}") from error

    def adopt(self, name: str) -> None:
        """Take over what fits of a part; what does not is to be learned anew."""
        if name not in self.packed:
            self._lose(name, "new")
        elif what := sorted(TAUGHT_AGAIN.get(name, set()) & self._other.keys()):
            self._teach_again(name, in_words({each: self._other[each] for each in what}))
        elif changed := self._changed(name):
            self._convert(name, changed)
        else:
            try:
                self.take(name)
            except CheckpointRefused as refused:
                self._lose(name, str(refused))
            self._mix(name)

    def _changed(self, name: str) -> Differing:
        """What was changed of a part: its kind, and arguments that both sides know."""
        begin = f"{name}."
        known = {what: pair for what, pair in self._other.items() if None not in pair}
        return {
            what: pair
            for what, pair in known.items()
            if what == name or what[: len(begin)] == begin
        }

    def _convert(self, name: str, changed: Differing) -> None:
        """Take a part over that was changed, if that can be done."""
        arguments = {what.removeprefix(f"{name}.") for what in changed if what != name}
        said = in_words(changed)
        try:
            if name in TAUGHT_AGAIN:
                self._take_trials(name, changed)
            elif name in changed or arguments - RESIZING - {"half_life_s"}:
                self._lose(name, said)
                return
            elif "half_life_s" in arguments:
                self._refade(name, said)
            else:
                self.take(name)
        except (CheckpointRefused, *UNSOUND) as error:
            self._lose(name, f"{said} ({error})")
            return
        self.fates.setdefault(name, f"taken over, resized: {said}")
        self._mix(name)

    def _take_trials(self, name: str, changed: Differing) -> None:
        """The same sums, read otherwise: another mode, another `settle_s`, another kind."""
        was = changed.get(name, (f'"{_kind(self._parts[name])} "', None))[0] or ""
        kind = was.strip('"').partition(" ")[0]
        if kind not in SAME_SUMS:
            raise CheckpointRefused(f"a policy of kind {kind}", "settings")
        self.take(name, kind)
        self.fates[name] = f"taken over: {in_words(changed)}"

    def _refade(self, name: str, said: str) -> None:
        """Another half-life, and perhaps other bounds."""
        part = self._parts[name]
        state = unpack(self.packed[name], _kind(part), part.STATE_VERSION)
        half_life_s = float(self._other[f"{name}.half_life_s"][1] or 0)
        latest_ms = max((one.latest_ms for one in self._shop.sessions.values()), default=0)
        found = converted(_kind(part), state, half_life_s, latest_ms // 1000)
        part.restore(found.state)
        self.fates[name] = f"converted: {said}"
        if not found.exact:
            self.inexact[name] = f"converted: {said}"

    def _mix(self, name: str) -> None:
        if mixed := MIXING.get(name, set()) & self._other.keys():
            said = f"mixed: {in_words({what: self._other[what] for what in sorted(mixed)})}"
            self.fates[name] = self.inexact[name] = said

    def _teach_again(self, name: str, said: str) -> None:
        """The bandit, or rates of offers, by what sessions remember of prompts."""
        shop, known = self._shop, self._exposures(name)
        if name == "policy":
            told = taught_again(shop.policy, shop.settings, shop.sessions)
        else:
            state = offers_taught_again(shop.settings, shop.sessions).parts()[name].state()
            self._parts[name].restore(state)
            told = int(state["exposures_all"])
        of, what = (
            f" of its {known:,}" if known else "",
            "prompts" if name == "policy" else "trials",
        )
        self.fates[name] = f"taught again by {told:,}{of} {what}: {said}"
        if told != known or name not in self.packed:
            self.inexact[name] = self.fates[name]

    def _exposures(self, name: str) -> int:
        """How many trials the bandit, or a rate, of the checkpoint knew."""
        version = self._parts[name].STATE_VERSION
        for kind in sorted({*SAME_SUMS, _kind(self._parts[name])}) if name in self.packed else ():
            try:
                return int(unpack(self.packed[name], kind, version)["exposures_all"])
            except SnapshotError:
                continue
        return 0

    def tell_anew(self, how: str) -> None:
        """Say how the parts were learned that could not be taken over."""
        for name in self.anew:
            self.fates[name] = f"{how}: {self.fates[name]}"
            if self._parts[name].COMMUTES:  # what does not is left out of digests anyway
                self.inexact[name] = self.fates[name]

    def _lose(self, name: str, said: str) -> None:
        if name in TAUGHT_AGAIN:
            self._teach_again(name, said)
        else:
            self.anew.append(name)
            self.fates[name] = said


def _kind(part: Part) -> str:
    return type(part).__name__


def _learn_anew(
    shop: Shop, taking: _Taking, second: Shop, log: OpenLog, position: Mapping[int, int]
) -> None:
    """Let a second shop learn what the first one could not take over, and put it there."""
    try:
        with log() as reader:
            records = relearned(second, reader, position)
    except GoeswithError as error:
        taking.tell_anew(f"begins with nothing, the log could not be read ({error})")
        return
    for name in taking.anew:
        shop.parts()[name].restore(second.parts()[name].state())
    for number, sessions in shop.sessions.items():
        for session in sessions:
            walks = second.sessions.get(number)
            begun = None if walks is None else walks.find(session.session_id)
            if begun is not None and not session.path and begun.started_ms == session.started_ms:
                session.path.extend(begun.path)  # kept only where somebody learns from it
    taking.tell_anew(f"learned anew from {records:,} of {sum(position.values()):,} records")


def relearned(
    shop: Shop, reader: LogReader, position: Mapping[int, int], records_max: int = RELEARNED_MAX
) -> int:
    """Let a new shop fold the latest records before a position; how many they were."""
    each = max(1, records_max // max(1, sum(1 for offset in position.values() if offset)))
    upto = {at: position.get(at.number, 0) for at in reader.partitions}
    since = {
        at: min(upto[at], max(begin, upto[at] - each)) for at, begin in reader.begins().items()
    }
    for at, offset in since.items():
        shop.start(at.number, offset)
    folded = 0
    for record in reader.between(since, upto):
        number, folded = record.at.number, folded + 1
        shop.start(number, record.offset)
        try:
            event = decode(
                record.key, record.value, timestamp_ms=record.timestamp_ms, settings=shop.settings
            )
        except InvalidEvent:
            event = None
        shop.learn(number, record.offset, event)
    return folded
