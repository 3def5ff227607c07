"""Alerts of Prometheus in a DingTalk group: Alertmanager has no receiver for its robots.

The robot's page of DingTalk's documentation ("Custom robot access"): markdown messages, the signature, 20
messages a minute, and `errcode` in an answer of 200 where a message is refused.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from qie_batch.errors import Rejected, Unavailable
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.web.posting import WebPoster

#: Messages of one robot in so many seconds; beyond that DingTalk silences it for ten minutes.
MOST_MESSAGES, PERIOD_SECONDS = 20, 60.0
#: Alerts that a message shows by themselves.
SHOWN = 10
#: Bytes of an answer.
_ANSWER = 2000
#: DingTalk's code for a robot that sent too much.
_TOO_MUCH = 130101


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    title: str
    #: Markdown.
    text: str


class DingTalkRobot:
    """`address` is the robot's, with its access token; `secret` signs, "" where the robot asks for none."""

    def __init__(self, poster: WebPoster, address: str, secret: str = "") -> None:
        self._poster = poster
        self._address = address
        self._secret = secret
        self._sent: deque[float] = deque(maxlen=MOST_MESSAGES)
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Unavailable where the same message may pass later, Rejected where it never will."""
        self._take_turn()
        markdown = {"title": message.title, "text": message.text}
        body = json.dumps({"msgtype": "markdown", "markdown": markdown}).encode()
        answer = self._poster.post(
            self._signed(time.time()), body, {"content-type": "application/json"}, read=_ANSWER
        )
        if answer.status != 200:
            raise Unavailable(f"DingTalk answered {answer.status}", code="dingtalk_failed")
        code, reason = _verdict(answer.body)
        if code == _TOO_MUCH:
            raise Unavailable(f"DingTalk takes no more messages for now: {reason}", code="dingtalk_busy")
        if code:
            raise Rejected(
                f"DingTalk refused the message ({code}: {reason})",
                code="dingtalk_refused",
                hint="look at token, secret and keywords of the robot",
            )

    def _take_turn(self) -> None:
        """Unavailable once the robot has sent all that it may in this minute: Alertmanager sends again."""
        with self._lock:
            now = time.monotonic()
            if len(self._sent) == MOST_MESSAGES and now - self._sent[0] < PERIOD_SECONDS:
                wait = PERIOD_SECONDS - (now - self._sent[0])
                raise Unavailable(
                    f"{MOST_MESSAGES} messages went to DingTalk within a minute,"
                    f" the next may go in {wait:.0f} s",
                    code="dingtalk_busy",
                )
            self._sent.append(now)

    def _signed(self, now: float) -> str:
        if not self._secret:
            return self._address
        stamp = str(round(now * 1000))
        digest = hmac.digest(self._secret.encode(), f"{stamp}\n{self._secret}".encode(), "sha256")
        separator = "&" if "?" in self._address else "?"
        sign = quote_plus(base64.b64encode(digest).decode())
        return f"{self._address}{separator}timestamp={stamp}&sign={sign}"


def message_of(document: Any) -> Message:
    """The message for what Alertmanager posts to a webhook; Rejected for anything else.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    try:
        alerts = [_checked(alert) for alert in document["alerts"]]
        status = str(document["status"])
        group = dict(document.get("groupLabels", {}))
        more = int(document.get("truncatedAlerts", 0))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Rejected(
            f"this is not what Alertmanager posts to a webhook ({type(error).__name__}: {error})",
            code="alerts_malformed",
            hint="name this address in webhook_configs",
        ) from error
    if not alerts:
        raise Rejected("the message has no alerts", code="alerts_malformed")
    firing = sum(alert["status"] == "firing" for alert in alerts)
    state = f"FIRING {firing}" if status == "firing" else "RESOLVED"
    name = printable(str(group.get("alertname") or alerts[0]["labels"].get("alertname", "alert")), 60)
    lines = [f"### [{state}] {name}", *(_line(alert) for alert in alerts[:SHOWN])]
    if hidden := len(alerts) - len(alerts[:SHOWN]) + more:
        lines.append(f"- and {hidden} more")
    return Message(title=f"[{state}] {name}", text="\n\n".join(lines))


def _checked(alert: Any) -> dict[str, Any]:
    """The parts that a message shows; raises for what is no alert."""
    return {
        "status": printable(str(alert["status"]), 20),
        "labels": dict(alert["labels"]),
        "annotations": dict(alert.get("annotations", {})),
    }


def _line(alert: Mapping[str, Any]) -> str:
    notes, labels = alert["annotations"], alert["labels"]
    says = printable(str(notes.get("summary") or labels.get("alertname", "alert")), 300)
    parts = [f"- **{alert['status']}** {says}"]
    if severity := labels.get("severity"):
        parts.append(f"({printable(str(severity), 20)})")
    if runbook := notes.get("runbook_url"):
        parts.append(f"[what to do]({printable(str(runbook), 300)})")
    return " ".join(parts)


def _verdict(body: bytes) -> tuple[int, str]:
    try:
        found = json.loads(body)
        return int(found["errcode"]), printable(str(found.get("errmsg", "")), 200)
    except (ValueError, KeyError, TypeError):
        return -1, "its answer is not JSON with an errcode"
