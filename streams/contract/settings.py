"""Every setting, with its unit, its default and its reason.

Read from the environment with the prefix `GOESWITH_` (`GOESWITH_KAFKA_BOOTSTRAP=…`), frozen after
that, and handed down: nothing below the command line and the worker looks at the environment.
"""

import re
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.contract.topics import Topics
from streams.contract.wire.numbers import Floor
from streams.contract.wire.programs import ProgramSettings

NUMBER_MAX = 1_000_000_000_000
"""No setting is larger: seconds beyond it are no times that JSON and Kafka could write down."""

BUILT_IN_SEGMENTS = ("new", "known")
"""What shoppers count as who are in no listed segment: without a `shopper_id`, and with one."""


class Settings(ProgramSettings, BaseSettings):
    """All settings of one goeswith installation.

    >>> Settings(topic_prefix="shop").topics.events
    'shop.events'
    """

    model_config = SettingsConfigDict(
        env_prefix="GOESWITH_", frozen=True, extra="forbid", allow_inf_nan=False
    )

    # Kafka
    topic_prefix: str = Field(
        "goeswith",
        pattern=r"^[a-zA-Z0-9_-]{1,100}$",
        json_schema_extra={"write": "letters, digits, _ and -, 100 at most, such as my-shop"},
        description="prefix of all topic names",
    )
    partitions: int = Field(8, ge=1, le=1024, description="partitions of the events topic")
    replication: int = Field(1, ge=1, le=9, description="replication factor of topics we create")
    group_id: str = Field(
        "goeswith",
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        json_schema_extra={"write": "letters, digits, ., _ and -, 100 at most, such as my-shop"},
        description="consumer group of the workers",
    )

    # Worker
    worker_name: str = Field(
        "worker-1",
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        json_schema_extra={"write": "letters, digits, ., _ and -, 100 at most, such as worker-1"},
        description="stable name: the static member id in the group (`group.instance.id`)",
    )
    static_membership: bool = Field(
        True,
        description="static group membership: a restart under the same name moves no partitions",
    )
    data_dir: str = Field("", description="where Faust keeps its files; empty: a temporary one")
    answering: bool = Field(
        True, description="answer for the group's partitions; off: only fold, as a standby"
    )
    session_timeout_s: float = Field(
        10.0, ge=1, description="session timeout of the group: silence after which a worker is gone"
    )
    heartbeat_s: float = Field(
        1.0,
        gt=0,
        description="heartbeat interval in the group; a third of `session_timeout_s` at most",
    )
    commit_interval_s: float = Field(
        0.25, gt=0, description="how often offsets are committed; bounds what is answered twice"
    )
    round_records_max: int = Field(
        256, ge=1, description="batch size of a round, by partition; bounds how long the loop waits"
    )
    rounds_in_flight_max: int = Field(
        256, ge=1, description="rounds handed over to the producer, not yet acknowledged"
    )
    fetch_idle_wait_ms: int = Field(
        500, ge=1, description="adaptive fetch, when little comes: `fetch.max.wait.ms`"
    )
    fetch_busy_wait_ms: int = Field(
        5, ge=1, description="adaptive fetch, under load: `fetch.max.wait.ms`"
    )
    fetch_busy_bytes_min: int = Field(
        100_000, ge=1, description="adaptive fetch, under load: `fetch.min.bytes`"
    )
    fetch_busy_events_per_s: float = Field(
        150.0, ge=0, description="adaptive fetch: rate of events from which on there is load"
    )
    fetch_wait_fixed: bool = Field(
        False,
        description="no adaptive fetch: the embedded broker answers after the wait, no earlier",
    )
    gap_wait_s_max: float = Field(
        30.0, gt=0, description="how long an event waits for those before it; then the worker fails"
    )
    stuck_s_max: float = Field(
        60.0, ge=10, description="watchdog timeout: a worker without progress for so long ends"
    )

    topics_look_s: float = Field(
        3.0, gt=0, le=5, description="how often a worker looks whether its topics are as they were"
    )

    # Events
    event_bytes_max: int = Field(
        65_536, ge=256, description="largest size of an event; larger records are dead letters"
    )
    lateness_s: float = Field(
        120.0, ge=0, description="allowed lateness: what the broker got later gets no prompt"
    )
    clock_skew_s_max: float = Field(
        86_400.0, ge=0, description="the same where no `sent_at_ms` tells a delay from a slow clock"
    )
    create_time_allowed: bool = Field(False, description="accept an events topic of `CreateTime`")

    # Session
    session_gap_s: float = Field(
        1800.0, gt=0, description="session gap: pause after which a session is new"
    )
    basket_ttl_s: float = Field(
        2_592_000.0, ge=0, description="time to live of a basket nobody comes back to: 30 days"
    )
    sessions_max: int = Field(
        50_000, ge=1, description="sessions remembered of a partition; the longest idle one leaves"
    )

    # Privacy
    consent_default: bool = Field(
        False, description="consent of events that do not say; off: they are remembered by nobody"
    )
    nobody_ids: str = Field(
        "0,0.0,-1,-,null,(null),nil,none,undefined,nan,n/a,false,guest,anon,anonymous,unknown,"
        "(not set),[object Object],00000000-0000-0000-0000-000000000000",
        description="ids of shoppers and visitors that mean nobody, comma separated, in any case",
    )
    personal_ttl_s: float = Field(
        390 * 86400.0, ge=86400, description="time to live of what is kept by shopper: 390 days"
    )

    # Learning
    pair_half_life_s: float = Field(
        90 * 86400.0, ge=3600, description="half-life of what is bought or viewed together"
    )
    popularity_half_life_s: float = Field(
        14 * 86400.0, ge=3600, description="half-life of popularity: fashions pass"
    )
    arm_half_life_s: float = Field(
        14 * 86400.0,
        ge=3600,
        description="half-life of what arms earned, against drift: older rewards count for less",
    )
    items_max: int = Field(200_000, ge=10, description="items that a recommender remembers")
    pairs_per_item_max: int = Field(
        64, ge=4, description="co-occurring items remembered of an item"
    )
    shoppers_max: int = Field(100_000, ge=1, description="shoppers whose purchases are remembered")
    view_weight: float = Field(0.1, ge=0, le=1000, description="weight of a view in popularity")
    add_weight: float = Field(1.0, ge=0, le=1000, description="weight of an add in popularity")
    best_fit: bool = Field(
        False, description="learning to rank as an arm: finds more, and costs more an event"
    )
    rank_learning_share: float = Field(
        0.0625,
        ge=0,
        le=1,
        description="share of views that the learned ranker trains on; on adds it trains always",
    )

    # Deciding
    prompt_items_max: int = Field(3, ge=1, le=3, description="items in a prompt: few and fitting")
    together_min: int = Field(
        2, ge=1, description="minimum support: sessions with both items before they count as a pair"
    )
    lift_z_min: float = Field(
        2.0, ge=0, le=1000, description="standard errors by which a pair must exceed chance; 0: any"
    )
    staples_withheld: int = Field(
        0, ge=0, le=400, description="so many of the most popular items are never offered"
    )
    prompts_per_session_max: int = Field(
        8, ge=0, description="frequency cap: prompts of a session, shown or pending"
    )
    cool_down_s: float = Field(
        15.0, ge=0, description="cool-down: pause after a prompt, doubled by a dismissal"
    )
    dismissals_max: int = Field(
        3, ge=1, description="dismissals after which a session is left alone"
    )
    just_bought_s: float = Field(
        86_400.0, ge=0, description="what a shopper bought within this time is not offered again"
    )
    prompt_ttl_s: float = Field(
        120.0, gt=0, description="time to live of a prompt: not shown by then, it has expired"
    )
    reason_evidence: bool = Field(
        False, description="reasons say what was counted, too: `In 41 of 57 baskets`"
    )
    holdout_share: float = Field(
        0.05, ge=0, le=1, description="holdout (control group): share that never gets a prompt"
    )
    holdout_salt: str = Field("goeswith", description="salt of the draw: another one, another draw")
    experiment: str = Field(
        "holdout",
        pattern=r"^[a-zA-Z0-9_-]{1,32}$",
        json_schema_extra={"write": "letters, digits, _ and -, 32 at most, such as spring-2027"},
        description="name of the holdout's experiment",
    )
    experiment_start_s: float = Field(0, ge=0, description="its start, s since 1970; 0: any time")

    # Policy
    segments: str = Field(
        "",
        description="the merchant's segments that are contexts of the policy, comma separated; "
        "`new` and `known` are built in",
    )
    arm_floor: Floor = Field(
        0.05, ge=0, le=0.2, description="exploration floor: minimum propensity; 0, or 1e-6 and more"
    )
    arm_policy: Literal["contexts", "factors"] = Field(
        "contexts",
        description="Thompson sampling by context, or linear Thompson sampling over the "
        "factors of contexts: for many segments",
    )
    arm_mode: Literal["best", "identify"] = Field(
        "best", description="the most reward, or best-arm identification (top-two sampling)"
    )
    arm_window_s: float = Field(
        0.0,
        ge=0,
        le=30 * 86_400,
        description="delayed-reward window: until it is so old, an impression counts for as "
        "much of a trial as of its reward should have come; 0: it counts at once",
    )
    attribution_window_s: float = Field(
        3600.0, gt=0, description="attribution window of clicks and adds, after an impression"
    )
    purchase_window_s: float = Field(
        86_400.0, gt=0, description="attribution window of purchases, after an impression"
    )
    reward_clicked: float = Field(0.1, ge=0, le=1, description="reward when a prompt is clicked")
    reward_added: float = Field(0.5, ge=0, le=1, description="reward when a prompted item is added")
    reward_bought: float = Field(1.0, ge=0, le=1, description="reward when it is bought")
    receipt_secret: SecretStr = Field(
        SecretStr(""),
        description="seals receipts and seeds draws; several, comma separated: the first one does "
        "both, all open receipts; of one below 12 characters the worker warns",
    )

    # Views
    redis_url: str = Field("", description="Redis of the views; empty: no views")
    view_ttl_s: int = Field(
        1800, ge=1, description="time to live of a view in Redis that is not renewed"
    )
    views_queued_max: int = Field(
        10_000, ge=1, description="queue of answers for Redis; more are dropped and counted"
    )

    # Logging
    log_level: Literal["debug", "info", "warn", "error"] = Field(
        "warn", description="log level of the worker: debug, info, warn, error"
    )

    @field_validator("*")
    @classmethod
    def _no_larger_than_clocks_hold(cls, value: object) -> object:
        """A time to live of 10³⁰⁰ s is a slip, and no time that could be written down."""
        if isinstance(value, int | float) and value > NUMBER_MAX:
            raise ValueError(f"is larger than anything that makes sense: {NUMBER_MAX:,} at most")
        return value

    @field_validator("segments")
    @classmethod
    def _names(cls, segments: str) -> str:
        for name in filter(None, map(str.strip, segments.split(","))):
            if name in BUILT_IN_SEGMENTS or not re.fullmatch("[A-Za-z0-9_-]{1,32}", name):
                raise ValueError(
                    f"{name[:40]!r} is no name for a segment: letters, digits, _ and "
                    "-, 32 at most, commas between names; new and known are built in"
                )
        return segments

    @model_validator(mode="after")
    def _checkpoints_apart(self) -> Self:
        """A topic of ours that is made anew as that of checkpoints would lose what it is for."""
        if self.topics.checkpoints(self.checkpoint_url) in self.topics.all():
            raise ValueError("GOESWITH_CHECKPOINT_URL names a topic that holds something else")
        return self

    @property
    def topics(self) -> Topics:
        """The names of the topics under our prefix."""
        return Topics(self.topic_prefix)
