"""Everything that may notice that a desk was tampered with: each answers what it says; nothing where all is well."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING
from unittest.mock import patch

import psycopg
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from claims.bundles.history_proofs import proof_file
from claims.models import Claim
from ledger import verifier
from ledger.entries import read_entry
from ledger.keys import receipt
from ledger.models import Checkpoint, Entry
from ledger.reading import newest_checkpoint, published
from ledger.signer import SignerRefused
from ledger.verifier import GivenFiles, Memory, Report, check_claim_proof, check_expected, monitor, watch
from tests.api.client import Api
from tests.claims.bundling import bundle_of, checked
from tests.integrity.looking import found, found_both_ways
from tests.pages import signed_in
from tests.tampering.world import KeptMaterial, TamperedDesk

if TYPE_CHECKING:
    from playwright.sync_api import Page

SUM = "[data-sum]"
DONE = f"{SUM}:is(.verified, .redacted, .broken, .unavailable, .missing)"
GREEN = {"verified", "redacted"}


@dataclass
class Outside:
    """Who looks: a desk, what was kept of it, a folder to work in, and a browser for whoever opens the page."""

    desk: TamperedDesk
    kept: KeptMaterial
    folder: Path
    open_page: "Callable[..., Page]"
    pages: "dict[str, Page]" = field(default_factory=dict)
    undone: ExitStack = field(default_factory=ExitStack)  # closed after the test

    def a_minute_later(self) -> None:
        """Whoever looks comes when every entry that waits has waited longer than receipts promise."""
        self.undone.enter_context(patch("ledger.reading.LONGEST_DELAY", -1))

    def newest(self) -> Checkpoint:
        checkpoint = newest_checkpoint()
        assert checkpoint is not None
        return checkpoint

    def read(self, path: str) -> bytes | None:
        """The log as it is served."""
        return published(path, self.newest())

    def signer_copy(self) -> Path:
        """The signer's folder, to do something with; it is the desk's from then on."""
        copied = self.folder / "signer-changed"
        if not copied.exists():
            copytree(self.desk.signer, copied)
        self.desk = replace(self.desk, signer=copied)
        return copied

    def keep_anew(self) -> None:
        """What one keeps of the log is that of now."""
        self.kept = replace(self.kept, checkpoint=self.newest().note.encode())

    def keep_receipt(self, entry: int) -> None:
        """Whoever did what an entry tells has a receipt of it."""
        row = Entry.objects.get(pk=entry)
        promise = receipt(bytes(row.leaf_hash), read_entry(bytes(row.leaf)).at)
        assert promise is not None
        self.kept = replace(self.kept, receipt=promise.encode())

    def forget(self, receipt: bytes) -> None:
        """Nobody keeps the receipt of what was done; this one they have still."""
        self.kept = replace(self.kept, receipt=receipt)

    def keep_only_what_is_served(self) -> None:
        """Nobody has kept anything but the public keys, and sees the log for the first time."""
        newest, desk = self.newest(), self.desk
        moved = Entry.objects.filter(stream=f"claim:{desk.claim.pk}", kind="status_changed").latest("seq")
        self.kept = replace(
            self.kept, checkpoint=newest.note.encode(), proof=proof_file(desk.cast.reporter, desk.claim, newest)
        )
        self.keep_receipt(moved.pk)
        self.pages.clear()

    def visit(self) -> list[str]:
        """Open the page in a browser that comes back later."""
        if "again" not in self.pages:
            self.pages["again"] = self.open_page(self.desk.cast.reporter)
        return said_by(self.pages["again"], self.desk)


def said_by(page: "Page", desk: TamperedDesk) -> list[str]:
    """What the history page says in red; nothing where its check came out well."""
    answer = page.goto(f"/claims/{desk.claim.reference}/history/")
    if answer is None or answer.status != 200:
        return [f"no page: {answer and answer.status}"]
    page.locator(DONE).wait_for()
    mark = (page.locator(SUM).get_attribute("class") or "").removeprefix("check ")
    if mark in GREEN:
        return []
    texts = page.locator(f"{SUM}, [data-findings] li, [data-check] [data-note]").all_inner_texts()
    return [f"({mark})", *filter(None, texts)]


def public_page(outside: Outside) -> list[str]:
    """What the pages of published claims say in red, or do not compare, to somebody without an account."""
    reader, said = outside.open_page(None), list[str]()
    for reference in (
        Claim.objects.filter(published_at__isnull=False).order_by("pk").values_list("reference", flat=True)
    ):
        answer = reader.goto(f"/public/{reference}/")
        assert answer is not None and answer.status == 200
        reader.locator(DONE).wait_for()
        mark = (reader.locator(SUM).get_attribute("class") or "").removeprefix("check ")
        if mark != "verified":
            texts = reader.locator(f"{SUM}, [data-findings] li").all_inner_texts()
            said += [f"{reference} ({mark}): {text}" for text in texts if text]
    return said


def page(outside: Outside) -> list[str]:
    """The history page, to somebody who opens it for the first time."""
    return said_by(outside.open_page(outside.desk.cast.reporter), outside.desk)


def page_again(outside: Outside) -> list[str]:
    """The same in a browser that has seen it before, where there is one."""
    if "again" not in outside.pages:
        return []
    return said_by(outside.pages["again"], outside.desk)


def verify(_outside: Outside) -> list[str]:
    """All that `manage.py verify` looks at."""
    return [str(finding) for finding in [*found(), *found_both_ways()]]


def verify_ledger(outside: Outside) -> list[str]:
    """`manage.py verify_ledger` by the keys that somebody kept."""
    said = StringIO()
    try:
        call_command("verify_ledger", policy=outside.kept.policy_file, stdout=said)
    except CommandError:
        return said.getvalue().splitlines()
    return []


def audit(outside: Outside) -> list[str]:
    """`verifier.py audit` on an export."""
    return _lines(verifier.audit(outside.read, outside.kept.policy))


def replay(outside: Outside) -> list[str]:
    """What `verifier.py replay` finds in an export and the API's list of claims beyond an audit."""
    listed = Api.in_session(outside.desk.cast.auditor).get("claims/").json()["results"]
    found = _lines(verifier.replay(outside.read, outside.kept.policy, listed))
    return [line for line in found if line.startswith("claim ") or "legal move" in line]


