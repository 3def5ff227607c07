"""Leaves a decoder process the system calls that decoding needs, by libseccomp where it is installed.

Debian and Ubuntu install it with apt. `pyseccomp`, its binding on PyPI that is not compiled, had its last
release in 2021 and would be this module again: five functions by ctypes.
"""

from __future__ import annotations

import ctypes
import errno
import os

#: libseccomp finds the numbers for the machine; a name that one machine lacks is left out there.
_ALLOWED = (
    # The socket to the parent, and nothing else that is open.
    *("read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg"),
    *("close", "fstat", "lseek", "poll", "ppoll"),
    # Memory.
    *("brk", "munmap", "mremap", "madvise"),
    # Locks, signals and the end of the process.
    *("futex", "sched_yield", "restart_syscall", "exit", "exit_group"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
    # What the process is, and what it has used.
    *("getpid", "gettid", "getrusage", "getrandom", "sysinfo", "sched_getaffinity"),
    *("clock_gettime", "gettimeofday", "clock_nanosleep", "nanosleep"),
)
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED_EQUAL = 4, 7
_PROT_EXEC = 4


class _Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`: which argument, how it is compared, and with what."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def leave_only_decoding() -> None:
    """From now on every other call fails as one that the kernel does not have. Cannot be undone."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return  # the other measures protect without this one
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ERROR | errno.ENOSYS)))

    def allow(name: str, *conditions: _Comparison) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        array = (_Comparison * len(conditions))(*conditions)
        library.seccomp_rule_add_array(rules, ctypes.c_uint32(_ALLOW), number, len(conditions), array)

    for name in _ALLOWED:
        allow(name)
    not_executable = _Comparison(2, _MASKED_EQUAL, _PROT_EXEC, 0)
    allow("mmap", not_executable)
    allow("mprotect", not_executable)
    # Of this process alone: its limits, and an abort.
    allow("prlimit64", _Comparison(0, _EQUAL, 0, 0))
    for name in ("kill", "tgkill"):
        allow(name, _Comparison(0, _EQUAL, os.getpid(), 0))
    library.seccomp_load(rules)  # as above, if the kernel refuses it
    library.seccomp_release(rules)
