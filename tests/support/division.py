"""How the tests are divided among processes, where pytest-xdist runs them in several."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

#: Tiers whose tests share stacks, or need the machine's time: each runs in one process, one after the other.
WHOLE = ("acceptance", "chaos")


class WholeStacks(LoadScopeScheduling):
    """A process gets whole files, and all of the tiers in WHOLE."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        tier = PurePosixPath(file).relative_to("tests").parts[0]
        return tier if tier in WHOLE else file