def proof(outside: Outside) -> list[str]:
    """`verifier.py proof --claim` on what the desk hands out."""
    desk, reader = outside.desk, signed_in(outside.desk.cast.reporter)
    reader.raise_request_exception = False
    answer = reader.get(f"/ledger/claims/{desk.claim.reference}/proof")
    if answer.status_code != 200:
        return [f"no proof: {answer.status_code}"]
    report = check_claim_proof(answer.content, outside.kept.policy)
    check_expected(report, outside.kept.policy, desk.claim.reference)
    return _lines(report)


def bundle(outside: Outside) -> list[str]:
    """`verifier.py bundle` on one that the desk makes."""
    data = bundle_of(outside.desk.cast.reporter, outside.desk.claim)
    return _lines(checked(data, outside.kept.policy))


def watched(outside: Outside) -> list[str]:
    """`verifier.py watch` by who has seen a checkpoint, a proof and a receipt; a day later."""
    names = {"checkpoint": outside.kept.checkpoint, "proof": outside.kept.proof, "receipt": outside.kept.receipt}
    files = []
    for name, data in names.items():
        files.append(outside.folder / name)
        files[-1].write_bytes(data)
    memory = Memory(outside.folder / "seen")
    return _lines(
        watch(outside.read, outside.kept.policy, memory, GivenFiles(files), timezone.now() + timedelta(days=1))
    )


def old_checkpoint(outside: Outside) -> list[str]:
    """`verifier.py monitor` by who has kept a checkpoint, as a witness does before it signs the next one."""
    new = outside.newest().note.encode()
    return _lines(monitor(outside.kept.checkpoint, new=new, read=outside.read, policy=outside.kept.policy))


def signer(outside: Outside) -> list[str]:
    """The desk's own sequencer and signer, when they are next asked: what they refuse."""
    copied = Path(copytree(outside.desk.signer, outside.folder / "signer"))
    told = _Told()
    logging.getLogger("ledger.sequencer").addHandler(told)
    try:
        with transaction.atomic():
            outside.desk.publish(copied)
            transaction.set_rollback(True)
    except (SignerRefused, LookupError, psycopg.IntegrityError) as refused:
        told.lines.append(str(refused))
    finally:
        logging.getLogger("ledger.sequencer").removeHandler(told)
    return told.lines


class _Told(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _lines(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


Noticer = Callable[[Outside], list[str]]
# By the names of the table.
NOTICERS: Mapping[str, Noticer] = {
    "page": page,
    "page again": page_again,
    "public page": public_page,
    "verify": verify,
    "verify_ledger": verify_ledger,
    "audit": audit,
    "replay": replay,
    "proof": proof,
    "bundle": bundle,
    "watch": watched,
    "old checkpoint": old_checkpoint,
    "signer": signer,
}


# What takes a browser, or makes files, is asked where the table names it, and of what nothing notices.
ALWAYS = ("verify", "verify_ledger", "audit", "replay", "proof", "watch", "old checkpoint", "signer")
# Rows alone change nothing of what is handed out of the log: of these the same holds for replay and proof.
OF_ROWS = ("verify", "verify_ledger", "audit", "watch", "old checkpoint", "signer")


def what_notices(outside: Outside, names: Iterable[str]) -> dict[str, list[str]]:
    """What each says that says anything. Whatever they do themselves is taken back."""
    said = {}
    for name in names:
        with transaction.atomic():
            said[name] = NOTICERS[name](outside)
            transaction.set_rollback(True)
    return {name: lines for name, lines in said.items() if lines}
