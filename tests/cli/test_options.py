"""What commands take from the environment: all of it, or hardly anything."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.cli.options import INHERITED, read_settings, self_contained
from streams.contract.errors import Misconfigured
from streams.contract.secrets.sealing import SealingKeys
from streams.contract.settings import Settings
from streams.lab.bench.stage.site import Site
from streams.lab.embedded.worker_process import environment
from streams.lab.replay.command import settings_of
from streams.shop.checkpoint import keys_of

NOT_BESIDE_A_URL = "kafka_token_command"
"""Tokens are from one of two places, so that one setting is as by default."""
PRODUCTION: dict[str, Any] = {
    "kafka_bootstrap": "production:9092",
    "kafka_api_version": "3.9",
    "topic_prefix": "production",
    "group_id": "production",
    "worker_name": "production-1",
    "data_dir": "/var/lib/goeswith",
    "web_bind": "10.0.0.7",
    "trace_endpoint": "http://production:4318/v1/traces",
    "holdout_salt": "production",
    "experiment": "production",
    "nobody_ids": "nobody",
    "segments": "vip",
    "arm_policy": "factors",
    "arm_mode": "identify",
    "receipt_secret": SecretStr("production's"),
    "redis_url": "redis://production:6379/0",
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "OAUTHBEARER",
    "kafka_user": "production",
    "kafka_password": SecretStr("production's"),
    "kafka_key_password": SecretStr("production's"),
    "kafka_token_url": "https://production/token",
    NOT_BESIDE_A_URL: "",
    **dict.fromkeys(
        (
            *("kafka_ca_file", "kafka_certificate_file", "kafka_key_file"),
            *("redis_ca_file", "redis_certificate_file", "redis_key_file"),
            "kafka_token_scope",
        ),
        "production",
    ),
    "gateway_host": "production",
    "gateway_keys": SecretStr("production's"),
    "gateway_origins": "https://production",
    "gateway_proxies": "production",
    "console_host": "production",
    "console_token": SecretStr("production's"),
    "console_user_header": "X-Production",
    "console_proxies": "10.0.0.1",
    "console_operator_token": SecretStr("the production's operator"),
    "console_operators": "production",
    "console_workers": "http://production:6066",
    "checkpoint_url": "file:///production/shop.checkpoint",
    "checkpoint_key": SecretStr("production's"),
    "reward": "net",
    "reward_rates": "EUR=1",
    "intake_items": "variant",
    "intake_currency": "EUR",
    "intake_consent_categories": "Analytics",
    "shopify_secret": SecretStr("production's"),
    "woocommerce_secret": SecretStr("production's"),
    "segment_secret": SecretStr("production's"),
    "free_shipping": "EUR=5000",
    "catalog_relations": "guards",
    "log_level": "error",
}
"""Words that a shop's workers run under."""


