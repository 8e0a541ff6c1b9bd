"""A folder of an object store, as fsspec reaches it: S3, Google Cloud Storage, Azure, and others.

fsspec has one set of calls, and a driver for each scheme of URLs: s3fs, gcsfs and adlfs are
packages of their own. They take accounts and addresses from their own environment (`AWS_…`,
`GOOGLE_…`, `AZURE_…`, or `FSSPEC_S3_ENDPOINT_URL` and the like), never from us.

Each call has a bound in time: it is made in a thread that is left behind when it hangs. Whatever a
driver raises is one `StoreUnreachable` here, with what it said but without what might be a secret.
A driver's connections do not live through a fork: each process has a driver of its own.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from streams.contract.errors import Misconfigured, MissingExtra, StoreUnreachable

ANSWER_S_MAX = 30.0
"""How long a store may take for a word: a list, a pointer, a deletion."""
TRANSFER_S_MAX = 300.0
"""How long it may take to read or write a checkpoint."""
SAID_CHARS_MAX = 160
MAY_BE_SECRET = re.compile(r"\S+://\S+|[A-Za-z0-9+/=_%~-]{20,}")
"""Addresses, which may hold names and tokens, and words as long as keys are."""
OPTIONS = re.compile("[?#]")
NAMED_BY_USER = ("abfs", "abfss", "az")
"""Schemes whose URLs have a container where others have a user."""
MODIFIED = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
"""What drivers call the time of the last change."""
DRIVERS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"} | dict.fromkeys(
    NAMED_BY_USER, "adlfs"
)
INSTALL = "pip install 'goeswith[object-store]'"
Answer = TypeVar("Answer")


class ObjectFolder:
    """A folder of a store; raises `Misconfigured` for a URL that is none, and `MissingExtra`."""

    def __init__(
        self,
        url: str,
        *,
        answer_s_max: float = ANSWER_S_MAX,
        transfer_s_max: float = TRANSFER_S_MAX,
    ) -> None:
        self.where = shown(url)
        self._url, self._pid = url, 0
        self._opened: tuple[Any, str] | None = None
        self._answer_s_max, self._transfer_s_max = answer_s_max, transfer_s_max
        check_driver(url)

    def names(self) -> Mapping[str, float | None]:
        """What lies there, and when it was changed, in s since 1970 by the store's clock, if told.

        Raises `StoreUnreachable`.
        """

        def look(driver: Any, path: str) -> list[dict[str, Any]]:
            driver.invalidate_cache()
            try:
                return list(driver.ls(path, detail=True))
            except FileNotFoundError:
                return []

        found = self._done("listed", look)
        return {one["name"].rstrip("/").rpartition("/")[2]: _modified_s(one) for one in found}

    def get(self, name: str, bytes_max: int, *, is_word: bool = False) -> bytes | None:
        """What is under a name; None: nothing, or more than that. Raises `StoreUnreachable`.

        A word is no checkpoint, and has less time.
        """

        def read(driver: Any, path: str) -> bytes | None:
            try:
                if driver.info(f"{path}/{name}")["size"] > bytes_max:
                    return None
                return bytes(driver.cat_file(f"{path}/{name}"))
            except FileNotFoundError:
                return None

        return self._done("read", read, is_word=is_word)

    def put(self, name: str, data: bytes, *, is_word: bool = False) -> None:
        """Write, whatever was there, a word in less time; raises `StoreUnreachable`."""
        self._done(
            "written to",
            lambda driver, path: driver.pipe_file(f"{path}/{name}", data),
            is_word=is_word,
        )

    def create(self, name: str, data: bytes) -> bool:
        """Write what is not there yet; False: it was there. Raises `StoreUnreachable`.

        S3, Google Cloud Storage and Azure decide that themselves, for one of all who try at once.
        """

        def put(driver: Any, path: str) -> bool:
            try:
                driver.pipe_file(f"{path}/{name}", data, mode="create")
            except FileExistsError:
                return False
            return True

        return self._done("written to", put)

    def delete(self, name: str) -> None:
        """Delete, if it is there; raises `StoreUnreachable`."""

        def remove(driver: Any, path: str) -> None:
            try:
                driver.rm_file(f"{path}/{name}")
            except FileNotFoundError:
                return

        self._done("deleted from", remove)

    def _done(
        self, verb: str, call: Callable[[Any, str], Answer], *, is_word: bool = True
    ) -> Answer:
        """What a call gives, within its time."""
        seconds_max = self._answer_s_max if is_word else self._transfer_s_max
        try:
            return within(lambda: call(*self._driver()), seconds_max)
        except TimeoutError:
            self._opened = None  # what hangs is not asked again
            raise StoreUnreachable(
                f"{self.where} cannot be {verb}: no answer within {seconds_max:g} s"
            ) from None
        except Exception as error:  # noqa: BLE001  # a driver may raise anything; callers count it
            self._opened = None
            raise StoreUnreachable(f"{self.where} cannot be {verb}: {in_words(error)}") from None

    def _driver(self) -> tuple[Any, str]:
        """The driver of this process, and the folder's path as it writes it."""
        if self._opened is None or self._pid != os.getpid():
            from fsspec.core import url_to_fs  # noqa: PLC0415  # who has none does without

            driver, path = url_to_fs(self._url, skip_instance_cache=True)
            self._opened = opened = driver, path.rstrip("/")
            self._pid = os.getpid()
            return opened
        return self._opened


