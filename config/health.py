"""`/healthz`: whether the process is alive. `/readyz`: whether it can serve requests."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from ledger.keys import receipt_key
from ledger.reading import forged_place, has_unplaceable, late_since
from ledger.signer import SignerRefused
from sources import evidence_storage


@require_safe
@never_cache
@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Return 200 as long as the process answers; no other service is asked."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Return 503 if the database, its migrations or the storage fail; 200 and `degraded` without Redis or sequencer.

    Without those two, people can still work: reminders wait as rows, and ledger entries wait for their places.
    """
    checks = {"database": _database(), "storage": _storage()}
    checks["migrations"] = _migrations() if checks["database"] else False
    whole = all(checks.values())
    beside = {"redis": _redis(), "ledger": checks["migrations"] and _ledger()}
    status = "ready" if whole and all(beside.values()) else "degraded" if whole else "failing"
    return JsonResponse({"status": status, **checks, **beside}, status=200 if whole else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrations() -> bool:
    """Return whether every migration of this code is applied."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _storage() -> bool:
    """Return whether a file can be written to the evidence storage."""
    try:
        evidence_storage.place().try_writing()
    except OSError:
        return False
    return True


def _ledger() -> bool:
    """Return whether the ledger works: receipts can be signed, and no entry is late, unplaceable or forged."""
    try:
        receipt_key()
        return late_since(timezone.now()) is None and not has_unplaceable() and forged_place() is None
    except (DatabaseError, SignerRefused, ValueError):
        return False


def _redis() -> bool:
    # No retry: with a Redis that hangs, each would add another second to the answer.
    never = Retry(NoBackoff(), 0)
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=never)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
