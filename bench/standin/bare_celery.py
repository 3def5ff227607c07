"""A Celery application with a task that does nothing.

Its settings are the default ones but for the late acknowledgement, which ours has, too.

Started as `celery --app standin.bare_celery worker`; QIE_BARE_BROKER is the broker's address.
"""

from __future__ import annotations

import os

from celery import Celery

QUEUE = "bare"

app = Celery("bare", broker=os.environ.get("QIE_BARE_BROKER"), set_as_current=False)
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, task_acks_late=True)


@app.task(name="bare.nothing")
def nothing(_item_id: str) -> None:
    """Done as soon as it has begun."""
