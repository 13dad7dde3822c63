"""Whether the application is alive, and whether it can serve (docs: interfaces, 'Web')."""

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
    """200 as long as a process answers; asks nothing of anything else."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """503 where the database, its migrations or the storage fail; 200 and `degraded` without Redis or a sequencer.

    Without these people work on, reminders wait as rows and entries for their places in the log, so that is no reason
    to take the pages away.
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
    """Whether every migration of this code is applied."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _storage() -> bool:
    """Whether a file can be written where evidence is kept."""
    try:
        evidence_storage.place().try_writing()
    except OSError:
        return False
    return True


def _ledger() -> bool:
    """Whether receipts can be signed, no entry has waited for its place for longer than they promise, nothing waits
    that can have none, and nothing has one that it may not have."""
    try:
        receipt_key()
        return late_since(timezone.now()) is None and not has_unplaceable() and forged_place() is None
    except (DatabaseError, SignerRefused, ValueError):
        return False


def _redis() -> bool:
    # No second try: one that hangs would make whoever asks wait several times a second.
    never = Retry(NoBackoff(), 0)
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=never)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
