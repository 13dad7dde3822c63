"""All that `verify` compares of the rooms' rows and the ledger's entries, both ways round (decision 98)."""

from typing import Any

from accounts import entry_verification
from accounts.ledger_verification import Root, Told, ledger_check
from accounts.told import DESKS, INVITATIONS, PEOPLE
from accounts.told import TOLD as TOLD_OF_ACCOUNTS
from claims.models import Evidence
from claims.told import CLAIMS
from claims.told import TOLD as TOLD_OF_CLAIMS
from reviews.models import Assessment
from reviews.told import REDACTIONS
from reviews.told import TOLD as TOLD_OF_REVIEWS
from sources.told import ACTORS, SOURCES
from sources.told import TOLD as TOLD_OF_SOURCES

ROOTS: tuple[Root, ...] = (PEOPLE, DESKS, INVITATIONS, ACTORS, SOURCES, CLAIMS, REDACTIONS)
DECLARED: tuple[Told[Any], ...] = (*TOLD_OF_ACCOUNTS, *TOLD_OF_SOURCES, *TOLD_OF_CLAIMS, *TOLD_OF_REVIEWS)
# What else entries are about, in sealed streams of their own: it hangs on a claim.
_SEALED = {"evidence": Evidence, "assessment": Assessment}
_TABLES = {root.name: root.model._meta.db_table for root in ROOTS}
_TABLES |= {name: model._meta.db_table for name, model in _SEALED.items()}

CHECKS = (
    *entry_verification.CHECKS,
    entry_verification.about_known_rows(_TABLES),
    *(ledger_check(root, DECLARED) for root in ROOTS),
)
