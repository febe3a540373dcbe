"""Takes away from the present process, for good, what a strategy has no use for. Meant for a child with that one job.

Three layers, each as far as the system has it; :func:`confine` tells which ones hold:

- ``limits`` (POSIX): memory, processor time and open files as told; no process, no byte into a file, no core dump.
- ``landlock`` (Linux 5.13 and newer): only the folders named can be read, nothing can be written; from 6.7 on no TCP,
  from 6.12 on no signal to a process outside.
- ``seccomp`` (Linux on x86-64 and ARM64): the system ends the process when it calls for another process or thread, the
  network, a signal, a change of a file, another process's memory or its own limits.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_MEGABYTE = 2**20

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SIGKILL = 9
_SECCOMP_MODE_FILTER = 2

# Landlock's numbers are the same on every processor.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights over files each version knows; later ones know as many as the last."""
_NET_SINCE, _BIND_AND_CONNECT = 4, 0b11
_SCOPES_SINCE, _SOCKETS_AND_SIGNALS = 6, 0b11

_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_NEWEST_KNOWN = 450
_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# Numbers by architecture; asm/unistd.h has them. What has none there is not listed.
_ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_KILLED: Mapping[str, Sequence[int]] = {
    "x86_64": (
        *(56, 57, 58, 59, 322),  # clone, fork, vfork, execve, execveat
        *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # sockets
        *(62, 129, 200, 234, 297, 424, 434, 438),  # kill and its kind, and descriptors of processes
        *(101, 310, 311, 272, 308),  # ptrace, process_vm_readv and _writev, unshare, setns
        *(76, 77, 82, 83, 84, 85, 86, 87, 88, 133, 258, 259, 263, 264, 265, 266, 316),  # names and lengths of files
        *(90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280),  # their attributes
        *(155, 161, 165, 166, 428, 429, 430, 431, 432, 433, 442),  # mounts
        *(109, 112, 160),  # setpgid, setsid, setrlimit
        *(29, 30, 64, 68, 240),  # shared memory, semaphores and queues of the system
    ),
    "aarch64": (
        *(220, 221, 281),
        *(198, 199, 200, 201, 202, 203, 206, 211, 242, 269),
        *(129, 130, 131, 138, 240, 424, 434, 438),
        *(117, 270, 271, 97, 268),
        *(33, 34, 35, 36, 37, 38, 45, 46, 276),
        *(5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88),
        *(39, 40, 41, 51, 428, 429, 430, 431, 432, 433, 442),
        *(154, 157, 164),
        *(180, 186, 190, 194, 196),
    ),
}
# What libraries try and can do without is refused: io_uring, bpf, perf_event_open, userfaultfd, memfd_create, keys,
# prctl, seccomp, priorities, memfd_secret.
_REFUSED: Mapping[str, Sequence[int]] = {
    "x86_64": (425, 426, 427, 321, 298, 323, 319, 248, 249, 250, 157, 317, 141, 144, 203, 447),
    "aarch64": (425, 426, 427, 280, 241, 282, 279, 217, 218, 219, 167, 277, 140, 119, 122, 447),
}
_CLONE3, _OPENAT2 = 435, 437
_OPENS: Mapping[str, Sequence[tuple[int, int]]] = {"x86_64": ((2, 1), (257, 2)), "aarch64": ((56, 2),)}
"""Calls that open a file, each with the place of the argument that says how."""
_PRLIMIT: Mapping[str, int] = {"x86_64": 302, "aarch64": 261}


class Limits(Struct, frozen=True):
    """What a confined process may use.

    Attributes:
        memory_mb: of address space.
        cpu_seconds: of processor time, for its whole life.
        open_files: descriptors at a time.
    """

    memory_mb: int = 512
    cpu_seconds: int = 3600
    open_files: int = 32


def confine(limits: Limits, readable: Iterable[Path]) -> tuple[str, ...]:
    """Confine this process for good; the layers that hold, by name.

    Args:
        limits: what it may use.
        readable: folders and files that it may read; those that are not there are passed over.
    """
    held = []
    if _limit(limits):
        held.append("limits")
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            if version := _landlock(libc, readable):
                held.append(f"landlock {version}")
            if _seccomp(libc):
                held.append("seccomp")
    return tuple(held)


def end_with(parent: int) -> None:
    """Have the system end this process with its parent, where it can; end it now where that parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit(limits: Limits) -> bool:
    """Set the limits; False where the system refuses one, as macOS does with memory."""
    wanted = {
        resource.RLIMIT_AS: limits.memory_mb * _MEGABYTE,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    whole = True
    for kind, most in wanted.items():
        try:
            _, ceiling = resource.getrlimit(kind)
            low = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
            # A second past the limit of processor time the system stops asking.
            high = low + 1 if kind == resource.RLIMIT_CPU and low != ceiling else low
            resource.setrlimit(kind, (low, high))
        except (ValueError, OSError):
            whole = False
    return whole


def _landlock(libc: ctypes.CDLL, readable: Iterable[Path]) -> int:
    """Allow reading in these places and nothing else of files; the version that holds, 0 where there is none."""
    version = int(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG))
    if version < 1:
        return 0
    rights = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS[max(_FILE_RIGHTS)])) - 1
    attributes = struct.pack("=Q", rights)
    if version >= _NET_SINCE:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT)
    if version >= _SCOPES_SINCE:
        attributes += struct.pack("=Q", _SOCKETS_AND_SIGNALS)
    rules = int(libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    if rules < 0:
        return 0
    try:
        for place in readable:
            _allow_reading(libc, rules, place)
        return version if libc.syscall(_LANDLOCK_RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow_reading(libc: ctypes.CDLL, rules: int, place: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _READ_FILE | _READ_DIR if place.is_dir() else _READ_FILE
            libc.syscall(_LANDLOCK_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
        finally:
            os.close(descriptor)


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _ARCHITECTURES or sys.maxsize < 2**32:
        return False
    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0) == 0)


def _program(machine: str) -> bytes:
    """The filter of system calls, as the kernel reads it."""
    steps = [
        *(_step(_LOAD, _ARCHITECTURE_AT), _step(_EQUAL, _ARCHITECTURES[machine], 1, 0), _step(_RETURN, _KILL)),
        _step(_LOAD, _NUMBER_AT),
        # What is newer than this table, and calls of another convention, are not there.
        *(_step(_GREATER, _NEWEST_KNOWN, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)),
    ]
    for numbers, answer in (
        (_KILLED[machine], _KILL),
        (_REFUSED[machine], _ERRNO | errno.EPERM),
        ((_CLONE3, _OPENAT2), _ERRNO | errno.ENOSYS),
    ):
        for number in numbers:
            steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, answer)]
    for number, place in _OPENS[machine]:
        steps += [
            _step(_EQUAL, number, 0, 4),
            _step(_LOAD, _ARGUMENTS_AT + 8 * place),
            _step(_ANY_BIT, _CHANGES, 0, 1),
            _step(_RETURN, _KILL),
            _step(_RETURN, _ALLOW),
        ]
    # Limits may be read (no new ones are given: a null pointer), and not set.
    steps += [
        _step(_EQUAL, _PRLIMIT[machine], 0, 6),
        *(_step(_LOAD, _ARGUMENTS_AT + 16), _step(_EQUAL, 0, 1, 0), _step(_RETURN, _KILL)),
        *(_step(_LOAD, _ARGUMENTS_AT + 20), _step(_EQUAL, 0, 1, 0), _step(_RETURN, _KILL)),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
