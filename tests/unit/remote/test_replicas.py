from __future__ import annotations

import time

import pytest

from qie_batch.errors import Unavailable
from qie_batch.remote.replicas import Replicas

A, B, C = "http://a:1", "http://b:1", "http://c:1"


def use(replicas, seconds=0.0):
    return replicas.use(lambda: None, time.monotonic() + seconds)


def one(replicas):
    with use(replicas) as replica:
        return replica.url


def test_the_least_busy_server_is_chosen():
    replicas = Replicas([A, B], in_flight=2)
    with use(replicas) as first, use(replicas) as second, use(replicas) as third:
        assert {first.url, second.url} == {A, B}
        with use(replicas) as fourth:
            assert fourth.url != third.url


def test_idle_servers_take_turns():
    replicas = Replicas([A, B, C], in_flight=1)
    assert [one(replicas) for _ in range(6)] == [A, B, C] * 2


def test_a_server_gets_no_more_than_it_takes_at_a_time():
    replicas = Replicas([A], in_flight=1)
    with use(replicas), pytest.raises(Unavailable, match="busy") as caught, use(replicas):
        pass
    assert caught.value.code == "engine_busy"
    assert one(replicas) == A


def test_a_paused_server_is_passed_over():
    replicas = Replicas([A, B], in_flight=1)
    replicas.pause(replicas.all[0], 60.0)
    assert {one(replicas) for _ in range(3)} == {B}
    assert replicas.any_open_for_edits


def test_when_all_are_paused_for_longer_than_anyone_waits_the_call_ends_at_once():
    replicas = Replicas([A, B], in_flight=1)
    for replica in replicas.all:
        replicas.pause(replica, 60.0)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in 60 s"), use(replicas, 30.0):
        pass
    assert time.monotonic() - began < 5
    assert not replicas.any_open_for_edits


def test_a_short_pause_is_waited_for():
    replicas = Replicas([A], in_flight=1)
    replicas.pause(replicas.all[0], 0.3)
    with use(replicas, 30.0) as replica:
        assert replica.url == A


def test_a_broken_server_gets_nothing_and_its_reason_is_told():
    replicas = Replicas(["http://user:secret@a:1", B], in_flight=1)
    replicas.break_(replicas.all[0], "no connection")
    assert one(replicas) == B
    replicas.break_(replicas.all[1], "500")
    with pytest.raises(Unavailable, match="a:1: no connection; http://b:1: 500") as caught, use(replicas):
        pass
    assert "secret" not in caught.value.message


def test_a_probe_comes_after_a_backoff_that_doubles():
    replicas = Replicas([A], in_flight=1)
    (replica,) = replicas.all
    waits = []
    for _ in range(9):
        replicas.break_(replica, "no")
        waits.append(round(replica.probe_at - time.monotonic()))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    replicas.succeeded(replica)
    replicas.break_(replica, "no")
    assert round(replica.probe_at - time.monotonic()) == 1


def test_one_thread_probes_a_server_at_a_time():
    replicas = Replicas([A], in_flight=1)
    (replica,) = replicas.all
    replicas.break_(replica, "no")
    with replicas.to_probe() as early:
        assert early is None
    replica.probe_at = 0.0
    with replicas.to_probe() as mine, replicas.to_probe() as other:
        assert (mine, other) == (replica, None)


def test_whoever_waits_for_a_server_is_asked_whether_to_go_on():
    replicas = Replicas([A], in_flight=1)

    def stop():
        raise KeyboardInterrupt

    with use(replicas), pytest.raises(KeyboardInterrupt), replicas.use(stop, time.monotonic() + 30):
        pass
    assert one(replicas) == A
