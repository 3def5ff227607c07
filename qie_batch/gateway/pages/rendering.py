"""Templates become pages, in the reader's language and under a policy that runs nothing but our own files."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qie_batch.gateway.access.cookies import Cookies
from qie_batch.gateway.pages import assets
from qie_batch.gateway.pages.languages import COOKIE, LANGUAGES, chosen
from qie_batch.pricing import usd
from qie_batch.text import duration, percent

if TYPE_CHECKING:
    from starlette.requests import Request

    from qie_batch.gateway.pages.languages import Language

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    # Not no-referrer, with which a browser would not say which site a form comes from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def language_of(request: Request) -> Language:
    cookies = Cookies(request, request.app.state.context.settings)
    return chosen(cookies.get(COOKIE), request.headers.get("accept-language", ""))


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template with its values, and with what every page shows."""
    language = language_of(request)
    path = request.url.path
    here = f"{path}?{request.url.query}" if request.url.query and request.method == "GET" else path
    shown = {"session": None, **values}
    text = (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(t=language, languages=LANGUAGES, here=here, path=path, **shown)
    )
    # A cell of a manifest may hold half a surrogate pair, which UTF-8 cannot.
    return HTMLResponse(text.encode(errors="replace"), status, headers=HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"usd": usd, "duration": duration, "percent": percent, "moment": moment}
    environment.globals |= {"asset": assets.address}
    return environment


def moment(seconds: float | None) -> Markup:
    """A time in UTC, which a script rewrites for the reader's clock; a dash for None."""
    if seconds is None:
        return Markup("&ndash;")
    then = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), then.strftime("%Y-%m-%d %H:%M UTC")
    )
