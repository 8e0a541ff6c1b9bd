"""The fault injector: faults happen to workers, a broker or a Redis; and when each one did."""

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from streams.lab.chaos.faults.plan import Fault, Kind
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.lab.chaos.ground.workers import Worker, WorkerFleet
from streams.lab.embedded.redis_server import EmbeddedRedis

REDIS_S_MAX = 5.0


class InjectedFault(NamedTuple):
    """A fault that was: from when to when somebody was away, in milliseconds since 1970."""

    kind: Kind
    began_ms: int
    ended_ms: int


class FaultInjector:
    """Makes faults happen, one at a time."""

    def __init__(self, crew: WorkerFleet, kafka: RealKafka, redis: EmbeddedRedis) -> None:
        self._crew = crew
        self._kafka = kafka
        self._redis = redis
        self._on_workers: dict[Kind, Callable[[Worker, float], None]] = {
            "kill": self._kill,
            "kill_away": self._vanish,
            "term": self._term,
            "pause": self._pause,
            "leave": lambda worker, _: self._crew.leave(worker),
        }
        self._on_others: dict[Kind, Callable[[float], None]] = {
            "join": lambda _: self._join(),
            "broker_stop": lambda lasts_s: self._broker(kafka.stop, lasts_s),
            "broker_kill": lambda lasts_s: self._broker(kafka.kill, lasts_s),
            "broker_restart": lambda lasts_s: self._broker(kafka.stop, lasts_s),
            "redis_kill": self._redis_kill,
            "redis_flush": lambda _: self._tell_redis("FLUSHALL"),
            "redis_slow": self._redis_slow,
        }

    def strike(self, fault: Fault) -> InjectedFault:
        """Let it happen; returns when whoever was hit has come back, not when they have recovered.

        Workers that have ended by themselves are started again before, as a supervisor would.
        """
        self._crew.revive()
        began_ms = time.time_ns() // 1_000_000
        if fault.kind in self._on_workers:
            workers = list(self._crew.workers.values())
            self._on_workers[fault.kind](workers[int(fault.whom * len(workers))], fault.lasts_s)
        else:
            self._on_others[fault.kind](fault.lasts_s)
        return InjectedFault(fault.kind, began_ms, time.time_ns() // 1_000_000)

    def _kill(self, worker: Worker, _lasts_s: float) -> None:
        worker.kill()

    def _vanish(self, worker: Worker, lasts_s: float) -> None:
        worker.vanish()
        time.sleep(lasts_s)
        worker.restart()

    def _term(self, worker: Worker, _lasts_s: float) -> None:
        worker.stop()
        worker.restart()

    def _pause(self, worker: Worker, lasts_s: float) -> None:
        worker.pause()
        time.sleep(lasts_s)
        worker.resume()

    def _join(self) -> None:
        self._crew.join()

    def _broker(self, end: Callable[[], None], lasts_s: float) -> None:
        end()
        time.sleep(lasts_s)
        self._kafka.start()

    def _redis_kill(self, lasts_s: float) -> None:
        self._redis.kill()
        time.sleep(lasts_s)
        self._redis.start()

    def _redis_slow(self, lasts_s: float) -> None:
        self._tell_redis(f"CLIENT PAUSE {lasts_s * 1000:.0f} ALL")
        time.sleep(lasts_s)

    def _tell_redis(self, command: str) -> None:
        """By hand: of Redis clients there is one, and it is the views'."""
        with socket.create_connection(("127.0.0.1", self._redis.port), REDIS_S_MAX) as line:
            line.sendall(f"{command}\r\n".encode())
            line.recv(64)
