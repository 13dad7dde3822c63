"""What takes too long is broken off by the database, said in plain words, and leaves nothing half-written."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from claims.models import Claim, Evidence
from claims.verdicts.support import lock_graph
from config.errors import STATUS, busy
from sources.models import Source
from tests import factories
from tests.api.client import Api
from tests.factories import Cast
from tests.pages import fields_of, got, signed_in
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def impatient() -> Iterator[None]:
    """As a process of the web server is, only more so: each new connection is told."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("options")
    options["options"] = "-c statement_timeout=1500ms -c lock_timeout=300ms"
    connection.close()
    yield
    connection.close()
    options.pop("options")
    if before is not None:
        options["options"] = before


def _while_the_graph_is_held(cast: Cast, act: Any) -> Any:
    """What `act` answers while somebody else holds the desk's graph."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as other, other.transaction():
        name = f"second-source graph {cast.desk.pk}"
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return act()


def test_a_form_that_waits_too_long_for_others_comes_back_with_a_page_that_says_so(impatient: None) -> None:
    cast = factories.cast()
    claim = factories.claim(cast)
    address = f"/claims/{claim.reference}/attach/"
    sent = fields_of(got(cast.editor, address)) | {"stance": "supports", "url": "https://example.org/new"}
    before = (Evidence.objects.count(), Source.objects.count())
    answer = _while_the_graph_is_held(cast, lambda: signed_in(cast.editor).post(address, sent))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Others are changing the same data. Nothing was saved" in answer.content.decode()
    assert (Evidence.objects.count(), Source.objects.count()) == before


def test_the_api_answers_a_problem_that_says_when_to_ask_again(impatient: None) -> None:
    cast = factories.cast()
    claim, source = factories.claim(cast), factories.source(cast)
    api = Api(cast.editor)

    def attach() -> Any:
        sent = {"source": str(source.pk), "stance": "supports"}
        path = f"/api/v1/claims/{claim.reference}/evidence/"
        return api.client.post(path, sent, content_type="application/json", headers=api.headers)

    refused = _while_the_graph_is_held(cast, attach)
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert (refused["Content-Type"], refused.json()["type"]) == (
        "application/problem+json", "urn:second-source:problem:busy"
    )  # fmt: skip
    assert attach().status_code == 201


def test_a_statement_that_takes_too_long_is_stopped_and_said_to_be(impatient: None) -> None:
    from django.db import OperationalError

    with pytest.raises(OperationalError) as stopped, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(10)")
    said = busy(stopped.value)
    assert "This took too long and was stopped." in str(said)


def test_two_who_wait_for_each_other_are_told_the_same() -> None:
    from django.db import OperationalError, transaction

    cast = factories.cast()
    first, second = factories.claim(cast), factories.claim(cast)

    def take(one: Claim, other: Claim) -> None:
        import time

        with transaction.atomic():
            Claim.objects.select_for_update().get(pk=one.pk)
            time.sleep(0.5)
            Claim.objects.select_for_update().get(pk=other.pk)

    found = [one for one in together(lambda: take(first, second), lambda: take(second, first)) if one is not None]
    assert [
        isinstance(one, OperationalError) and str(busy(one)).startswith("Others are changing") for one in found
    ] == [True]


def test_what_is_no_matter_of_time_stays_an_error() -> None:
    from django.db import OperationalError

    assert busy(OperationalError("the server is gone")) is None
    assert busy(ValueError()) is None
    assert {status for _kind, status, _name in STATUS} >= {429, 503}


@pytest.mark.parametrize(
    ("process", "given", "told"),
    [
        ("web", {}, "-c statement_timeout=15s -c lock_timeout=8s"),
        ("worker", {}, "-c statement_timeout=80s -c lock_timeout=30s"),
        ("", {}, None),
        ("web", {"WEB_STATEMENT_SECONDS": "3", "WEB_LOCK_SECONDS": "2"}, "-c statement_timeout=3s -c lock_timeout=2s"),
    ],
)
def test_each_process_tells_the_database_how_long_it_waits(
    process: str, given: dict[str, str], told: str | None
) -> None:
    code = """
import json
from config.settings import DATABASES
print(json.dumps([DATABASES[name].get("OPTIONS", {}).get("options") for name in ("default", "owner")]))
"""
    environment = os.environ | given | {"SECOND_SOURCE_PROCESS": process}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    application, owner = json.loads(done.stdout)
    assert (application and application.startswith(told or "-"), owner) == (bool(told) or None, None)


def test_web_server_and_worker_say_what_they_are() -> None:
    code = "import os, sys; sys.argv = ['celery', 'worker']; import {}; print(os.environ.get('SECOND_SOURCE_PROCESS'))"
    said = [
        subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True).stdout
        for name in ("config.web_server", "config.celery")
    ]
    assert said == ["web\n", "worker\n"]


def test_a_commands_lock_waits_as_long_as_it_takes() -> None:
    cast = factories.cast()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0", "0")
    from django.db import transaction

    with transaction.atomic():
        lock_graph(cast.desk.pk)
