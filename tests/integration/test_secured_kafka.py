"""A Kafka with TLS, SASL and an authorizer: who has what its role needs works, who has not is told.

Each role has the ACLs that the handbook lists, and no others.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import Result
from kafka.admin import ResourceType
from pydantic import SecretStr

from streams.clients.connection.addresses import free_port
from streams.contract.errors import NotAuthorized
from streams.contract.events import Event, encode
from streams.contract.settings import Settings
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.gateway.bus.kafka_bus import KafkaBus
from tests.certificates import Authority
from tests.integration.operators import ByHand, Operator, commit, send
from tests.integration.secured_kafka import (
    ROLES,
    TOKEN_LIFE_S,
    Granted,
    SecuredKafka,
    acls_of,
    acls_of_checkpoints,
    secured_kafka,
)
from tests.scenarios.storefront import Storefront, Worker
from tests.stories import OPEN, Story
from tests.token_endpoint import TokenEndpoint

pytestmark = pytest.mark.integration

PATIENCE_S = 60.0
"""Of a command that waits for an answer: far longer than a refusal takes on a busy machine."""
SHOP, DENIED, KEPT = "shop", "denied", "kept"
WORKER: dict[str, Any] = {**OPEN, "clock_skew_s_max": 1e10, "prompt_ttl_s": 3_600.0}
LEFT_OUT = [
    acl
    for acl in acls_of("worker")
    if acl.operation != "DescribeConfigs" and (acl.operation, acl.topic) != ("Read", "prompts")
]
"""Without the others a worker goes on: it knows less of topics, and of what others published."""
"""What a worker cannot do without, one ACL after the other."""
IN_TOPIC = {"checkpoint_url": "kafka:", "checkpoint_every_s": 0.3}
OF_CHECKPOINTS = acls_of_checkpoints("worker")
SEEN = ("events", "agreement", "prompts", "dead-letters", "catalog", "control")
"""Topics that are there for who may neither read nor write them, too: he finds out later."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """The broker, with the ACLs of each role, and topics that the admin has made."""
    with secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        for role in ROLES:
            kafka.grant(role, SHOP, acls_of(role))
        made = Operator(kafka.settings("SCRAM", "admin", SHOP)).types("topics", "create")
        assert 0 == made.exit_code, made.output
        yield kafka


def bought(name: str) -> list[Event]:
    """Bread and butter, a minute ago."""
    past = Story(name, start_ms=int(time.time() * 1000) - 60_000)
    return [past.add("bread"), past.add("butter"), past.order("bread", "butter")]


def teach(store: Storefront, name: str) -> Story:
    """Bread goes with butter; and who comes next."""
    for number in range(4):
        store.send(*bought(f"{name}-{number}"))
    return Story(f"{name}-ann", start_ms=int(time.time() * 1000) - 30_000)


@pytest.mark.parametrize("listener", ["SCRAM", "CERTS", "TOKENS"])
def test_a_worker_answers_with_a_password_with_a_certificate_and_with_tokens_that_end(
    secured: SecuredKafka, tmp_path: Path, listener: str
) -> None:
    """Commands, too, by the same settings; and nobody says a secret."""
    port = free_port()
    more = {**WORKER, "web_port": port, "data_dir": str(tmp_path)}
    settings = secured.settings(listener, "worker", SHOP, **more)
    worker = Worker(dict(settings), tmp_path / "worker.log")
    try:
        with Storefront(secured.open(SHOP), worker) as store:
            ann = teach(store, listener)
            bread = ann.add("bread")
            store.send(bread)
            assert store.answer_to(bread).items
            if listener == "TOKENS":  # the broker hangs up when a token has ended
                time.sleep(1.5 * TOKEN_LIFE_S)
                late = Story("late", start_ms=ann.now_ms).add("bread")
                store.send(late)
                assert store.answer_to(late).items
        every_role_works(secured, listener, f"{listener}-ann", port)
        assert 0 == worker.stop(), worker.said()
    finally:
        worker.kill()

    assert "Traceback" not in worker.said()
    assert "worker's" not in worker.said()


def every_role_works(secured: SecuredKafka, listener: str, session: str, port: int) -> None:
    """Each does what the handbook says that it may."""

    def types(role: str, *words: str) -> Result:
        more = {**WORKER, "kafka_timeout_s": 20.0}
        said = Operator(secured.settings(listener, role, SHOP, **more)).types(*words)
        assert 0 == said.exit_code, (role, words, said.output)
        assert f"{role}'s" not in said.output
        return said

    shoppers = types("shoppers", "simulate", "--seconds", "1", "--rate", "30", "--json")
    assert json.loads(shoppers.stdout.splitlines()[-1])["events"] > 0
    deadline_s = time.monotonic() + PATIENCE_S
    while json.loads(types("monitor", "lag", "--json").stdout)["lag_events"]:
        assert time.monotonic() < deadline_s, "the worker has not caught up"
    types("monitor", "topics", "list")
    types("admin", "topics", "check")
    assert "butter" in types("storefront", "subscribe", "--from-beginning", "--max", "1").output
    if listener != "SCRAM":
        return  # rights are the same, by whatever way one comes in
    types("merchant", "control", "set", "floor", "0.1", "--reason", "to see")
    assert "to see" in types("merchant", "control", "history").output
    types("analyst", "arms")
    types("analyst", "uplift")
    assert session in types("operator", "explain", session).output
    types("operator", "dead-letters", "list")
    types("operator", "checkpoint", "save", f"{Path(secured.authority.file).parent}/{listener}")
    types("operator", "forget", "nobody-here", "--check")
    types("operator", "rebuild", "--page", f"http://127.0.0.1:{port}")


def refused(settings: Settings, *words: str) -> str:
    """The one line that a command says, with exit code 2, long before it gives up waiting."""
    began_s = time.monotonic()
    patient = settings.model_copy(update={"kafka_timeout_s": PATIENCE_S})
    said = Operator(patient).types(*words)

    assert 2 == said.exit_code, said.output
    assert 1 == len(said.output.splitlines()), said.output
    assert time.monotonic() - began_s < PATIENCE_S
    return said.output


def test_who_is_not_let_in_is_told_why_in_one_line(secured: SecuredKafka, tmp_path: Path) -> None:
    """By the setting that mends it; and nobody waits as for a broker that is away."""
    stranger = str(Authority(tmp_path, "stranger").file)
    scram = secured.settings("SCRAM", "monitor", SHOP, kafka_password="a wrong one")  # noqa: S106
    tokens = secured.settings("TOKENS", "monitor", SHOP, kafka_password="a wrong one")  # noqa: S106
    certs = secured.settings("CERTS", "monitor", SHOP)
    bare = {"kafka_certificate_file": "", "kafka_key_file": ""}
    for settings, named in (
        (scram, "Kafka refuses user monitor \\(SCRAM-SHA-512\\): are GOESWITH_KAFKA_USER"),
        (secured.settings("SCRAM", "nobody", SHOP), "Kafka refuses user nobody"),
        (scram.model_copy(update={"kafka_sasl_mechanism": "PLAIN"}), "does not take PLAIN"),
        (scram.model_copy(update={"kafka_ca_file": stranger}), "GOESWITH_KAFKA_CA_FILE"),
        (tokens, "the token endpoint at 127.0.0.1"),
        (secured.settings("EXPIRED", "monitor", SHOP), "the certificate of Kafka at .* expired"),
        (certs.model_copy(update=bare), "set GOESWITH_KAFKA_CERTIFICATE_FILE"),
    ):
        said = refused(settings, "lag")
        assert "wrong one" not in said
        assert re.search(named, said), said


def test_a_token_that_the_broker_does_not_take_is_told_from_one_that_is_not_given(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    """Somebody else has signed it; and one that comes from a command is as good as any."""
    other, right = tmp_path / "other", tmp_path / "right"
    other.write_text(TokenEndpoint({}).token("monitor"))
    right.write_text(secured.tokens.token("monitor"))
    wrong, good = (
        secured.settings(
            "TOKENS", "monitor", SHOP, kafka_token_url="", kafka_token_command=f"cat {token}"
        )
        for token in (other, right)
    )

    assert "does not take the access token of GOESWITH_KAFKA_TOKEN_COMMAND" in refused(wrong, "lag")
    assert 0 == Operator(good).types("topics", "list").exit_code


def test_a_password_may_be_sent_as_it_is(secured: SecuredKafka) -> None:
    """PLAIN, within TLS: as managed Kafkas have it."""
    plain = {"kafka_sasl_mechanism": "PLAIN", "kafka_token_url": ""}
    right = secured.settings("TOKENS", "monitor", SHOP, **plain)
    wrong = right.model_copy(update={"kafka_password": SecretStr("a wrong one")})

    assert 0 == Operator(right).types("topics", "list").exit_code
    assert "Kafka refuses user monitor (PLAIN)" in refused(wrong, "topics", "list")


async def test_a_gateway_needs_the_rights_of_a_storefront(secured: SecuredKafka) -> None:
    """To take events, and to follow prompts; without them it ends as it starts."""
    bus = KafkaBus(secured.settings("SCRAM", "storefront", SHOP))
    await bus.start()
    await bus.send([EventRecord(b"gateway", encode(event)) for event in bought("gateway")])
    assert not await bus.trouble()
    await bus.stop()
    for role in ("analyst", "monitor"):
        other = KafkaBus(secured.settings("SCRAM", role, SHOP))
        with pytest.raises(NotAuthorized, match="Kafka's ACLs do not let"):
            await other.start()
        await other.stop()


def test_a_token_endpoint_that_is_away_is_no_refusal(secured: SecuredKafka) -> None:
    """It may be back: exit code 1, for whoever starts it again."""
    away = {"kafka_token_url": "http://127.0.0.1:1/token"}
    said = Operator(secured.settings("TOKENS", "monitor", SHOP, **away)).types("lag")

    assert 1 == said.exit_code
    assert said.output.startswith("goeswith: no answer of the token endpoint at 127.0.0.1:1")
    assert 1 == len(said.output.splitlines())


def test_who_knocks_in_the_clear_is_told_what_the_listener_may_want(secured: SecuredKafka) -> None:
    """A broker hangs up on them without a word."""
    there = secured.settings("SCRAM", "monitor", SHOP).kafka_bootstrap
    said = Operator(secured.open(SHOP, kafka_bootstrap=there, kafka_timeout_s=1.0)).types("lag")

    assert 1 == said.exit_code
    assert "wants TLS or SASL hangs up like this: GOESWITH_KAFKA_SECURITY_PROTOCOL" in said.output


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("storefront", ("lag",)),
        ("monitor", ("subscribe", "--max", "1")),
        ("storefront", ("arms",)),
        ("analyst", ("explain", "s1")),
        ("storefront", ("dead-letters", "list")),
        ("monitor", ("forget", "ann")),
        ("worker", ("topics", "create", "--prefix", "another")),
    ],
)
def test_a_role_cannot_do_what_another_one_may(
    secured: SecuredKafka, role: str, words: tuple[str, ...]
) -> None:
    """The broker denies it, and the line says where the handbook has what is missing."""
    said = refused(secured.settings("SCRAM", role, SHOP), *words)

    assert f"Kafka's ACLs do not let user {role} " in said
    assert '"Least privilege"' in said


def test_a_worker_that_is_refused_or_lacks_any_one_acl_ends_with_one_line(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    """And exit code 2, with which nobody starts it again: no retries, no traceback."""
    everything = secured.open(DENIED, **WORKER)
    assert 0 == Operator(everything).types("topics", "create").exit_code
    events = [event for number in range(4) for event in bought(f"past-{number}")]
    events.append(Story("ann", start_ms=events[-1].occurred_at_ms).add("bread"))
    records = [ByHand(e.session_id.encode(), encode(e)) for e in events]
    send(everything, everything.topics.events, [*records, ByHand(b"ann", b"no event")])

    def without(left_out: Granted) -> str:
        return f"no-{left_out.operation}-{left_out.kind.name}-{left_out.topic}".lower()

    secured.add_users(*map(without, LEFT_OUT))
    for left_out in LEFT_OUT:
        others = [acl for acl in acls_of("worker") if acl != left_out]
        others += [Granted("Describe", ResourceType.TOPIC, topic) for topic in SEEN]
        secured.grant(without(left_out), DENIED, others, group=without(left_out))
    wrong = {"kafka_password": "a wrong one"}
    starts = [
        ("refuses user worker", secured.settings("SCRAM", "worker", DENIED, **wrong)),
        ("expired", secured.settings("EXPIRED", "worker", DENIED)),
        ("see the topics denied.prompts", secured.settings("SCRAM", "analyst", DENIED)),
        *(
            (left_out.topic or "group", secured.settings("SCRAM", without(left_out), DENIED))
            for left_out in LEFT_OUT
        ),
    ]

    def run(start: tuple[str, Settings]) -> tuple[str, int, str]:
        name = start[1].kafka_user or "expired"
        more = {**WORKER, "worker_name": name, "group_id": name}
        log = tmp_path / f"{name}-{start[0].split()[0]}.log"
        worker = Worker(dict(start[1]) | more | {"data_dir": str(tmp_path / log.stem)}, log)
        deadline_s = time.monotonic() + 60
        while worker.alive and time.monotonic() < deadline_s:
            time.sleep(0.1)
        code = worker.stop()
        return start[0], code, worker.said()

    with ThreadPoolExecutor(3) as some:
        for named, code, said in some.map(run, starts):
            errors = [line for line in said.splitlines() if "[ERROR]" in line]
            assert (2, 1) == (code, len(errors)), (named, code, said)
            assert named in errors[0]
            assert len(said.splitlines()) <= 4, said  # its page, a new group, its partitions


class KeptWorker:
    """A worker that keeps its checkpoints in a topic, and its page."""

    def __init__(self, secured: SecuredKafka, user: str, folder: Path, **more: Any) -> None:
        self._port = free_port()
        given = {**more, "web_port": self._port, "data_dir": str(folder / user)}
        settings = secured.settings("SCRAM", user, KEPT, **WORKER, **IN_TOPIC, **given)
        self.worker = Worker(dict(settings), folder / f"{user}.log")

    def until(self, condition: Callable[[], Any]) -> Any:
        """What a condition gives, once it gives something."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < deadline_s, self.worker.said()
            time.sleep(0.2)
        return found

    def counted(self, what: str) -> int:
        """What it has counted."""
        return int(self.page("/state").get("telemetry", {}).get(what, 0))

    def page(self, path: str) -> dict[str, Any]:
        """A page of it; empty while there is none."""
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self._port}{path}") as page:
            return dict(json.load(page))
        return {}


