"""The order of test files: the longest begin first, so that no process works alone at the end.

`make test` hands out whole files. By itself pytest-xdist begins with the files of most tests, so
that a file of one long test came last, and the other process waited for it;
`--no-loadscope-reorder` leaves the order to this module, which has files of most tests first among
those that are short.

Longest processing time first, each to the process that is free next, is at most a third above the
best of all schedules (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969). Here it is not
quite that: pytest-xdist (3.8) gives a process its next file as soon as two of its tests or fewer
are pending, so that a file can wait behind a long test while the other process is free. So the
bound is a guide, no promise. Only long files need a number: the others fill the gaps.

`pytest --durations=50` tells what has become long, by setup, call and teardown of single tests: a
file of many short ones is not among them, which `--durations=0`, added up by file, tells.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

SECONDS = {
    "tests/integration/test_secured_kafka.py": 144,
    "tests/lab/demo/web/test_in_a_browser.py": 100,
    "tests/integration/test_two_workers.py": 98,
    "tests/integration/test_verdict.py": 95,
    "tests/integration/test_mirror.py": 92,
    "tests/integration/test_topics_as_they_are.py": 71,
    "tests/integration/test_agreement.py": 62,
    "tests/storefront/gateway/browser/test_in_a_browser.py": 50,
    "tests/lab/bench/pipeline/test_pipeline.py": 45,
    "tests/scenarios/test_demo.py": 45,
    "tests/integration/test_compose_services.py": 38,
    "tests/integration/test_repartition.py": 34,
    "tests/integration/test_checkpoint_topic.py": 33,
    "tests/integration/test_handbook.py": 31,
    "tests/integration/test_pages.py": 30,
    "tests/fuzz/test_short.py": 30,
    "tests/lab/bench/gateway/test_gateway_bench.py": 25,
    "tests/lab/chaos/test_beside_the_twin.py": 24,
    "tests/integration/test_checkpoint_store.py": 22,
    "tests/storefront/intake/test_money.py": 22,
    "tests/storefront/gateway/bus/test_kafka_bus.py": 20,
    "tests/integration/test_checkpoints.py": 17,
    "tests/integration/test_transactions.py": 17,
    "tests/integration/test_lag_watch.py": 17,
    "tests/worker/running/test_claims.py": 17,
    "tests/integration/test_taking_back.py": 16,
    "tests/integration/test_health.py": 16,
    "tests/lab/demo/shoppers/test_belongings.py": 16,
    "tests/properties/test_slots_share.py": 15,
    "tests/integration/test_apache_kafka.py": 14,
    "tests/storefront/gateway/browser/test_layout.py": 13,
    "tests/storefront/gateway/browser/test_offers.py": 13,
    "tests/storefront/reference/guardrails/test_turned_bad.py": 13,
    "tests/lab/bench/size/test_outlive.py": 12,
}
"""About how long a file takes, where that is more than ten seconds of waiting and working."""


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Tests by files: the longest, then those of most tests; within one, as they were drawn."""
    tests = Counter(map(file_of, items))

    def last(item: pytest.Item) -> tuple[int, int]:
        file = file_of(item)
        return -SECONDS.get(file, 0), -tests[file]

    return sorted(items, key=last)


def file_of(item: pytest.Item) -> str:
    """The file of a test, from the root of the checkout on."""
    return item.nodeid.partition("::")[0]
