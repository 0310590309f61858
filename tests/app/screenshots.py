"""Takes the pictures of the documentation: `python -m tests.app.screenshots [FOLDER]`.

Choosing, the chat with the coach, and the report; wide and narrow, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.app.server import ROOT, Visitor, browser, serve

SIZES = {"1280": (1280, 800), "390": (390, 844)}
SCHEMES = ("light", "dark")
WHO = "qiao_manli"
TALK = (
    "对不起，让您多花了冤枉钱，换了我也急。您是哪天去的、哪天回的？我现在就查。",
    "这个是系统规定，没办法，您自己看短信。",
    "您先别急，我查到是回来那天零点后还有流量，所以多算了一天。这一天我现在给您申请退，今天下午五点前短信告诉您结果，您看行吗？",
)


def main(folder: Path) -> None:
    """Writes the pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, serve(Path(data)) as address, browser() as chromium:
        for scheme in SCHEMES:
            for name, size in SIZES.items():
                _shoot(chromium, address, folder, scheme, name, size)


def _shoot(chromium: Any, address: str, folder: Path, scheme: str, name: str, size: tuple[int, int]) -> None:
    """One session in one size and scheme."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="zh-CN"
    )
    context.set_default_timeout(60_000)
    visitor = Visitor(context.new_page(), address)

    def shoot(what: str, *, whole: bool = False) -> None:
        visitor.page.wait_for_timeout(400)
        visitor.page.screenshot(path=folder / f"{what}-{name}-{scheme}.png", full_page=whole)

    visitor.home()
    shoot("choose")
    visitor.start(WHO)
    for text in TALK:
        if visitor.page.locator("#part-composer textarea").count():
            visitor.say(text)
    shoot("chat")
    if visitor.page.locator("#part-composer textarea").count():
        visitor.finish()
    else:
        visitor.page.click('#part-composer [data-act="report"]')
        visitor.page.wait_for_selector(".report", state="visible")
    shoot("report", whole=True)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots")
