"""What the people of a release find after the upgrade: their sessions, tokens, drafts, what waits for them, the ledger.

For releases whose dump has `people.json` beside it (`at_work.py` says what they were in the middle of).
"""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

# Rows that an upgrade may take away, each with why.
MAY_LOSE = {
    "django_session": "moved to accounts_session; those of who left do not come back with the account",
    "accounts_token": "of who left",
    "auth_permission": "Django's own, made anew from the models",
    "django_content_type": "Django's own",
}
LATER = (
    "UPDATE django_session SET expire_date = expire_date + (now() - %s::timestamptz)",
    "UPDATE accounts_token SET expiry = expiry + moved, created = created + moved"
    " FROM (SELECT now() - %s::timestamptz AS moved) m",
)
Found = dict[str, Any]


def count_rows() -> dict[str, int]:
    """How many rows each table has."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return {name: _count(cursor, name) for (name,) in cursor.fetchall()}


def _count(cursor: Any, table: str) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    found: int = cursor.fetchone()[0]
    return found


def fewer_rows(before: dict[str, int]) -> list[str]:
    """The tables that have fewer rows than before the migrations, or are gone with rows in them."""
    now = count_rows()
    return [name for name, rows in before.items() if now.get(name, 0) < rows and name not in MAY_LOSE]


def as_if_just_made(folder: Path) -> Found | None:
    """What `people.json` says; sessions and tokens of the dump last for as long as they did when it was made."""
    file = folder / "people.json"
    if not file.exists():
        return None
    found: Found = json.loads(file.read_text())
    with connections["owner"].cursor() as cursor:
        for statement in LATER:
            cursor.execute(statement, [found["made"]])
        cursor.execute("SELECT claim_id::text, content FROM reviews_assessmentdraft ORDER BY 1")
        found["drafts"] = [[claim, json.loads(content)] for claim, content in cursor.fetchall()]
    return found


def go_on(kept: Found) -> Found:
    """What each of them finds, in words that the test compares."""
    return {
        "signed in": _signed_in(kept["sessions"]),
        "tokens": {name: _with_token(token) for name, token in kept["tokens"].items()},
        "drafts": _drafts(kept["drafts"]),
        "assessment": _approve_what_waits(kept["sessions"]["editor"][0]),
        "leaver back": _let_back_in(kept),
        "ledger": _ledger(),
    }


def _browser(session: str) -> Client:
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.cookies["sessionid"] = session
    return client


def _signed_in(sessions: dict[str, list[str]]) -> dict[str, list[int]]:
    return {name: [_browser(key).get("/account/").status_code for key in keys] for name, keys in sessions.items()}


def _with_token(token: str) -> list[Any]:
    """The answers to reading and to writing, and the scopes."""
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})
    read = client.get("/api/v1/tokens/")
    new = {"kind": "article", "title": "Written after the upgrade", "desk": _desk()}
    wrote = client.post("/api/v1/sources/", new, content_type="application/json")
    scopes = [row["scopes"] for row in read.json()["results"]] if read.status_code == 200 else []
    return [read.status_code, wrote.status_code, *scopes]


def _desk() -> str:
    from accounts.models import Desk

    return str(Desk.objects.get(prefix="UKR").pk)


def _drafts(before: Iterable[list[Any]]) -> list[bool]:
    """Of each draft, whether its words are what they were."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT claim_id::text, content FROM reviews_assessmentdraft")
        now = {claim: json.loads(content) for claim, content in cursor.fetchall()}
    return [now.get(claim, {}).items() >= content.items() for claim, content in before]


def _approve_what_waits(session: str) -> list[Any]:
    """An assessment that waited is rejected by the editor, in the browser in which they were signed in.

    They signed in long ago, so they confirm first that it is them.
    """
    from reviews.models import Assessment, AssessmentState

    editor = _browser(session)
    editor.post("/account/reauthenticate/", {"again-look": "yes", "again-password": "demo-editor"})
    row = Assessment.objects.filter(state=AssessmentState.WAITING, claim__desk__prefix="UKR").order_by("pk")[0]
    path = f"/api/v1/claims/{row.claim.reference}/"
    version = editor.get(path).json()["version"]
    given = {"reason": "Not enough yet.", "seen_version": version}
    answer = editor.post(f"{path}assessments/{row.pk}/reject/", given, content_type="application/json")
    return [answer.status_code, answer.json().get("state")]


def _let_back_in(kept: Found) -> list[Any]:
    """The account of who left is opened again: what their old session and token are good for then."""
    from accounts.models import User
    from reviews.actions.memberships import change_account

    admin = User.objects.get(username="admin")
    change_account(user=User.objects.get(username="leaver"), changes={"is_active": True}, by=admin)
    return [_signed_in({"leaver": kept["sessions"]["leaver"]})["leaver"], _with_token(kept["tokens"]["leaver"])]


def _ledger() -> str:
    """The entries that waited get their places by the release's own signer; what `verify_ledger` says then.

    As whoever upgrades checks it: by the keys that they have, and the times of what was written since. The release's
    demonstration data is of the past and does not say so.
    """
    from django.utils import timezone

    from ledger.keys import policy_text
    from ledger.sequencer import Sequencer
    from ledger.signer import Signer

    signer = Signer(settings.LEDGER_SIGNER)
    before, policy = signer.mark.size, Path(settings.DATA_DIR, "policy.json")
    policy.write_bytes(policy_text())
    with psycopg.connect(settings.LEDGER_SEQUENCER_URL, autocommit=True) as connection:
        sequencer = Sequencer(connection, signer)
        assert sequencer.elected()
        while sequencer.integrate():
            pass
        sequencer.publish(timezone.now())
    said = io.StringIO()
    call_command("verify_ledger", policy=policy, times_from=before, stdout=said)
    return said.getvalue().splitlines()[-1].partition(" ")[2]  # without their number
