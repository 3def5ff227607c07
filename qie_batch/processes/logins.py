"""One-time logins: a code that `up` and `login` print, and that the gateway takes once for a session.

Redis keeps the sha256 of a code with its subject for an hour, so that any replica can take it, once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from redis import Redis
from redis.exceptions import RedisError

from qie_batch import wiring
from qie_batch.errors import QueueUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.settings import Settings

#: How long a printed code may be used.
LOGIN_SECONDS = 3600
#: Who enters by a printed code, as on the command line: the machine's own user.
LOCAL_SUBJECT = {"sub": "local", "tenant": "", "scope": "admin"}

_ANSWER_SECONDS = 5.0


def login_address(settings: Settings, then: str = "") -> str:
    """An address that logs a browser in once, with all rights, and leads to a page. QueueUnavailable."""
    code = secrets.token_urlsafe(24)
    with _redis(settings) as redis:
        _ask(lambda: redis.set(_key(code), json.dumps(LOCAL_SUBJECT), ex=LOGIN_SECONDS))
    query = {"code": code, "next": then} if then else {"code": code}
    return f"{gateway_address(settings)}/login?{urlencode(query)}"


def take_login(code: str, settings: Settings) -> dict[str, str] | None:
    """The subject's claims, the first time that the code is used; else, and for an old one, None."""
    with _redis(settings) as redis:
        found = _ask(lambda: redis.getdel(_key(code)))
    return dict(json.loads(found)) if found else None


def gateway_address(settings: Settings) -> str:
    """What a browser writes, without a slash at the end."""
    if settings.gateway_url:
        return settings.gateway_url.rstrip("/")
    host = settings.gateway_address
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - not bound here: a browser cannot go to "every address"
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.gateway_port}"


def _redis(settings: Settings) -> Redis:
    return Redis.from_url(
        wiring.needed(settings, "broker_url"),
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
    )


def _ask(command: Callable[[], Any]) -> Any:
    try:
        return command()
    except (RedisError, OSError) as error:
        raise QueueUnavailable(f"Redis does not answer ({type(error).__name__})") from error


def _key(code: str) -> str:
    return f"qie-batch:login:{hashlib.sha256(code.encode()).hexdigest()}"
