"""The points at which a process of `tests.chaos.failpoints` can be killed."""

METHODS = ("claim", "renew", "put_new", "succeed", "fail", "retry_later", "release", "acknowledge")
POINTS = tuple(f"{method} {when}" for method in METHODS for when in ("before", "after"))
