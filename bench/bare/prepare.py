"""Makes the bare project's tables, its one person and 10,000 rows: `python -m bench.bare.prepare PASSWORD`."""

import os
import sys
from datetime import UTC, datetime, timedelta

import django

ROWS = 10_000


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare.settings"
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection

    from bench.bare.models import Row

    # Tables without migrations are made first, and ours refer to Django's.
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    if User.objects.exists():
        return
    owner = User.objects.create_user("bare", password=sys.argv[1])
    start = datetime(2022, 1, 1, tzinfo=UTC)
    Row.objects.bulk_create(
        (
            Row(
                title=f"A freighter moved {n} crates of turbines near Karavina, in warehouse {n}.",
                number=n,
                owner=owner,
                created_at=start + timedelta(hours=n),
            )
            for n in range(ROWS)
        ),
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


if __name__ == "__main__":
    main()