def other(name: str, value: Any) -> Any:
    """A value of this setting that is not its default."""
    if name in PRODUCTION:
        return PRODUCTION[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value > 1 else value + 1
    return value * 0.75 or 1.0


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a worker, each that can be other than by default, and in the environment."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    settings = Settings(**{name: other(name, value) for name, value in defaults.items()})
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def different(settings: Settings) -> set[str]:
    """The settings that are not the defaults."""
    return {
        n for n, field in Settings.model_fields.items() if getattr(settings, n) != field.default
    }


def test_a_self_contained_command_inherits_what_is_on_the_list(production: Settings) -> None:
    """No place, no name, no secret, nothing that is added later; and what it sets itself holds."""
    demo = self_contained(topic_prefix="goeswith-demo")

    others = Settings.model_fields.keys() - {NOT_BESIDE_A_URL}
    assert others == different(production) == different(read_settings())
    assert NOT_BESIDE_A_URL not in INHERITED
    assert INHERITED | {"topic_prefix"} == different(demo)
    assert "goeswith-demo" == demo.topic_prefix


def test_no_place_and_no_name_is_on_the_list() -> None:
    """Whatever is called like one."""
    endings = ("_url", "_id", "_name", "_dir", "_port", "_secret", "_salt", "_prefix", "_bootstrap")

    assert [] == [name for name in INHERITED if name.endswith(endings)]


def test_a_benchmark_inherits_nothing(production: Settings) -> None:
    """Its figures are to be comparable. A verdict takes place at the same site."""
    here = Site("127.0.0.1:9092").settings("log")

    assert production.kafka_bootstrap != here.kafka_bootstrap
    assert not different(here) & (INHERITED | {"redis_url", "data_dir"})
    assert "none" == here.checkpoint_url


def test_a_replay_keeps_away_from_the_workers(production: Settings) -> None:
    """Unless it is told to use the one that is there."""
    apart = settings_of(None, "offered", own=True, best_fit=False)
    beside = settings_of("production:9092", "offered", own=False, best_fit=False)
    places = ["topic_prefix", "group_id", "redis_url", "checkpoint_url", "data_dir", "worker_name"]

    assert ("", "none") == (apart.redis_url, apart.checkpoint_url)
    assert [] == [name for name in places if getattr(apart, name) == getattr(production, name)]
    assert production.arm_mode == apart.arm_mode
    assert places == [n for n in places if getattr(beside, n) == getattr(production, n)]


def test_a_setting_that_is_inherited_has_to_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not does not matter."""
    monkeypatch.setenv("GOESWITH_TOPIC_PREFIX", "not a name")
    assert "goeswith" == self_contained().topic_prefix

    monkeypatch.setenv("GOESWITH_ARM_FLOOR", "much")
    with pytest.raises(Misconfigured, match="GOESWITH_ARM_FLOOR"):
        self_contained()


@pytest.mark.parametrize("said", [" ", "\n", "\t,", " , \n", "\u00a0"])
def test_a_key_that_is_no_secret_is_refused_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Checkpoints would lie there in the clear, and nobody would be told; empty is none."""
    monkeypatch.setenv("GOESWITH_CHECKPOINT_KEY", "")
    assert not keys_of(read_settings())

    monkeypatch.setenv("GOESWITH_CHECKPOINT_KEY", said)
    with pytest.raises(Misconfigured, match=r"GOESWITH_CHECKPOINT_KEY: .*would not be sealed"):
        read_settings()
    assert not SealingKeys(said)


@pytest.mark.parametrize("said", ["", "\n", " , \n"])
def test_a_file_without_a_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    """As a mount gives it that failed. A command that takes no secret does not mind."""
    (tmp_path / "key").write_text(said)
    monkeypatch.setenv("GOESWITH_CHECKPOINT_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(Misconfigured, match=r"GOESWITH_CHECKPOINT_KEY.*would not be sealed"):
        read_settings()

    assert "" == self_contained().checkpoint_key.get_secret_value()


def refusal(**given: Any) -> str:
    """Why these settings cannot be used; empty: they can."""
    try:
        read_settings(**given)
    except Misconfigured as refused:
        return str(refused)
    return ""


def test_a_setting_with_a_pattern_says_what_to_write() -> None:
    """With an example that it takes; a regular expression says it to programmers alone."""
    patterned = {
        name: field
        for name, field in Settings.model_fields.items()
        if any(getattr(rule, "pattern", None) for rule in field.metadata)
    }
    for name in patterned:
        said = refusal(**{name: "no, that's wrong!"})
        example = re.search(r"(?:such as |, )([^\s,]+)(?:, or nothing| or none)?$", said)

        assert "pattern" not in said
        assert f"GOESWITH_{name.upper()}: write " in said
        assert example is not None
        assert ": write " not in refusal(**{name: example.group(1)})

    assert {"experiment", "topic_prefix", "checkpoint_url", "intake_currency"} <= patterned.keys()


def test_many_wrong_settings_are_counted() -> None:
    """A line has an end, and is not cut in the midst of a sentence."""
    numbers = [name for name, field in Settings.model_fields.items() if field.annotation is int]
    with pytest.raises(Misconfigured) as refused:
        read_settings(**dict.fromkeys(numbers, "many"))
    *told, last = str(refused.value).removeprefix("settings cannot be used: ").split("; ")

    assert len(str(refused.value)) < 1000
    assert f"and {len(numbers) - len(told)} more" == last
    assert all(re.fullmatch("GOESWITH_[A-Z_]+: .*", one) for one in told)
