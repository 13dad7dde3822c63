"""A release's saved database under the present code, as whoever upgrades meets it: restored, migrated, used.

Run as a program of its own, with the addresses of an empty database in the environment, because the tests' settings
know no real password hashes. Writes one JSON object about what it found.
"""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from tests.upgrades import people

HISTORY = """
SELECT count(*), md5(string_agg(concat_ws(' ', claim_id, seq, from_state, to_state, by_id, at, reason), E'\\n'
                                ORDER BY claim_id, seq))
FROM claims_statuschange c JOIN claims_statuschangetext t USING (claim_id, seq)
"""


def main(dump: str) -> dict[str, Any]:
    django.setup()
    quiet = io.StringIO()
    call_command("restore", dump, stdout=quiet)
    before, rows = _history(), people.count_rows()
    kept = people.as_if_just_made(Path(dump).parent)
    call_command("migrate", verbosity=0, stdout=quiet)
    fewer = people.fewer_rows(rows)
    call_command("grant_roles", stdout=quiet)
    call_command("make_keys", stdout=quiet)
    call_command("collectstatic", interactive=False, verbosity=0)
    _workers()
    return {
        "history kept": _history() == before and before[0] > 0,
        "fewer rows": fewer,
        "people": people.go_on(kept) if kept else {},
        "pages": _pages(),
        "file": _file(),
        "move": _move(),
        "verify": _verify(),
    }


def _history() -> Any:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(HISTORY)
        return cursor.fetchone()


def _workers() -> None:
    """What beat's ticks would have workers do: since the dump was made, much has come due."""
    from config.celery import app

    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        app.tasks[entry["task"]]()


def _signed_in(name: str) -> Any:
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    answer = client.post("/account/login/", {"login": name, "password": f"demo-{name}"})
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/"), answer.status_code
    return client


def _pages() -> dict[str, int]:
    """How many pages answered with which status: my work, the lists, and every tab of every claim."""
    from claims.models import Claim

    client = _signed_in("reviewer")
    addresses = ["/", "/claims/", "/sources/", "/actors/", "/account/", "/desk/"]
    references = Claim.objects.filter(desk__memberships__user__username="reviewer").values_list("reference", flat=True)
    for reference in references:
        addresses += [f"/claims/{reference}/{tab}" for tab in ("", "sources/", "provenance/", "history/")]
    found: dict[str, int] = {}
    for address in addresses:
        status = str(client.get(address).status_code)
        found[status] = found.get(status, 0) + 1
    return found


def _file() -> str:
    from sources.models import Attachment

    file = Attachment.objects.get(name="statement.txt")
    answer = _signed_in("reviewer").get(f"/attachments/{file.pk}/")
    content: bytes = answer.getvalue()
    return content.decode()


def _move() -> list[Any]:
    """A party's denial is attached and recorded through the API; the last status change that it then tells."""
    from claims.models import Claim

    client = _signed_in("editor")
    claim = Claim.objects.filter(state="reported", closed_at=None, parties__isnull=False).order_by("reference")[0]
    party = claim.parties.order_by("name")[0]
    path = f"/api/v1/claims/{claim.reference}/"
    today = datetime.now(UTC).isoformat()
    source = {"kind": "statement", "title": "It is not so", "publisher": str(party.pk), "published_at": today}
    made = _post(client, "/api/v1/sources/", source)
    denial = _post(client, f"{path}evidence/", {"source": made["id"], "stance": "denies"})
    version = client.get(path).json()["version"]
    move = {"to": "denied", "reason": "They said no.", "evidence": [denial["id"]], "seen_version": version}
    change = _post(client, f"{path}moves/", move)
    return [change["from"], change["to"], change["by"], client.get(path).json()["state"]]


def _post(client: Any, address: str, body: dict[str, Any]) -> Any:
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == 201, (address, answer.status_code, answer.content)
    return answer.json()


def _verify() -> str:
    """The last line of what `verify` says."""
    said = io.StringIO()
    try:
        call_command("verify", recompute="all", stdout=said)
    except SystemExit:
        return said.getvalue()
    return said.getvalue().splitlines()[-1]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