def test_a_worker_keeps_its_checkpoints_in_a_topic_with_the_rights_of_the_handbook(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    """And goes on from them; without one of them it works, and says which one it lacks."""
    for role in ("worker", "operator", "admin", "monitor"):
        secured.grant(role, KEPT, [*acls_of(role), *acls_of_checkpoints(role)])
    secured.add_users("unwriting")
    less = [acl for acl in OF_CHECKPOINTS if acl.kind is not ResourceType.TRANSACTIONAL_ID]
    secured.grant("unwriting", KEPT, [*acls_of("worker"), *less], group="unwriting")

    def types(role: str, *words: str) -> Any:
        more = {**WORKER, **IN_TOPIC, "kafka_timeout_s": 20.0}
        done = Operator(secured.settings("SCRAM", role, KEPT, **more)).types(*words, "--json")
        assert 0 == done.exit_code, (role, words, done.output)
        return json.loads(done.stdout)

    everything, events = secured.open(KEPT), bought("past")
    made = types("admin", "topics", "create")["created"]
    send(everything, everything.topics.events, [ByHand(b"past", encode(one)) for one in events])
    lacking = KeptWorker(secured, "unwriting", tmp_path, group_id="unwriting")
    try:
        notes = lacking.until(lambda: lacking.page("/readyz").get("notes"))
    finally:
        lacking.worker.kill()
    first = KeptWorker(secured, "worker", tmp_path)
    try:
        first.until(lambda: first.counted("checkpoints"))
    finally:
        first.worker.kill()
    second = KeptWorker(secured, "worker", tmp_path)
    try:
        restored = second.until(lambda: second.counted("restored"))
        assert 0 == second.worker.stop(), second.worker.said()
    finally:
        second.worker.kill()
    assert types("operator", "checkpoint", "list")["generations"]
    types("operator", "checkpoint", "save")
    types("operator", "checkpoint", "load", "store", str(tmp_path / "kept"))
    types("operator", "checkpoint", "restore", "--generation", "1")
    listed = {row["name"] for row in types("monitor", "topics", "list")["topics"]}

    topics = everything.topics
    assert {*topics.declared("kafka:"), topics.catalog, topics.control} == set(made) == listed
    assert 1 == len(notes)
    assert f"do not let user unwriting use the transactional id {KEPT}.checkpoints" in notes[0]
    assert 1 == lacking.worker.said().count("do not let user unwriting")
    assert "[ERROR]" not in lacking.worker.said()
    assert len(events) == restored
    assert "checkpoint" not in second.worker.said()


@pytest.mark.parametrize(
    "left_out", OF_CHECKPOINTS, ids=lambda acl: f"{acl.kind.name}-{acl.operation}"
)
def test_who_lacks_a_right_on_the_topic_of_checkpoints_is_told_which_in_one_line(
    secured: SecuredKafka, left_out: Granted
) -> None:
    """Whichever one it is, and nothing is written."""
    user = f"no-{left_out.kind.name}-{left_out.operation}-kept".lower()
    everything = Operator(secured.open(DENIED, **WORKER, **IN_TOPIC))
    assert 0 == everything.types("topics", "create").exit_code
    assert everything.asks("checkpoint", "save")["written"]
    before = everything.asks("checkpoint", "inspect")["made_at_ms"]
    secured.add_users(user)
    others = [acl for acl in OF_CHECKPOINTS if acl != left_out]
    secured.grant(user, DENIED, [*acls_of("operator"), *others], group=user)
    lacking = secured.settings("SCRAM", user, DENIED, **WORKER, **IN_TOPIC)
    said = refused(lacking, "checkpoint", "save", "--fresh")

    assert f"Kafka's ACLs do not let user {user} use the " in said
    assert f"{DENIED}.checkpoints" in said
    assert ("transactional id" in said) == (left_out.kind is ResourceType.TRANSACTIONAL_ID)
    assert before == everything.asks("checkpoint", "inspect")["made_at_ms"]


def test_who_has_the_rights_of_operator_and_admin_can_repartition(secured: SecuredKafka) -> None:
    """Of both prefixes; and to add partitions to the topics that are there takes Alter besides."""
    both = [*acls_of("operator"), *acls_of("admin")]
    both += [*acls_of_checkpoints("operator"), *acls_of_checkpoints("admin")]
    everything = secured.open("moving", **WORKER, **IN_TOPIC)
    topics = [name.partition(".")[2] for name in everything.topics.declared()]
    alter = [Granted("Alter", ResourceType.TOPIC, topic) for topic in topics]
    secured.add_users("mover")
    secured.grant("mover", "moving", both)
    secured.grant("mover", "moved", both, group="moving")
    assert 0 == Operator(everything).types("topics", "create").exit_code
    events = [ByHand(b"past", encode(one)) for one in bought("past")]
    send(everything, everything.topics.events, events)
    commit(everything, {0: len(events)})
    mover = secured.settings("SCRAM", "mover", "moving", **WORKER, **IN_TOPIC)
    wider = "topics", "repartition", "--partitions", "3", "--apply"

    assert re.search(r"user mover use the topic moving\.[\w-]+ \(", refused(mover, *wider))
    assert Operator(mover).asks(*wider, "--to", "moved")["done"]
    secured.grant("mover", "moving", alter)
    assert Operator(mover).asks(*wider)["done"]
