"""People in the middle of their work, for a release's dump: run by that release's own code, after `seed_demo`.

Signed in in several browsers, with tokens, drafts, an assessment that waits, restricted material, a redaction that was
done and one that waits, captures; one left, and left a session and a token behind. Writes into the file of the argument
what only people have: the keys of their sessions, and their tokens.

Where the project's names change, this changes with them: it is for the next release's dump.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from django.test import Client

from accounts.actions import create_token, create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Desk, Role, User
from claims.actions.evidence import attach_evidence
from claims.actions.sources import change_source
from claims.inputs import EvidenceInput
from claims.models import Claim
from reviews.actions.drafts import keep_draft
from reviews.actions.memberships import change_account
from reviews.actions.redactions import propose_redaction, redact
from reviews.inputs import AssessmentInput
from reviews.models import Assignment
from reviews.redaction_matches import find
from sources.actions import attach_file, create_source
from sources.inputs import SourceInput
from sources.models import Source
from sources.tasks import run_due_captures

KEPT = b"What the source said, kept with the release.\n"
ERASED = "Vasyl Petrenko"


def main(file: str) -> None:
    people = {user.username: user for user in User.objects.all()}
    desk = Desk.objects.get(prefix="UKR")
    people["editor2"] = _person("editor2", Role.EDITOR, desk, people["admin"])
    people["leaver"] = _person("leaver", Role.REVIEWER, desk, people["admin"])
    sources(desk, people)
    drafts(people["reviewer"])
    redactions(desk, people)
    found = {"sessions": sessions(), "tokens": tokens(people)}
    closed = {"is_active": False}
    change_account(user=people["leaver"], changes=closed, by=people["admin"])
    Path(file).write_text(json.dumps(found, indent=1) + "\n")


def _person(name: str, role: Role, desk: Desk, admin: User) -> User:
    user = create_user(
        account=AccountInput(username=name, password=f"demo-{name}", email=f"{name}@example.org"),
        check_password=False,
        by=admin,
    )
    set_role(desk=desk, user=user, role=role, by=admin)
    return user


def sources(desk: Desk, people: dict[str, User]) -> None:
    """A file; a restricted source with a file, attached to a claim; one capture that was kept, and one that waits."""
    editor = people["editor"]
    first = Source.objects.filter(desk=desk, visibility="desk").order_by("created_at", "pk").first()
    assert first is not None
    attach_file(source=first, chunks=[KEPT], name="statement.txt", by=editor)
    fields = SourceInput(kind="document", title="A letter from the shipyard (made up)")
    letter = create_source(desk=desk, fields=fields, by=people["reporter"], capture=False)
    attach_file(source=letter, chunks=[b"Dear colleague.\n"], name="letter.txt", by=people["reporter"])
    claim = Claim.objects.filter(desk=desk, closed_at=None).order_by("reference")[0]
    attach_evidence(claim=claim, fields=EvidenceInput(source=letter.pk, stance="context"), by=editor)
    change_source(source=letter, fields=SourceInput(visibility="restricted"), by=editor)
    with site() as address:
        page = SourceInput(kind="article", title="A page that was kept (made up)", url=f"{address}/kept")
        create_source(desk=desk, fields=page, by=people["reporter"])
        run_due_captures()
    waits = SourceInput(kind="article", title="A page that waits (made up)", url="https://news.example/waits")
    create_source(desk=desk, fields=waits, by=people["reporter"])


class _OldPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>Kept</title><p>As it was."
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Says nothing."""


@contextmanager
def site() -> Iterator[str]:
    """A site on this machine, which CAPTURE_ALLOW has to name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _OldPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def drafts(reviewer: User) -> None:
    """What the reviewer has written so far, of each claim that they have."""
    open_ones = Assignment.objects.filter(reviewer=reviewer, ended_at=None).exclude(accepted_at=None)
    for assignment in open_ones.select_related("claim"):
        version = assignment.claim.version
        keep_draft(
            claim=assignment.claim,
            fields=AssessmentInput(rationale="Not finished yet.", seen_version=version),
            by=reviewer,
        )


def redactions(desk: Desk, people: dict[str, User]) -> None:
    """A name that two editors erased, and words that one of them proposes to erase."""
    fields = SourceInput(kind="document", title=f"A list with {ERASED} on it (made up)")
    create_source(desk=desk, fields=fields, by=people["reporter"], capture=False)
    done = propose_redaction(desk=desk, words=ERASED, reason="They asked for it.", by=people["editor"])
    redact(redaction=done, seen=find(desk, words=ERASED, sha256="", by=people["editor2"]).seen, by=people["editor2"])
    propose_redaction(desk=desk, words="shipyard", reason="To be talked about.", by=people["editor"])


def sessions() -> dict[str, list[str]]:
    """The keys of sessions, by who is signed in with them: the editor in two browsers."""
    found: dict[str, list[str]] = {}
    for name in ("reporter", "reviewer", "editor", "editor", "admin", "leaver"):
        client = Client(headers={"host": "localhost"})
        answer = client.post("/account/login/", {"login": name, "password": f"demo-{name}"})
        assert answer.status_code == 302, (name, answer.status_code)
        found.setdefault(name, []).append(client.cookies["sessionid"].value)
    return found


def tokens(people: dict[str, User]) -> dict[str, str]:
    """One token of each of these people, as it was shown."""
    names = ("reporter", "editor", "leaver")
    return {name: create_token(user=people[name], name="script", by=people[name])[1] for name in names}


if __name__ == "__main__":
    main(sys.argv[1])
