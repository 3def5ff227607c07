"""The server that Alertmanager's webhook names: it hands alerts to a DingTalk group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI, Response

from qie_batch.errors import QieError, Rejected
from qie_batch.notify.dingtalk import message_of

if TYPE_CHECKING:
    from qie_batch.notify.dingtalk import DingTalkRobot

#: Bytes of what Alertmanager posts.
_MOST = 1_000_000


def bridge(robot: DingTalkRobot) -> FastAPI:
    """Answers 4xx for what will never pass, and 503 for what Alertmanager is to send again."""
    app = FastAPI(title="alerts for DingTalk", docs_url=None, redoc_url=None, max_body_size=_MOST)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/dingtalk")
    def dingtalk(document: Annotated[Any, Body()], response: Response) -> dict[str, str]:
        try:
            robot.send(message_of(document))
        except QieError as error:
            response.status_code = 422 if isinstance(error, Rejected) else 503
            return {"code": error.code, "detail": " ".join(error.sentences)}
        return {"status": "sent"}

    return app
