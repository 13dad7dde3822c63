"""Bundles of a database in which somebody deleted what opens an entry, and of one with rows older than the ledger."""

import json
from pathlib import Path

from ledger.models import Entry, Secret
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in
from tests.integrity.forging import run
from tests.ledger.installation import publish_here


def _gone(table: str, column: str, *ids: int) -> None:
    run("SET LOCAL session_replication_role = replica")
    run(f"DELETE FROM {table} WHERE {column} = ANY(%s)", list(ids))  # noqa: S608 - ours
    run("SET LOCAL session_replication_role = origin")


def test_a_secret_that_is_gone_without_a_redaction_is_found(cast: factories.Cast, tmp_path: Path) -> None:
    claim = factories.claim(cast)
    publish_here(tmp_path)
    secret = Secret.objects.get(entry__stream=f"claim:{claim.pk}", entry__kind="claim_reported", name="content")
    _gone("ledger_secret", "id", secret.pk)
    [found] = [str(one) for one in checked(bundle_of(cast.editor, claim)).findings]
    assert found.startswith("manifest.json: left_out: fields content of entry ")
    assert found.endswith("expected its value, or a reason, found neither")


def test_a_source_from_before_the_ledger_is_named_as_one_that_nothing_proves(
    cast: factories.Cast, tmp_path: Path
) -> None:
    claim = factories.claim(cast)
    source = claim.evidence.get().source
    entries = Entry.objects.filter(stream=f"source:{source.pk}").values_list("pk", flat=True)
    for table in ("accounts_act", "ledger_outbox", "ledger_secret"):
        _gone(table, "entry_id", *entries)
    _gone("ledger_entry", "id", *entries)
    publish_here(tmp_path)
    files = files_in(data := bundle_of(cast.editor, claim))
    [row] = json.loads(files["unproven.json"])
    gaps = json.loads(files["manifest.json"])["left_out"]
    [gap] = [one for one in gaps if one["what"] == "subject"]
    assert (checked(data).findings, row["what"], row["row"]["title"]) == ([], "source", source.title)
    assert (gap["id"], gap["reason"]) == (str(source.pk), "no_entry")
