"""What every answer to hostile input has to be: no failure of ours, nothing written by a refusal, text as text."""

import json
from html.parser import HTMLParser
from typing import Any

from django.db import connection

# What requests write besides what they are for: the sessions' own rows, what was asked for how often, and, of a form
# that is not done, what was typed in it, with its files.
APART = {
    *("django_session", "accounts_session", "accounts_cache", "accounts_spending", "accounts_signintries"),
    "django_migrations",
    *("reviews_formdraft", "reviews_assessmentdraft", "sources_chosenfile"),
}
TEXT_TYPES = ("text", "character varying", "jsonb", "ARRAY")


State = list[tuple[str, int, int]]  # each table, the number of its rows, a digest of them


class Database:
    """All that is kept, as one number for each table, and whether a text is among it."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public' AND is_generated = 'NEVER' ORDER BY 1, 2"
            )
            columns = [row for row in cursor.fetchall() if row[0] not in APART]
        quote = connection.ops.quote_name
        tables = sorted({table for table, _column, _type in columns})
        self._state = " UNION ALL ".join(
            f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {quote(table)} t"  # noqa: S608
            for table in tables
        )
        self._state += " ORDER BY 1"  # parallel workers bring the parts in whatever order
        self._holds = " OR ".join(
            f"EXISTS (SELECT 1 FROM {quote(table)} WHERE strpos({quote(column)}::text, %(text)s) > 0)"  # noqa: S608
            for table, column, kind in columns
            if kind in TEXT_TYPES
        )
        # What the ledger alone has is JSON, in bytes (RFC 8785 escapes as Python does).
        self._holds += " OR EXISTS (SELECT 1 FROM ledger_secret WHERE position(%(json)s in value) > 0)"

    def state(self) -> State:
        """All tables as they are."""
        with connection.cursor() as cursor:
            cursor.execute(self._state)
            return [(table, rows, int(digest)) for table, rows, digest in cursor.fetchall()]

    def holds(self, text: str) -> bool:
        """Whether some text column holds it, letter by letter."""
        with connection.cursor() as cursor:
            as_json = json.dumps(text, ensure_ascii=False)[1:-1].encode()
            cursor.execute(f"SELECT {self._holds}", {"text": text, "json": as_json})
            found: bool = cursor.fetchone()[0]
        return found


def fault_of(answer: Any, before: State, after: State) -> str:
    """What is wrong with an answer, in a few words; "" for nothing. `before`, `after`: the database's states."""
    if answer.status_code >= 500:
        return "failed"
    if answer.status_code >= 400 and before != after:
        tables = {table for table, _rows, _digest in set(before) ^ set(after)}
        return f"half-written: {', '.join(sorted(tables))}"
    for name, value in answer.headers.items():
        if "\r" in value or "\n" in value or "canary" in name.lower() or "canary=" in value.replace("%3D", ""):
            return f"header {name}"
    body = answer.getvalue()
    if b"canary" in body and answer.headers.get("Content-Type", "").startswith("text/html"):
        return _taken_for_markup(body.decode())
    return ""


def _taken_for_markup(page: str) -> str:
    reader = _AnswerReader()
    reader.feed(page)
    return reader.fault


class _AnswerReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fault = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "canary-tag":
            self.fault = "element"
        for name, value in attributes:
            if name.startswith(("canary", "on")):
                self.fault = f"attribute {name}"
            # Browsers drop space and control characters from addresses.
            plain = "".join(sign for sign in value or "" if sign > " ").lower()
            if name in ("href", "src", "action", "formaction") and plain.startswith(("javascript:", "data:")):
                self.fault = f"address in {name}"
