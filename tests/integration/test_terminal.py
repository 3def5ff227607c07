"""`status` and `cost` in a process of their own, on a pseudo-terminal and on a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.support.ledgers import add, enqueue, finish, open_ledger

#: Says on stderr whether rich was imported.
COMMAND = """
import sys
from qie_batch.cli import main
main(sys.argv[1:], standalone_mode=False)
print("rich" in sys.modules, file=sys.stderr)
"""

LINE = "job  open    a [red]name: 1 of 2 succeeded, 1 queued; spent $0.001\n"
COSTS = """\
engine    items    seconds         spent         saved          lost
classic       1        1.0        $0.001         $0.00         $0.00
total         1        1.0        $0.001         $0.00         $0.00
"""


@pytest.fixture
def shop(tmp_path):
    """A ledger with one job, half done."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger = open_ledger(url)
    add(ledger, "red", "blue", name="a [red]name")
    enqueue(ledger)
    finish(ledger)
    ledger.dispose()
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "QIE_LEDGER_URL": url,
        "TERM": "xterm",
        "COLUMNS": "80",
    }


def command(shop, *arguments, stdout):
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env={**shop, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=shop["HOME"],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.fixture
def on_terminal(shop):
    """What a terminal gets, and whether rich drew it."""

    def on_terminal(*arguments, **changes):
        master, slave = os.openpty()
        try:
            done = command({**shop, **changes}, *arguments, stdout=slave)
            return os.read(master, 65536).decode().replace("\r\n", "\n"), done.stderr.strip() == "True"
        finally:
            os.close(slave)
            os.close(master)

    return on_terminal


@pytest.fixture
def piped(shop):
    def piped(*arguments):
        done = command(shop, *arguments, stdout=subprocess.PIPE)
        return done.stdout, done.stderr.strip() == "True"

    return piped


def test_a_pipe_gets_plain_lines_and_never_loads_rich(piped):
    assert piped("status") == (LINE, False)
    page, rich = piped("status", "job")
    assert page.splitlines()[0] == "a [red]name  job  open"
    assert "\x1b" not in page
    assert not rich
    assert piped("cost") == (COSTS, False)


def test_a_terminal_gets_tables_and_pages(on_terminal):
    table, rich = on_terminal("status", NO_COLOR="1", TERM="vt100")
    assert rich
    assert [line.split() for line in _plain(table)] == [
        ["job", "state", "name", "done", "failed", "cached", "spent"],
        ["job", "open", "a", "[red]name", "1/2", "0", "0", "$0.001"],
    ]
    page, rich = on_terminal("status", "job")
    assert rich
    assert _plain(page)[0] == "a [red]name"
    assert _plain(page)[-1] == "next      qie-batch status job --watch"
    costs, rich = on_terminal("cost", "--by", "sku")
    assert rich
    assert _plain(costs)[-1].split() == ["total", "1", "1.0", "$0.001", "$0.00", "$0.00"]


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(on_terminal):
    assert on_terminal("status", TERM="dumb") == (LINE, False)


def _plain(text):
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()]
