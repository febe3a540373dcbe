"""The lock that gives a data folder its one owner. The system drops it with the process, kill -9 included."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from types import TracebackType

from cockpit.errors import StorageError
from cockpit.paths import Paths

_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.1


class OwnerLock:
    """Held from :func:`take_lock` until :meth:`release`, or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another process own the folder; the file stays, since removing it would race with a taker."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "OwnerLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def take_lock(paths: Paths) -> OwnerLock | None:
    """Become the owner of the folder; None where another process owns it.

    Raises:
        StorageError: the lock file cannot be made, or the file system knows no locks.
    """
    try:
        descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"cannot make the lock file {paths.lock}: {error.strerror}; choose another folder with --data-dir"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise StorageError(
            f"cannot lock {paths.lock}: {error.strerror}; choose a folder on a local disk with --data-dir"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return OwnerLock(descriptor)


@contextmanager
def owned(paths: Paths, purpose: str) -> Iterator[None]:
    """Own the folder for a purpose. Another command is done in a moment; a cockpit that runs is not.

    Raises:
        StorageError: another process goes on owning it; the sentence names the purpose.
    """
    paths.create()
    deadline = monotonic() + _WAIT_SECONDS
    while (lock := take_lock(paths)) is None:
        if monotonic() >= deadline:
            raise StorageError(f"{owned_elsewhere(paths)}; end it before {purpose}")
        sleep(_POLL_SECONDS)
    with lock:
        yield


def owner_pid(paths: Paths) -> int | None:
    """The process that holds the lock, as it wrote itself down; None where the file does not say."""
    try:
        return int(paths.lock.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def owned_elsewhere(paths: Paths) -> StorageError:
    """The sentence for whoever wants to write into a folder that another process owns."""
    pid = owner_pid(paths)
    process = f"process {pid}" if pid is not None else "another process"
    return StorageError(f"the data folder {paths.data} is owned by {process}; this cockpit can only look")
