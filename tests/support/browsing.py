"""A headless Chromium that is logged in to a gateway, and what axe finds on a page."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

from qie_batch.processes.logins import login_address
from tests.support import requires

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from qie_batch.settings import Settings

AXE = Path(__file__).parent / "axe" / "axe.min.js"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
#: For which anything is waited for, on a busy machine.
SECONDS = 60
#: Findings that count.
GRAVE = {"serious", "critical"}


@contextmanager
def chromium() -> Iterator[Browser]:
    path = requires.browser()
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def logged_in(browser: Browser, settings: Settings, **options: Any) -> Iterator[Page]:
    """A page of a person who came by a one-time login; what the console says is an error."""
    context: BrowserContext = browser.new_context(**{**DESKTOP, **options})
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if "Policy" in message.text else None)
    page.goto(login_address(settings))
    yield page
    context.close()
    assert said == []


def findings(page: Page) -> list[str]:
    """The grave findings of axe, each with its first place."""
    # Through the developer tools, which the policy of the page does not bind.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in GRAVE]


def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge of the window and makes the page scroll sideways."""
    script = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 200))"""
    found: list[str] = page.evaluate(script)
    return found
