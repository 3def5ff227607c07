"""A child process that ends with its parent, with a log file of its own or its parent's output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qie_batch.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_POLL_SECONDS = 0.02

# Run by a bare interpreter that the child's program then replaces. Changes to the user, then asks the kernel
# for SIGTERM at the end of the parent (PR_SET_PDEATHSIG = 1, reset when the user changes). A preexec_fn is
# unsafe in a process with threads. Imports ctypes first: that user may be unable to read this Python.
_TRAMPOLINE = """
import ctypes, os, sys
parent, user, *argv = sys.argv[1:]
if user:
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent ended first")
os.execvp(argv[0], argv)
"""


@dataclass(slots=True, kw_only=True)
class ChildProcess:
    name: str
    #: None where the child writes to the output of its parent.
    log_path: Path | None
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        log_path: Path | None,
        cwd: Path | None = None,
        inherit: Sequence[int] = (),
        user: int | None = None,
    ) -> Self:
        """Start in a new session, so that Ctrl-C reaches only the parent, which stops its children in order.

        `inherit` are file descriptors that the child keeps open; `user` is the uid and gid it runs as.
        The child gets SIGTERM when the calling thread ends, so that thread must outlive the child.
        """
        trampoline = [sys.executable, "-I", "-S", "-c", _TRAMPOLINE]
        log = None
        if log_path:
            log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(
                [*trampoline, str(os.getpid()), "" if user is None else str(user), *argv],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=inherit,
                umask=0o077,
            )
        finally:
            if log is not None:
                os.close(log)
        return cls(name=name, log_path=log_path, process=process)

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.process.poll()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Poll until ready; Unavailable, with the end of the log, if the child ends or is late."""
        deadline = time.monotonic() + seconds
        while not ready():
            code = self.poll()
            if code is not None:
                raise self._failure(f"ended with exit code {code} while it started")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready after {seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def stop(self, grace: float = 10.0) -> int:
        """SIGTERM, then SIGKILL to its session if it has not ended after `grace` seconds; the exit code."""
        self.terminate()
        return self.wait_or_kill(grace)

    def terminate(self) -> None:
        """SIGTERM."""
        if self.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait_or_kill(self, grace: float) -> int:
        """The exit code; SIGKILL to its session if it has not ended after `grace` seconds."""
        try:
            return self.process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.wait()

    def kill(self) -> None:
        """SIGKILL to its session, which holds the child and all that it started."""
        os.killpg(self.pid, signal.SIGKILL)

    def tail(self, lines: int = 12) -> str:
        if self.log_path is None:
            return ""
        with self.log_path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def _failure(self, what: str) -> Unavailable:
        return Unavailable(
            f"{self.name} {what}; its log is {self.log_path}.",
            code="service_failed",
            hint=f"The log ends with:\n{self.tail()}",
        )
