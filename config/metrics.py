"""`/metrics`: numbers for Prometheus about requests, queues, the ledger's log, connections and memory, never desks.

Each web process counts its requests, and `/metrics` adds them up (prometheus_client's shared files, in a folder that
`config.web_server` creates). All other numbers are read for each request. Labels are route names, methods, statuses and
queues, so the code bounds their number.
"""

import os
import secrets
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.queues import QUEUES
from ledger.reading import late_since, newest_checkpoint

FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

_own = CollectorRegistry()
REQUESTS = Counter("second_source_requests", "Requests answered.", ["method", "route", "status"], registry=_own)
SECONDS = Histogram("second_source_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=_own)


def count(method: str, *, route: str, status: int, seconds: float) -> None:
    """Count an answered request; `seconds` is the time to answer."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all numbers as text to readers with the token; 401 to all others."""
    if not may_read(request):
        return HttpResponse(
            "METRICS_TOKEN is asked for.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(generate_latest(_requests()) + generate_latest(_now), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Return whether the reader has `METRICS_TOKEN`; if none is set and https is off, whether they are on this machine.

    Behind a proxy every reader seems to be on this machine, so an installation with https needs a token.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    if settings.HTTPS or any(name in request.headers for name in FORWARDING):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _requests() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return _own
    summed = CollectorRegistry()
    MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
    return summed


class Now(Collector):
    """Collects the numbers that are read for each request."""

    def collect(self) -> Iterator[Metric]:
        yield from _memory()
        up = GaugeMetricFamily("second_source_database_up", "Whether the database answers.")
        try:
            found = [*_waiting(), _connections(), *_ledger()]
        except DatabaseError:
            found = []
        up.add_metric([], 1.0 if found else 0.0)
        yield up
        yield from found


def _waiting() -> list[Metric]:
    """Return for each queue the work that is due, its greatest age, the number of retries and of failures."""
    now = timezone.now()
    families = {
        name: GaugeMetricFamily(f"second_source_{name}", text, labels=["queue"])
        for name, text in (
            ("waiting", "Work that is due and not done."),
            ("oldest_seconds", "Since when the oldest of it is due."),
            ("retried", "Work that waits and was tried before."),
            ("failed_in_a_day", "Work that was given up within 24 hours."),
        )
    }
    for queue in QUEUES:
        for name, number in queue.numbers(now).items():
            families[name].add_metric([queue.name], number)
    return list(families.values())


def _connections() -> Metric:
    family = GaugeMetricFamily(
        "second_source_database_connections", "Connections to the database, of everybody.", labels=["state"]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'hidden'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        for state, number in cursor.fetchall():
            family.add_metric([state], number)
        cursor.execute("SELECT setting::integer FROM pg_settings WHERE name = 'max_connections'")
        family.add_metric(["allowed"], cursor.fetchone()[0])
    return family


def _ledger() -> list[Metric]:
    """Return size and age of the log. A waiting entry shows only once it is late, to disclose no fresh action."""
    now, newest = timezone.now(), newest_checkpoint()
    since = late_since(now)
    numbers = [
        ("size", "Entries in the newest published checkpoint.", newest.size if newest else 0),
        (
            "checkpoint_seconds",
            "Since when it is the newest; it grows while nothing is recorded.",
            (now - newest.at).total_seconds() if newest else 0,
        ),
        (
            "late_seconds",
            "For how long an entry has waited for its place, where that is longer than receipts promise.",
            (now - since).total_seconds() if since else 0,
        ),
    ]
    return [GaugeMetricFamily(f"second_source_ledger_{name}", text, value=value) for name, text, value in numbers]


def _memory() -> Iterator[Metric]:
    """Yield the memory of the web processes, shared pages counted once (Linux only: proc(5), Pss)."""
    parent = os.getppid()
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        held = [_held(pid) for pid in [str(parent), *children]] if "PROMETHEUS_MULTIPROC_DIR" in os.environ else []
    except OSError:
        return
    if held:
        yield GaugeMetricFamily("second_source_web_memory_bytes", "Memory of the web processes.", value=sum(held))
        yield GaugeMetricFamily("second_source_web_processes", "Processes that answer.", value=len(held) - 1)


def _held(pid: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


_now = CollectorRegistry()
_now.register(Now())
