from __future__ import annotations

import os
import signal
import threading

from qie_batch.processes.embedded import COMMANDS, embedded_stack


def test_the_process_that_ended_by_itself_is_named_and_the_rest_is_stopped(tmp_path):
    told_already, too_late = threading.Event(), threading.Event()
    told_already.set()
    with embedded_stack(tmp_path, "classic") as embedded:
        assert [process.name for process in embedded.processes] == list(COMMANDS)
        assert embedded.settings.engine == "classic"
        assert embedded.wait(told_already) is None
        control = embedded.processes[1]
        os.kill(control.pid, signal.SIGKILL)
        deadline = threading.Timer(20, too_late.set)
        deadline.start()
        assert embedded.wait(too_late) is control
        deadline.cancel()
        family = (*embedded.processes, *embedded.stack.children)
    assert all(process.poll() is not None for process in family)
