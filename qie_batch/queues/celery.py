"""Task names, routes and the Celery application, on Redis or Valkey.

A message carries an item id only; the ledger decides whether the item is edited. The ledger also has results,
retries, delays and time limits, so the settings below disable those of Celery.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError
from kombu.transport import TRANSPORT_ALIASES
from redis.exceptions import RedisError

from qie_batch.errors import QueueUnavailable
from qie_batch.model import LiveWorker
from qie_batch.queues.transport import Transport
from qie_batch.redaction import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qie_batch.model import Message

EDIT_TASK = "qie_batch.edit"
#: A remote control command, by which a worker process describes itself.
DESCRIBE_COMMAND = "qie_describe"
EPOCH_KEY = "qie:epoch"

#: Messages sent to the broker in one round trip.
BATCH = 1000

SETTINGS: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_acks_late": True,
    # True would redeliver a task that kills its worker without end; the ledger counts crashes instead.
    "task_reject_on_worker_lost": False,
    "worker_prefetch_multiplier": 1,
    "worker_send_task_events": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_disable_prefetch": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_channel_error_retry": True,
    "broker_transport_options": {
        # Longer than any edit: the ledger's leases expire sooner.
        "visibility_timeout": 3600,
        "health_check_interval": 25,
        "socket_keepalive": True,
        "socket_connect_timeout": 3,
        "socket_timeout": 30,
    },
}


def queue_name(engine: str) -> str:
    """Each engine has a queue, so that a worker takes only items of its engine."""
    return f"edit.{engine}"


def interactive_queue_name(engine: str) -> str:
    """A list of item ids, from which `take_interactive` takes; Celery does not know of it."""
    return f"{queue_name(engine)}.now"


def unused_queue_name(engine: str) -> str:
    """Where nothing is sent: the consumer of a worker that takes interactive items alone needs a queue."""
    return f"{queue_name(engine)}.none"


def celery_app(broker_url: str) -> Celery:
    """The application, with no task registered yet."""
    # Registered by name, because kombu reads from the scheme whether to use TLS.
    ours = f"{Transport.__module__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=ours, rediss=ours)
    app = Celery("qie_batch", broker=broker_url, set_as_current=False)
    app.conf.update(SETTINGS)
    return app


class CeleryQueue:
    """Implements `qie_batch.interfaces.WorkQueue`."""

    def __init__(self, app: Celery) -> None:
        # A publisher fails at once where the broker does not answer; a worker waits.
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, "max_retries": 0}
        self._app = app

    @property
    def address(self) -> str:
        """Without login and option values."""
        return without_secrets(self._app.conf.broker_url)

    def publish(self, engine: str, messages: Sequence[Message], *, interactive: bool = False) -> None:
        if not messages:
            return
        if interactive:
            with self._redis() as redis:
                redis.lpush(interactive_queue_name(engine), *(message.item_id for message in messages))
            return
        with self._producer() as producer, producer.batch(max_size=BATCH):
            for message in messages:
                # For Flower and the log; the body of the message is the id only.
                shown = f"{message.item_id}, {message.row_id}, {message.job_name}"
                task = self._app.amqp.create_task_message(
                    str(uuid.uuid4()),
                    EDIT_TASK,
                    (message.item_id,),
                    {},
                    argsrepr=f"({shown})",
                    ignore_result=True,
                )
                producer.publish(
                    task.body,
                    exchange="",
                    routing_key=queue_name(engine),
                    serializer="json",
                    delivery_mode=2,
                    retry=False,
                    headers=task.headers,
                    **task.properties,
                )

    def depth(self, engine: str, *, interactive: bool = False) -> int:
        name = interactive_queue_name(engine) if interactive else queue_name(engine)
        with self._redis() as redis:
            return int(redis.llen(name))

    def take_interactive(self, engine: str, seconds: float) -> str | None:
        with self._redis() as redis:
            taken = redis.brpop(interactive_queue_name(engine), timeout=seconds)
        return taken[1].decode(errors="replace") if taken else None

    def live_workers(self, seconds: float) -> list[LiveWorker]:
        # Not one of the pool, which all queues of this process share: a BRPOP may still be open on it when
        # the time is up, and its answer would be taken for that of the next command.
        with self._translated(), self._app.connection_for_write() as connection:
            answers = self._app.control.broadcast(
                DESCRIBE_COMMAND, reply=True, timeout=seconds, connection=connection
            )
        described = [answer for each in answers or () for answer in each.values()]
        # A worker of an earlier version answers with an error.
        return [LiveWorker(**answer) for answer in described if "error" not in answer]

    def epoch(self) -> str:
        with self._redis() as redis:
            value: bytes | None = None
            while value is None:  # the broker may be flushed between SET and GET
                redis.set(EPOCH_KEY, str(uuid.uuid4()), nx=True)
                value = redis.get(EPOCH_KEY)
        return value.decode()

    @contextmanager
    def _redis(self) -> Iterator[Any]:
        with self._translated(), self._app.pool.acquire(block=True) as connection:
            yield connection.default_channel.client

    @contextmanager
    def _producer(self) -> Iterator[Any]:
        with self._translated(), self._app.producer_pool.acquire(block=True) as producer:
            yield producer

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (BatchPublishError, OperationalError, RedisError, ConnectionError, TimeoutError) as error:
            raise QueueUnavailable(
                f"the broker {self.address} did not answer ({type(error.__cause__ or error).__name__})",
                hint="start it, or correct QIE_BROKER_URL",
            ) from error
