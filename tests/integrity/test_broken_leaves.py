"""Somebody past the guards puts what is no entry into the log: every address that has to do with the log still answers,
and an audit of what anybody may fetch names the leaf."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client

from claims.actions.claims import publish_claim
from ledger.canonical import canonical
from ledger.keys import policy_text
from ledger.models import Entry, Leaf
from ledger.signer import LOG_KEY, MARK, Signer, read_key, write_first_mark
from ledger.tree import leaf_hash
from ledger.verifier import Report, Unusable, audit, read_policy, root_hash
from tests import factories
from tests.access.asking import signed_in
from tests.access.routes import routes
from tests.ledger.installation import publish_here
from tests.ledger.opening import audits_all

if TYPE_CHECKING:
    from claims.models import Claim
    from tests.factories import Cast

Unguarded = Callable[[], AbstractContextManager[None]]

BELOW = ("/ledger/", "/public/", "/p/")
FORMS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "no text": lambda entry: b"\xff\x00",
    "no JSON": lambda entry: b"forged",
    "nothing": lambda entry: b"",
    "no object": lambda entry: b"[]",
    "other members": lambda entry: canonical({"v": 1}),
    "not canonical": lambda entry: json.dumps(entry, indent=1).encode(),
    "of no known kind": lambda entry: canonical({**entry, "kind": "never_heard_of"}),
    "without what its kind says": lambda entry: canonical({**entry, "body": {}}),
    "with other sorts of values": lambda entry: canonical({**entry, "body": {name: ["x"] for name in entry["body"]}}),
    "longer than a leaf may be": lambda entry: canonical({**entry, "body": {"reference": "x" * 70_000}}),
}
KINDS = ["status_changed", "claim_published", "claim_reported", "evidence_attached", "source_added", "actor_added"]


@pytest.fixture
def published(cast: "Cast", tmp_path: Path) -> "Claim":
    port = factories.actor(cast, "The port", visibility="public")
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.")
    report = factories.source(cast, "Open report", publisher=port, visibility="public")
    factories.attach(cast, claim, report, "context", excerpt="Closed.", visibility="public")
    publish_claim(claim=claim, by=cast.editor)
    audits_all(cast.auditor)
    return claim


def _addresses(claim: "Claim", leaf: bytes) -> dict[str, str]:
    """Every address below those of the log and of the public, of this claim and of a log of one bundle."""
    size = Leaf.objects.count()
    values = {"reference": claim.reference, "leaf_hash": leaf_hash(leaf).hex(), "seq": 1, "path": f"0/000.p/{size}"}
    paths = {"ledger-entries": f"000.p/{size}", "ledger-public-entries": "000", "ledger-stamp": "1.note"}
    found = {}
    for route in routes():
        if set(route.parameters) <= values.keys():
            at = route.address({**values, "path": paths.get(route.name, values["path"])})
            if at.startswith(BELOW):
                found[route.name] = at
    assert len(found) > 20
    return found


def _failing(claim: "Claim", leaf: bytes, cast: "Cast") -> list[str]:
    """What answers with a failure; one that says what cannot be proven is none."""
    clients = {"anybody": signed_in(None), "auditor": signed_in(cast.auditor)}
    failing = []
    for name, at in _addresses(claim, leaf).items():
        for who, client in clients.items():
            answer = client.get(at)
            body = answer.getvalue()  # of a stream too
            if answer.status_code >= 500 and not (answer.status_code == 503 and b"No proof is possible" in body):
                failing.append(f"{who}: {name}: {answer.status_code}")
    return failing


def _forge(entry: Entry, form: str) -> bytes:
    """The bytes of an entry in another form, its hash with it, in its table and in the log; like no other."""
    leaf = FORMS[form](json.loads(bytes(entry.leaf)))
    leaf += b" " * entry.pk if Entry.objects.filter(leaf_hash=leaf_hash(leaf)).exists() else b""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE id = %s", [leaf, leaf_hash(leaf), entry.pk]
        )
        cursor.execute("UPDATE ledger_leaf SET hash = %s WHERE entry_id = %s", [leaf_hash(leaf), entry.pk])
    return leaf


def _add(stream: str, kind: str, form: str) -> bytes:
    """A new row of a stream and a kind, with a place at the end of the log."""
    entry = json.loads(bytes(Entry.objects.filter(kind="status_changed").earliest("pk").leaf))
    leaf = FORMS[form]({**entry, "stream": stream, "kind": kind, "seq": 1, "prev": None})
    leaf += b" " * Leaf.objects.count() if Entry.objects.filter(leaf_hash=leaf_hash(leaf)).exists() else b""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry (stream, seq, kind, at, leaf, leaf_hash)"
            " SELECT %s, coalesce(max(seq), 0) + 1, %s, now(), %s, %s FROM ledger_entry WHERE stream = %s RETURNING id",
            [stream, kind, leaf, leaf_hash(leaf), stream],
        )
        (pk,) = cursor.fetchone() or (0,)
        cursor.execute(
            "INSERT INTO ledger_leaf (index, entry_id, hash) SELECT max(index) + 1, %s, %s FROM ledger_leaf",
            [pk, leaf_hash(leaf)],
        )
    return leaf


def _sign_by_the_key_itself(signer: Path) -> None:
    """Whatever the log says now, as if nothing had been signed before: the sequencer signs no leaf that is no entry."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_checkpoint")
    (signer / MARK).unlink()
    write_first_mark(signer, read_key(signer / LOG_KEY).name)
    hashes = [bytes(hashed) for hashed in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    Signer(signer).sign(len(hashes), root_hash(hashes), lambda _old, _new: [])


@pytest.mark.parametrize(
    ("form", "kinds"), [*((form, KINDS) for form in FORMS), *(("no text", [kind]) for kind in KINDS)]
)
def test_every_address_answers_where_an_entry_is_none(
    cast: "Cast", published: "Claim", unguarded: Unguarded, tmp_path: Path, form: str, kinds: list[str]
) -> None:
    publish_here(tmp_path / "first")
    for kind in kinds:
        with unguarded():
            leaf = _forge(Entry.objects.filter(kind=kind).latest("pk"), form)
    assert _failing(published, leaf, cast) == []


@pytest.mark.parametrize("form", FORMS)
def test_every_address_answers_where_what_is_no_entry_was_added(
    cast: "Cast", published: "Claim", unguarded: Unguarded, tmp_path: Path, form: str
) -> None:
    publish_here(tmp_path / "first")
    for stream in (f"claim:{published.pk}", "claim:nobody", "log:keys", "forged"):
        with unguarded():
            leaf = _add(stream, "status_changed", form)
    with unguarded():
        _sign_by_the_key_itself(tmp_path / "first")
    publish_here(tmp_path / "first")
    assert _failing(published, leaf, cast) == []
    assert audited().findings


def audited() -> Report:
    """An audit of what anybody may fetch. Raises Unusable for an answer that is neither there nor missing."""
    client = Client(raise_request_exception=False)

    def read(path: str) -> bytes | None:
        answer = client.get(f"/ledger/{path}")
        if answer.status_code not in (200, 404):
            raise Unusable(f"{path}: {answer.status_code}")
        return answer.getvalue() if answer.status_code == 200 else None

    return audit(read, read_policy(policy_text()))