def within(call: Callable[[], Answer], seconds_max: float) -> Answer:
    """What a call gives; raises `TimeoutError` when it takes longer, and what the call raises.

    >>> within(lambda: "bread", seconds_max=10.0)
    'bread'
    """
    given: list[Answer] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            given.append(call())
        except Exception as error:  # noqa: BLE001  # it is raised where the call was asked for
            failed.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds_max)
    if failed:
        raise failed[0]
    if not given:
        raise TimeoutError
    return given[0]


def check_driver(url: str) -> None:
    """Raise `MissingExtra` or `Misconfigured` where no driver takes this URL.

    >>> check_driver("s3://bread/butter?versionId=1")
    Traceback (most recent call last):
      ...
    streams.contract.errors.Misconfigured: GOESWITH_CHECKPOINT_URL is s3://bread/butter with a ? or
    a #: options are told to its driver, by its own environment
    """
    scheme = url.partition("://")[0]
    try:
        urlsplit(url)
    except ValueError:
        raise Misconfigured(
            f"GOESWITH_CHECKPOINT_URL begins with {scheme}:// and is no URL: see to its brackets"
        ) from None
    if scheme == "memory":
        raise Misconfigured(
            "GOESWITH_CHECKPOINT_URL is memory://, where nothing outlives the process that writes "
            "it: name a store, or `none`"
        )
    if "?" in url or "#" in url:
        raise Misconfigured(
            f"GOESWITH_CHECKPOINT_URL is {shown(url)} with a ? or a #: options are told to its "
            "driver, by its own environment"
        )
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415  # who has none does without
    except ImportError:
        raise MissingExtra(
            f"checkpoints at {scheme}:// need fsspec and a driver, which are not installed: "
            f"{INSTALL} {DRIVERS.get(scheme, '')}".rstrip()
        ) from None
    try:
        get_filesystem_class(scheme)
    except ImportError as error:
        driver = DRIVERS.get(scheme, "")
        way = f": pip install {driver}" if driver else f" ({error})"
        raise MissingExtra(
            f"checkpoints at {scheme}:// need a driver, which is not installed{way}"
        ) from None
    except ValueError:
        raise Misconfigured(
            f"GOESWITH_CHECKPOINT_URL begins with {scheme}://, which is neither ours nor one "
            "that fsspec knows"
        ) from None


def shown(url: str) -> str:
    """A URL without name, password and options; what may be one is cut, wherever it ends.

    >>> shown("sftp://till:secret@vault/shop?key=1"), shown("abfs://bread@butter.example/shop")
    ('sftp://vault/shop', 'abfs://bread@butter.example/shop')
    >>> shown("sftp://till:sec/ret@vault/shop"), shown("sftp://till:sec#ret@vault/shop")
    ('sftp://…@vault/shop', 'sftp://…')
    """
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    if "?" in user or "#" in user:  # of a password, or of an option that has the @
        return f"{scheme}://…"
    is_container = scheme in NAMED_BY_USER and ":" not in user and "/" not in user
    if at and not is_container:
        rest = f"…@{host}" if "/" in user else host
    return f"{scheme}://{OPTIONS.split(rest)[0].rstrip('/')}"


def in_words(error: Exception) -> str:
    """What a driver said, without what may be a secret.

    >>> in_words(PermissionError("AKIAIOSFODNN7EXAMPLE+secret may not read s3://bread/butter"))
    'PermissionError (… may not read …)'
    """
    said = " ".join(str(part) for part in error.args if isinstance(part, str)) or str(error)
    said = MAY_BE_SECRET.sub("…", " ".join(said.split()))[:SAID_CHARS_MAX]
    return f"{type(error).__name__} ({said})" if said else type(error).__name__


def _modified_s(info: Mapping[str, Any]) -> float | None:
    """When something was changed, as a driver tells it."""
    said = next((info[name] for name in MODIFIED if info.get(name)), None)
    if isinstance(said, str):
        try:
            said = datetime.fromisoformat(said)
        except ValueError:
            return None
    if isinstance(said, datetime):
        return said.timestamp()
    return float(said) if isinstance(said, int | float) else None
