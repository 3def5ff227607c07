"""Where a process of `tests.chaos.failpoints` may die."""

METHODS = ("claim", "renew", "put_new", "succeed", "fail", "retry_later", "release", "acknowledge")
POINTS = tuple(f"{method} {when}" for method in METHODS for when in ("before", "after"))
