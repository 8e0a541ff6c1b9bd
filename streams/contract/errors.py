"""Everything that can go wrong, as a tree.

```
GoeswithError
├── BadInput                     somebody sent us something: a dead letter, and the worker goes on
│   ├── InvalidEvent             undecodable, oversize or outside the contract
│   ├── InvalidReference         the same of a record of the catalogue, or of a control
│   └── InvalidReceipt           a receipt that is none of ours for this session, or too old
├── Misconfigured                the operator has to change something: said at start-up, exit code 2
│   ├── MissingSecret            no secret to seal receipts with
│   ├── MissingExtra             an optional dependency is not installed
│   ├── MissingCodec             a package that unpacks compressed records is not installed
│   ├── TopicsWrong              topics are missing, or other than `streams/contract/topics.py` says
│   ├── FileUnusable             a file is missing, or a line of it is not what it should be
│   ├── NotAuthenticated         the broker and we do not agree who we are: certificate, password
│   ├── NotAuthorized            Kafka's ACLs do not let us do what we have to
│   ├── NameTaken                another worker runs under the same name
│   └── TransportChanged         a pinned library no longer has the private names that we rely on
├── KafkaUnreachable             no broker answered
│   └── NoToken                  there was no access token to sign in with
├── RequestRefused               a request to the gateway: whoever asked is told
├── NotEnough                    the log says too little for an answer that could be trusted
├── ViewUnreadable               somebody else has written where a view is looked for
├── RedisUnreachable             neither views nor checkpoints; prompts go on without them
├── StoreUnreachable             an object store: no checkpoints; prompts go on without them
├── CheckpointRefused            damaged, older or foreign: the log is folded instead
└── WorkerFailed                 the worker has to stop; a successor answers again, same ids
    ├── DeliveryFailed           the broker did not take what we published
    ├── LogUnreadable            a batch of the log is damaged on the broker
    ├── LogReplaced              the events topic holds another log than the one that was folded
    ├── SettingsDiffer           a worker with other settings has taken our place meanwhile
    ├── FoldStalled              an event waited for its predecessors longer than it may
    └── WorkerStuck              the log has more, Kafka answers, and the worker does not get on
```

`models.snapshot.snapshot.SnapshotError` stands apart: the models know nothing of streams.
"""

from collections.abc import Iterable


class GoeswithError(Exception):
    """Root of all errors that goeswith raises itself."""


class BadInput(GoeswithError):
    """Input that cannot be used; `reason` is a short, stable word for counters and headers."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidEvent(BadInput):
    """A record of the events topic that is not an event of the contract."""


class InvalidReference(BadInput):
    """A record of the catalogue or of the controls that is none; the last good one stands."""


class InvalidReceipt(BadInput):
    """Feedback whose receipt is none of ours for its session, or does not count any more."""

    def __init__(self, reason: str, message: str, *, key_id: str = "") -> None:
        super().__init__(reason, message)
        self.key_id = key_id
        """The id of the key that sealed it, if that is the one thing that is not known here."""


class Misconfigured(GoeswithError):
    """A setting or an installation that the operator has to change."""


class MissingSecret(Misconfigured):
    """There is no secret to seal receipts with."""


class MissingExtra(Misconfigured):
    """An optional dependency is not installed; the message names the command that installs it."""


class MissingCodec(Misconfigured):
    """A package that unpacks compressed records is not installed; the message names it."""


class TopicsWrong(Misconfigured):
    r"""Topics are missing, or have another shape than declared.

    `findings`: what is so of each, and what to do; a command is alone on the last of its lines.

    >>> print(TopicsWrong("topics", ["jam is short:\n  add sugar", "bread is hot"]))
    topics: jam is short: add sugar; bread is hot
    """

    def __init__(self, said: str = "", findings: Iterable[str] = ()) -> None:
        self.said, self.findings = said, tuple(findings)
        told = (one.replace(":\n  ", ": ").replace("\n", "; ") for one in self.findings)
        super().__init__(f"{said}: {'; '.join(told)}" if self.findings else said)


class FileUnusable(Misconfigured):
    """A file that a command was given cannot be read; the message names the line."""


class NotAuthenticated(Misconfigured):
    """A certificate, a password or a token is not taken, by the broker or by us."""


class NotAuthorized(Misconfigured):
    """Kafka's ACLs do not let us do what we have to; the message names topic or group."""


class NameTaken(Misconfigured):
    """Another worker runs under the same name, and has taken our place in the group."""


class TransportChanged(Misconfigured):
    """A library no longer has the private names that the transport relies on."""


class KafkaUnreachable(GoeswithError):
    """No broker answered at the bootstrap address."""


class NoToken(KafkaUnreachable):
    """There was no access token to sign in with: its command or endpoint gave none."""


class RequestRefused(GoeswithError):
    """A request that the gateway does not serve; `reason` is a short, stable word."""

    def __init__(self, status: int, reason: str, message: str, *, again_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """Of HTTP."""
        self.reason = reason
        self.again_s = again_s
        """After how long it may be asked again; 0: that would not help."""


class NotEnough(GoeswithError):
    """The log says too little for an answer that could be trusted."""


class ViewUnreadable(GoeswithError):
    """Where a view is looked for in Redis there is something else; the message names the key."""


class RedisUnreachable(GoeswithError):
    """Redis did not answer; views and checkpoints are missed, nothing else."""


class StoreUnreachable(GoeswithError):
    """An object store did not answer, or not to us; checkpoints are missed, nothing else."""


class CheckpointRefused(GoeswithError):
    """A checkpoint that is not to be trusted here; the message says why, `reason` in a word.

    `damaged`; of another `version`; made under other `settings`; of another `log` of this name;
    `sealed` with a key that is not here;
    `foreign` (another topic's or cluster's, or no checkpoint at all); `gone`, nothing is left of
    it; or it knows `more` than what was to replace it.
    """

    def __init__(self, message: str, reason: str = "damaged") -> None:
        super().__init__(message)
        self.reason = reason


class WorkerFailed(GoeswithError):
    """The worker cannot go on; nothing that is not delivered has been acknowledged."""


class DeliveryFailed(WorkerFailed):
    """The broker did not take a batch of prompts, outcomes or dead letters."""


class LogUnreadable(WorkerFailed):
    """A batch of the log is damaged: its checksum is wrong, or it is no batch."""


class LogReplaced(WorkerFailed):
    """The events topic was made anew, or has lost its end: offsets have another meaning now."""


class FoldStalled(WorkerFailed):
    """An event waited for the events before it longer than allowed."""


class SettingsDiffer(WorkerFailed):
    """While we could not say that we are there, a worker with other settings took our place."""


class WorkerStuck(WorkerFailed):
    """The worker does not get on, though the log has more and Kafka answers."""
