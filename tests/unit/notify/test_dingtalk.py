from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from qie_batch import wiring
from qie_batch.errors import Misconfigured, Rejected, Unavailable
from qie_batch.notify.bridge import bridge
from qie_batch.notify.dingtalk import MOST_MESSAGES, Message, message_of
from qie_batch.settings import Settings
from tests.support.chat_groups import SECRET, ChatGroups

HELLO = Message(title="[FIRING:1] X", text="### X")


def alert(number=0, status="firing", **annotations):
    labels = {"alertname": "ManyFailures", "severity": "page", "engine": f"e{number}"}
    notes = {"summary": f"e{number}: 25 % fail", "runbook_url": "https://docs/operations.md#x", **annotations}
    return {"status": status, "labels": labels, "annotations": notes, "startsAt": "2026-11-27T12:00:00Z"}


def document(*alerts, status="firing", **more):
    return {"status": status, "groupLabels": {"alertname": "ManyFailures"}, "alerts": list(alerts), **more}


@pytest.fixture
def groups():
    with ChatGroups() as groups:
        yield groups


@pytest.fixture
def robot(groups, tmp_path):
    return wiring.dingtalk_robot(Settings(dir=tmp_path, dingtalk_url=groups.robot, dingtalk_secret=SECRET))


def test_a_message_names_the_alert_what_it_says_and_what_to_do():
    message = message_of(document(alert(1), alert(2)))
    assert message.title == "[FIRING 2] ManyFailures"
    assert "**firing** e1: 25 % fail (page) [what to do](https://docs/operations.md#x)" in message.text
    assert "e2: 25 % fail" in message.text


def test_a_resolved_alert_says_so():
    message = message_of(document(alert(1, status="resolved"), status="resolved"))
    assert message.title == "[RESOLVED] ManyFailures"


def test_many_alerts_are_counted_and_not_all_shown():
    message = message_of(document(*map(alert, range(15)), truncatedAlerts=4))
    assert message.text.count("what to do") == 10
    assert message.text.endswith("- and 9 more")


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        "x",
        {"alerts": []},
        document(),
        document("x"),
        document({"status": "firing"}),
        {"alerts": 3},
        document(alert(), truncatedAlerts=float("inf")),
    ],
)
def test_what_alertmanager_does_not_post_is_refused_in_a_sentence(wrong):
    with pytest.raises(Rejected) as refused:
        message_of(wrong)
    assert refused.value.code == "alerts_malformed"


def test_no_text_of_an_alert_makes_a_message_longer_than_dingtalk_takes():
    long = alert(status="x" * 100_000, summary="\u8863" * 100_000, runbook_url="y" * 100_000)
    assert len(message_of(document(*[long] * 20)).text.encode()) < 19_900


def test_a_signed_message_arrives(robot, groups):
    robot.send(HELLO)
    assert groups.dingtalk == [{"title": "[FIRING:1] X", "text": "### X"}]


def test_a_wrong_signature_is_not_taken_for_success(groups, tmp_path):
    """DingTalk answers 200 and says in the body that it took nothing."""
    settings = Settings(dir=tmp_path, dingtalk_url=groups.robot, dingtalk_secret="SECwrong")
    with pytest.raises(Rejected, match="310000: sign not match"):
        wiring.dingtalk_robot(settings).send(HELLO)
    assert groups.dingtalk == []


def test_a_robot_that_was_told_too_much_is_asked_again_later(robot, groups):
    groups.refusal = {"errcode": 130101, "errmsg": "send too fast"}
    with pytest.raises(Unavailable, match="send too fast"):
        robot.send(HELLO)


def test_a_server_that_fails_is_asked_again_later(robot, groups):
    groups.status = 502
    with pytest.raises(Unavailable, match="DingTalk answered 502"):
        robot.send(HELLO)


def test_no_more_messages_are_sent_in_a_minute_than_a_robot_may_send(robot, groups):
    for _ in range(MOST_MESSAGES):
        robot.send(HELLO)
    with pytest.raises(Unavailable, match="20 messages went to DingTalk within a minute"):
        robot.send(HELLO)
    assert len(groups.dingtalk) == MOST_MESSAGES


def test_without_a_robot_the_bridge_says_what_is_missing(tmp_path):
    with pytest.raises(Misconfigured, match="no robot") as refused:
        wiring.dingtalk_robot(Settings(dir=tmp_path))
    assert "QIE_DINGTALK_URL" in refused.value.hint


@pytest.mark.parametrize(
    "address", ["oapi.dingtalk.com", "https://", "https://a:b@c/robot/send?access_token=t"]
)
def test_an_address_that_is_none_is_named_by_its_variable_and_not_shown(tmp_path, address):
    with pytest.raises(Misconfigured, match="QIE_DINGTALK_URL is not the address") as refused:
        wiring.dingtalk_robot(Settings(dir=tmp_path, dingtalk_url=address))
    assert "a:b" not in " ".join(refused.value.sentences)


@pytest.mark.parametrize("address", ["9407", ":9407", "localhost", "localhost:0", "localhost:65536", "a:b:1"])
def test_the_bridge_listens_at_a_host_and_a_port_alone(tmp_path, address):
    """Without a host, uvicorn listens at every interface."""
    with pytest.raises(Misconfigured, match=r"QIE_ALERT_BRIDGE_ADDRESS: .* write HOST:PORT"):
        Settings(dir=tmp_path, alert_bridge_address=address)


def test_the_bridge_answers_so_that_alertmanager_repeats_only_what_may_pass(robot, groups):
    client = TestClient(bridge(robot))
    assert client.post("/dingtalk", json=document(alert())).json() == {"status": "sent"}
    assert client.post("/dingtalk", json={"alerts": "none"}).status_code == 422
    assert client.post("/dingtalk", content=b"{").status_code == 422
    groups.refusal = {"errcode": 130101, "errmsg": "send too fast"}
    answer = client.post("/dingtalk", json=document(alert()))
    assert (answer.status_code, answer.json()["code"]) == (503, "dingtalk_busy")
    assert client.get("/healthz").status_code == 200
