"""How long a reader waits until the history page has checked 50 changes: in Chromium, on the running system."""

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.drills.system import System

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHANGES = 50
SUM = "[data-sum]"
OF_THE_PROOF = """
performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/proof"))
  .map(({ requestStart, responseEnd }) => responseEnd - requestStart)[0]
"""

# A claim that an editor moves to and fro: a party denies it, the denial is recorded, and taken back.
MAKE = f"""
from types import SimpleNamespace
from accounts.models import Desk, User
from claims.actions.claims import move_alone
from claims.actions.evidence import withdraw_evidence
from claims.inputs import MoveInput
from tests import factories

editor = User.objects.get(username="editor")
cast = SimpleNamespace(desk=Desk.objects.get(prefix="UKR"), **dict.fromkeys(("reporter", "reviewer", "editor"), editor))
claim = factories.claim(cast)
while claim.last_seq < {CHANGES}:
    denial = factories.party_denial(cast, claim)
    claim = factories.denied(cast, claim)
    if claim.last_seq < {CHANGES}:
        withdraw_evidence(evidence=denial, reason="The ministry took it back.", by=editor)
        version = factories.fresh(claim).version
        back = MoveInput(to="reported", reason="Taken back.", evidence=[], seen_version=version)
        move_alone(claim=claim, fields=back, by=editor)
        claim = factories.fresh(claim)
print(claim.reference)
"""


def test_history_check_of_50_changes(system: System, page: "Page", say: Callable[..., None], *, short: bool) -> None:
    reference = system.manage("shell", "-v", "0", "-c", MAKE).stdout.split()[-1]
    system.until(lambda: system.rows("SELECT count(*) FROM ledger_outbox") == [(0,)], "every entry has its place")
    time.sleep(2)  # a checkpoint a second
    site = f"http://localhost:{system.web.port}"
    page.goto(f"{site}/account/login/")
    page.get_by_label("Username or e-mail").or_(page.locator("[name=login]")).first.fill("editor")
    page.get_by_label("Password").fill("demo-editor")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "login" not in url)
    waited, served, checked = [], [], []
    for _ in range(5 if short else 20):
        began = time.monotonic()
        page.goto(f"{site}/claims/{reference}/history/", wait_until="commit")
        page.locator(f"{SUM}.verified").wait_for()
        waited.append(time.monotonic() - began)
        now, loaded = page.evaluate("[performance.now(), performance.getEntriesByType('navigation')[0].responseEnd]")
        checked.append((now - loaded) / 1000)
        served.append(page.evaluate(OF_THE_PROOF) / 1000)
    assert f"{CHANGES} changes match the record" in page.locator(SUM).inner_text()
    say(
        runs=len(waited),
        from_the_address_to_the_green_line=_spread(waited),
        of_that_after_the_page_has_come=_spread(checked),
        of_which_the_server_makes_the_proof=_spread(served),
    )


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s (longest {max(seconds):.2f} s)"
