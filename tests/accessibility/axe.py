"""axe-core on a page: what stands in somebody's way, in words."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

FOLDER = Path(__file__).with_name("axe-core")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# WCAG 2.5.8: 24 by 24 px, or so much room around; links in a sentence excepted.
OF_SIZES = ["target-size"]
# What another colour scheme can change, and what the other direction of reading can.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
OF_PLACES = ["target-size", "color-contrast", "scrollable-region-focusable", "meta-viewport"]

_RUN = """async ([standards, rules]) => {
    const runOnly = rules.length ? {type: "rule", values: rules} : {type: "tag", values: standards};
    const found = await axe.run(document, {runOnly, resultTypes: ["violations"]});
    return found.violations.map(({id, help, nodes}) => [id, help, nodes.map(node => node.html.slice(0, 200))]);
}"""


@cache
def source() -> str:
    """axe-core's text, unchanged since it was taken from its package."""
    text = (FOLDER / "axe.min.js").read_bytes()
    digest = (FOLDER / "SHA256SUMS").read_text().split()[0]
    assert hashlib.sha256(text).hexdigest() == digest, "tests/accessibility/axe-core is not what SHA256SUMS says"
    return text.decode()


def barriers(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page as it stands: each rule broken, with the first places. All rules, or those named."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(source())
    found: list[Any] = page.evaluate(_RUN, [STANDARDS, rules or []])
    return [f"{rule} ({help_text}): {len(nodes)} × {' '.join(nodes[:3])}" for rule, help_text, nodes in found]


def sideways(page: Page) -> list[str]:
    """What a window too narrow for the page would have to be moved for (WCAG 1.4.10); nothing where all fits."""
    width, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [f"{width} px wide in a window of {window}"] if width > window else []


# What somebody may set who reads with more room between lines, words and letters (WCAG 1.4.12).
_SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-block-end: 2em !important; }"""
# Past CSP, as a reader's own style sheet is.
_SPACE = "text => { const own = new CSSStyleSheet(); own.replaceSync(text); document.adoptedStyleSheets.push(own); }"
# What is there for screen readers alone is a pixel wide.
_CUT_OFF = """() => [...document.querySelectorAll("body *")].filter(element => {
    const {overflowX, overflowY} = getComputedStyle(element);
    const cut = (overflow, has, shows) => ["hidden", "clip"].includes(overflow) && shows > 1 && has > shows + 1;
    return element.innerText?.trim() && (cut(overflowX, element.scrollWidth, element.clientWidth)
        || cut(overflowY, element.scrollHeight, element.clientHeight));
}).map(element => element.outerHTML.slice(0, 200))"""


def cut_off_when_spaced(page: Page) -> list[str]:
    """The elements whose text is cut off once the reader has set more space (WCAG 1.4.12)."""
    page.evaluate(_SPACE, _SPACING)
    found: list[str] = page.evaluate(_CUT_OFF)
    return [f"cut off: {html}" for html in found]
