"""All comparisons that `verify` makes between the rooms' rows and the ledger's entries, in both directions (decision
98)."""

from collections.abc import Iterable
from typing import Any

from accounts import entry_integrity
from accounts.expected_entries import DESKS, INVITATIONS, PEOPLE
from accounts.expected_entries import TOLD as TOLD_OF_ACCOUNTS
from accounts.ledger_integrity import Root, Told, ledger_check
from claims.models import Evidence
from claims.record.expected_entries import CLAIMS
from claims.record.expected_entries import TOLD as TOLD_OF_CLAIMS
from house.integrity import by_query
from reviews.expected_entries import REDACTIONS
from reviews.expected_entries import TOLD as TOLD_OF_REVIEWS
from reviews.models import Assessment
from reviews.redaction_matches import PLACES, REDACTED, TextColumns
from reviews.written_words import written_in_entry
from sources.expected_entries import ACTORS, SOURCES
from sources.expected_entries import TOLD as TOLD_OF_SOURCES

ROOTS: tuple[Root, ...] = (PEOPLE, DESKS, INVITATIONS, ACTORS, SOURCES, CLAIMS, REDACTIONS)
DECLARED: tuple[Told[Any], ...] = (*TOLD_OF_ACCOUNTS, *TOLD_OF_SOURCES, *TOLD_OF_CLAIMS, *TOLD_OF_REVIEWS)
# Sealed streams of entries about other things that belong to a claim.
_SEALED = {"evidence": Evidence, "assessment": Assessment}
_TABLES = {root.name: root.model._meta.db_table for root in ROOTS}
_TABLES |= {name: model._meta.db_table for name, model in _SEALED.items()}

_OF_ACCOUNTS = frozenset(kind for told in TOLD_OF_ACCOUNTS for kind in told.kinds)


def _taken_out(kind: str, name: str, value: Any) -> Iterable[str]:
    """The value of a row with redacted words taken out; desks, accounts and their names keep theirs."""
    return () if kind in _OF_ACCOUNTS or name == "by" else written_in_entry(kind, name=name, value=value, sealed=False)


def _erased_whole(place: TextColumns, column: str) -> str:
    """Check that erased values of append-only rows hold the mark alone, as the redaction names row and column."""
    table, key = (
        place.model._meta.db_table,
        " || '/' || ".join(f"r.{one.column}" for one in place.model._meta.pk_fields),
    )
    return (
        f"SELECT 'row ' || x.row, '{REDACTED}', 'other words' FROM ledger_erasure x"  # noqa: S608 - our own
        f" JOIN {table} r ON x.row = '{table}:' || {key} || ':{column}'"
        f" WHERE btrim(r.{column}::text, '\"') NOT IN ('{REDACTED}', '')"
    )


_WHOLE = " UNION ALL ".join(_erased_whole(place, one) for place in PLACES if place.grows for one in place.columns)

CHECKS = (
    *entry_integrity.CHECKS,
    entry_integrity.about_known_rows(_TABLES),
    by_query("erased as a whole", query=_WHOLE),
    *(ledger_check(root, DECLARED, _taken_out) for root in ROOTS),
)
