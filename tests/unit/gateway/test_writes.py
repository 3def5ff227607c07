from __future__ import annotations

import asyncio

from qie_batch.gateway.writes import JoinedWrites


class Transport:
    """What reaches the socket, call by call."""

    def __init__(self):
        self.calls = []

    def write(self, data):
        self.calls.append(bytes(data))

    def close(self):
        self.calls.append("closed")

    def is_closing(self):
        return "closed" in self.calls


def written(story):
    transport = Transport()

    async def run():
        await story(JoinedWrites(transport, asyncio.get_running_loop()))
        await asyncio.sleep(0)

    asyncio.run(run())
    return transport.calls


def test_head_and_body_of_one_turn_are_one_write():
    async def story(joined):
        joined.write(b"head ")
        joined.write(b"body")
        await asyncio.sleep(0)
        joined.write(b"later")

    assert written(story) == [b"head body", b"later"]


def test_nothing_is_lost_by_a_close():
    async def story(joined):
        joined.write(b"last")
        joined.close()
        assert joined.is_closing()

    assert written(story) == [b"last", "closed"]


def test_a_large_body_is_not_kept_back():
    async def story(joined):
        for _ in range(4):
            joined.write(b"x" * 50_000)
        assert len(joined._kept) <= 65_536

    assert [len(each) for each in written(story)] == [100_000, 100_000]
