"""What must agree between the workers of one group: every setting of the fold, decision and draw.

Each worker folds the whole log, and any of them may answer for any partition. A worker with another
half-life folds otherwise; one with another holdout salt prompts those whom its peers hold out. So
each one *tells* what it has, in a form that anybody may read, and is compared with those who were
there before. `MUST_AGREE` and `MAY_DIFFER` hold every setting, each with the reason.

Secrets are told by fingerprint. A plain hash of a short secret is found by trying; so a fingerprint
is a keyed hash (BLAKE2b) of the topic prefix, under a key of its own that is derived from the
*stretched* secret (`streams.contract.secrets.secret_keys`): a guess costs tens of milliseconds and
16 MiB. By the prefix two installations of one secret do not show it. It is cut to 64 bits, and is
neither a key that seals or draws nor the id of one.

Secrets agree while each worker opens what the other one seals by. So they can be changed one
worker after the other: `old` → `old,new` → `new,old` → `new`.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from pydantic import SecretStr

from streams.contract.secrets.secret_keys import derived_key, secret_keys, stretched
from streams.contract.settings import Settings
from streams.contract.wire.connection import SECURITY
from streams.contract.wire.console import ConsoleSettings
from streams.contract.wire.gateway import GatewaySettings
from streams.contract.wire.intake import IntakeSettings
from streams.contract.wire.shop.catalog import CatalogSettings
from streams.contract.wire.shop.returns import ReturnSettings
from streams.contract.wire.shop.rewards import RewardSettings
from streams.contract.wire.shop.slots import SlotSettings
from streams.contract.wire.shop.withdrawals import WithdrawalSettings
from streams.contract.wire.watching.tracing import TracingSettings
from streams.shop.state import Part

_FOLD = "the fold reads it"
_FORGETTING = "what is forgotten, and when, is a part of the fold"
_REWARD = "what an arm has earned is folded by it"
_DECISION = "who gets which prompt must not depend on who answers"
_LATE = "who is prompted, and who is assigned, must not depend on who answers"
_DRAW = "propensities and the draw depend on it"
_HOLDOUT = "a visitor whom one worker holds out must not be prompted by another"

MUST_AGREE: Mapping[str, str] = {
    "partitions": "a session has one partition, the same for everybody",
    "event_bytes_max": _FOLD,
    "create_time_allowed": _FOLD,
    "session_gap_s": _FOLD,
    "basket_ttl_s": _FOLD,
    "sessions_max": _FORGETTING,
    "consent_default": "what is remembered of whom is a part of the fold",
    "nobody_ids": _FOLD,
    "personal_ttl_s": _FORGETTING,
    "pair_half_life_s": _FORGETTING,
    "popularity_half_life_s": _FORGETTING,
    "arm_half_life_s": _FORGETTING,
    "items_max": _FORGETTING,
    "pairs_per_item_max": _FORGETTING,
    "shoppers_max": _FORGETTING,
    "view_weight": _FOLD,
    "add_weight": _FOLD,
    "best_fit": "it is an arm, and learned from all events",
    "rank_learning_share": _FOLD,
    "lateness_s": _LATE,
    "clock_skew_s_max": _LATE,
    "prompt_items_max": _DECISION,
    "together_min": _DECISION,
    "lift_z_min": _DECISION,
    "staples_withheld": _DECISION,
    "prompts_per_session_max": _DECISION,
    "cool_down_s": _DECISION,
    "dismissals_max": _DECISION,
    **dict.fromkeys(SlotSettings.model_fields, _DECISION),
    "free_shipping": _DECISION,
    "catalog_relations": "whether there is an arm more must not depend on who answers",
    "just_bought_s": _DECISION,
    "prompt_ttl_s": _DECISION,
    "holdout_share": _HOLDOUT,
    "holdout_salt": _HOLDOUT,
    "experiment": _HOLDOUT,
    "experiment_start_s": _HOLDOUT,
    "segments": "contexts of the policy are made of them",
    "arm_floor": _DRAW,
    "arm_policy": _DRAW,
    "arm_mode": _DRAW,
    "arm_window_s": _REWARD,
    "attribution_window_s": _REWARD,
    "purchase_window_s": _REWARD,
    "reward_clicked": _REWARD,
    "reward_added": _REWARD,
    "reward_bought": _REWARD,
    **dict.fromkeys(RewardSettings.model_fields, _REWARD),
    **dict.fromkeys(ReturnSettings.model_fields, _DECISION),
    "items_decided": _DECISION,
    "items_exploration": _DECISION,
    "best_worth": "it is an arm, and learned from what it offers",
    "receipt_secret": "each worker has to open the receipts of every other one",
}
"""The settings that the workers of a group must have in common, and why."""

_PLACE = "where a worker finds others is its own affair"
_PACE = "it changes when something is done, not what"
_COMMAND = "commands read it, workers do not"
_GATEWAY = "gateways read it, workers do not"
_CONSOLE = "consoles read it, workers do not"
_SECURITY = "each worker may have a user, a certificate and files of its own"
_VIEWS = "views are read by people and pages; nothing is decided by them"
_INTAKE = "foreign records are events before a worker sees them"
_REFERENCE = "who withholds less for a while folds the same: no catalogue is folded"
_CHECKPOINTS = "a checkpoint is the same, wherever and whenever it is written"

MAY_DIFFER: Mapping[str, str] = {
    "kafka_bootstrap": _PLACE,
    "kafka_timeout_s": _COMMAND,
    "kafka_patience_s": _PACE,
    "kafka_api_version": _COMMAND,
    **dict.fromkeys(sorted(SECURITY), _SECURITY),
    **dict.fromkeys(sorted(GatewaySettings.model_fields), _GATEWAY),
    **dict.fromkeys(sorted(ConsoleSettings.model_fields), _CONSOLE),
    "topic_prefix": "another prefix is another installation, whose workers never meet ours",
    "replication": "topics have it from whoever created them",
    "group_id": "only the workers of one group are compared",
    "worker_name": "each worker has its own",
    "static_membership": "members with a fixed name and without get partitions alike",
    "data_dir": _PLACE,
    "web_port": _PLACE,
    "web_bind": _PLACE,
    "answering": "who only folds, as a standby, folds the same",
    "session_timeout_s": "the group's coordinator has it by member",
    "heartbeat_s": _PACE,
    "commit_interval_s": _PACE,
    "round_records_max": _PACE,
    "rounds_in_flight_max": _PACE,
    "fetch_idle_wait_ms": _PACE,
    "fetch_busy_wait_ms": _PACE,
    "fetch_busy_bytes_min": _PACE,
    "fetch_busy_events_per_s": _PACE,
    "fetch_wait_fixed": _PACE,
    "gap_wait_s_max": _PACE,
    "stuck_s_max": _PACE,
    "topics_look_s": _PACE,
    "redis_url": _VIEWS,
    "view_ttl_s": _VIEWS,
    "views_queued_max": _VIEWS,
    "checkpoint_url": _CHECKPOINTS,
    "checkpoint_every_s": _CHECKPOINTS,
    "checkpoint_ttl_s": _CHECKPOINTS,
    "checkpoint_key": "who lacks the key of a checkpoint says so, and leaves that one alone",
    **dict.fromkeys(IntakeSettings.model_fields, _INTAKE),
    **dict.fromkeys(CatalogSettings.model_fields.keys() - MUST_AGREE.keys(), _REFERENCE),
    "catalog_prices_max": _REFERENCE,
    **dict.fromkeys(WithdrawalSettings.model_fields, "what is taken back is no part of the fold"),
    **dict.fromkeys(TracingSettings.model_fields, "traces tell what was done, and decide nothing"),
    "reason_evidence": "it changes how a prompt is said, not whom it is for",
    "log_level": "it changes what is said, not what is done",
}
"""The settings that may be another one on each worker, and why."""

SECRET = "receipt_secret"  # noqa: S105  # the name of the setting
PURPOSE = b"goeswith peers"
FINGERPRINT_BYTES = 8

Told = Mapping[str, Any]
"""What a worker has, as JSON: settings by name, versions as `state of …`, fingerprints."""


class Difference(NamedTuple):
    """A setting that is not the same on both sides; None: that side does not know it."""

    setting: str
    ours: Any
    theirs: Any


FOLD_VERSION = "8"
"""Of what events teach, beside how it is kept: workers of two of them would drift apart. 2: a
session takes 8 KB at most. 3: a visitor's sessions go on from each other; denials take back what
was supposed; earlier returns are one fact; an order counts for every session that tells it. 4:
what is new in a cart teaches. 5: who has left speaks for nothing, carts and late events count by
their own time, and events that ask for other slots assign. 6: what comes too late to be answered
assigns nobody, and what was ordered since a visitor was assigned first is not counted as before. 7:
who is there is not whom a return names, which begins no visit, and is signed out by any denial; an
order of before its session was assigned is not of its unit; an old cart leaves later changes; of an
item's lines each earns what it says, and what is sealed in another currency counts by the rates. 8:
an order told before its session was assigned is not counted when that tells it again."""


def versions(parts: Mapping[str, Part]) -> dict[str, str]:
    """The version of the state of each part of a shop: that of the code.

    >>> from streams.shop.state import Positions
    >>> versions({"position": Positions({})})
    {'fold': '8', 'state of position': 'Positions 1'}
    """
    return {"fold": FOLD_VERSION} | {
        f"state of {name}": f"{type(part).__name__} {part.STATE_VERSION}"
        for name, part in parts.items()
    }


def told(settings: Settings, versions: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a worker with these settings and `versions` tells others; no secret is in it.

    It takes tens of milliseconds for each secret that is not stretched yet.

    >>> ann = told(Settings(segments="trade, club", receipt_secret="not a secret"))
    >>> ann["segments"], ann["holdout_salt"], ann["receipt_secret"]
    (['club', 'trade'], 'goeswith', ['15742c4ed693bf06'])
    """
    values: dict[str, Any] = {name: getattr(settings, name) for name in MUST_AGREE}
    values["segments"] = sorted({*filter(None, map(str.strip, settings.segments.split(",")))})
    values[SECRET] = fingerprints(settings.receipt_secret, settings.topic_prefix)
    return values | dict(versions or {})


def fingerprints(secrets: SecretStr, topic_prefix: str) -> list[str]:
    """The fingerprint of each of comma separated secrets, in their order."""
    given = secrets.get_secret_value()
    keys = secret_keys(given) if given.strip(" ,") else []
    return [_fingerprint(derived_key(stretched(key), PURPOSE), topic_prefix) for key in keys]


def differences(ours: Told, theirs: Told) -> list[Difference]:
    """What must agree and does not, by name.

    A setting that only we know, and have at its default, is none: they are of an earlier version.

    >>> differences({"holdout_salt": "spring", "cool_down_s": 5}, {"holdout_salt": "autumn"})
    ... # doctest: +NORMALIZE_WHITESPACE
    [Difference(setting='cool_down_s', ours=5, theirs=None),
     Difference(setting='holdout_salt', ours='spring', theirs='autumn')]
    """
    return [
        Difference(name, ours.get(name), theirs.get(name))
        for name in sorted(ours.keys() | theirs.keys())
        if not _agree(name, ours, theirs)
    ]


def in_words(difference: Difference, peer: str) -> str:
    """A difference for people.

    >>> in_words(Difference("holdout_salt", "spring", "autumn"), "ann")
    'holdout_salt is "spring" here, "autumn" at ann'
    """
    name, ours, theirs = difference
    if name == SECRET:
        name = "receipt_secret (by fingerprint)"
    return f"{name} is {_value(ours)} here, {_value(theirs)} at {peer}"


def _agree(name: str, ours: Told, theirs: Told) -> bool:
    if name == SECRET:
        return _open_each_other(ours.get(name), theirs.get(name))
    if name not in theirs and name in Settings.model_fields:
        return bool(ours[name] == _default(name))
    return bool(ours.get(name) == theirs.get(name))


def _open_each_other(ours: Any, theirs: Any) -> bool:
    """Whether each side opens what the other one seals by."""
    if not (isinstance(ours, list) and isinstance(theirs, list) and ours):
        return bool(ours == theirs)
    return ours[0] in theirs and theirs[0] in ours


def _default(name: str) -> Any:
    return [] if name == "segments" else Settings.model_fields[name].default


def _fingerprint(key: bytes, topic_prefix: str) -> str:
    return blake2b(topic_prefix.encode(), key=key, digest_size=FINGERPRINT_BYTES).hexdigest()


def _value(value: Any) -> str:
    return "not known" if value is None else json.dumps(value)
