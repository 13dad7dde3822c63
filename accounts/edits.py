"""Edits of a row, merged with the row as it now is, so that people who change different fields both succeed.

Merging happens under the row's lock. A field left as seen keeps its present value; one that only this person changed is
set; one that another person changed to another value is refused, with both values. An edit therefore states what its
author saw: field values from a form, or the row's version from a program.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Model, QuerySet
from django.utils.translation import gettext as _

from accounts.models import FieldChange, User
from house.errors import EditConflict, FieldConflict, Stale
from house.inputs import FieldValues
from house.seen import SeenValues, Versioned, plain


def merge(row: Versioned, given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> FieldValues:
    """The given fields that change the locked `row`, as values to set; empty for an edit that changes nothing.

    `present` has the row's fields as its editor sees them. Raises EditConflict; Stale for an unknown version, or if the
    required version is not the present one.
    """
    if seen.is_exact:
        check_seen(row, seen.version)
    if seen.version is not None and seen.version > row.version:
        raise Stale(_("Version not found. Fetch the row again."), version=row.version)
    changed = _changed(given, present=present, seen=seen)
    since = _changes_since(row, seen, changed)
    if seen.values is None:
        conflicts = [name for name in changed if name in since]
    else:
        conflicts = _changed_unseen(changed, present, values=seen.values)
    if conflicts:
        raise EditConflict(
            [
                _conflict(name, changed[name], theirs=present[name], seen=seen, change=since.get(name))
                for name in conflicts
            ],
            version=row.version,
        )
    return changed


def merge_values(given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> FieldValues:
    """As `merge`, by seen values alone: accounts and roles keep no versions.

    The row is locked. Raises EditConflict, without the other person's name.
    """
    changed = _changed(given, present=present, seen=seen)
    conflicts = [] if seen.values is None else _changed_unseen(changed, present, values=seen.values)
    if conflicts:
        raise EditConflict(
            [_conflict(name, changed[name], theirs=present[name], seen=seen, change=None) for name in conflicts],
            version=0,
        )
    return changed


def _changed(given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> FieldValues:
    """The author's changes, except those the row already has."""
    touched = {name: value for name, value in given.items() if _is_changed(name, value, seen)}
    return {name: value for name, value in touched.items() if plain(value) != plain(present[name])}


def _changed_unseen(names: Iterable[str], present: Mapping[str, Any], *, values: Mapping[str, Any]) -> list[str]:
    """The fields whose present value differs from the seen one."""
    unknown = object()
    return [name for name in names if values.get(name, unknown) != plain(present[name])]


def _is_changed(name: str, value: Any, seen: SeenValues) -> bool:
    """Whether the author changed the value they saw; True if that value is unknown."""
    return seen.values is None or name not in seen.values or seen.values[name] != plain(value)


def _changes_since(row: Versioned, seen: SeenValues, names: Iterable[str]) -> dict[str, FieldChange]:
    """The last change of each field after the seen version, or its last change at all if only values were seen."""
    if seen.version is None and seen.values is None:
        return {}
    rows = FieldChange.objects.filter(row=row.pk, fields__overlap=list(names), version__gt=seen.version or 0)
    return {name: change for change in rows.select_related("by").order_by("version") for name in change.fields}


def fields_changed_since(row: Versioned, version: int) -> set[str]:
    """The fields of a row that changed after this version."""
    rows = FieldChange.objects.filter(row=row.pk, version__gt=version).values_list("fields", flat=True)
    return {name for names in rows for name in names}


def last_changes(rows: Iterable[UUID], *names: str) -> dict[UUID, FieldChange]:
    """The last change of one of these fields in each of the caller's scoped rows, with its author."""
    changes = FieldChange.objects.filter(row__in=list(rows), fields__overlap=list(names)).select_related("by")
    return {change.row: change for change in changes.order_by("version")}


def _conflict(name: str, yours: Any, *, theirs: Any, seen: SeenValues, change: FieldChange | None) -> FieldConflict:
    return FieldConflict(
        field=name,
        seen=(seen.values or {}).get(name),
        theirs=plain(theirs),
        yours=plain(yours),
        by=change.by.username if change and change.by else "",
        at=change.at if change else None,
    )


def check_seen(row: Versioned, seen_version: int | None) -> None:
    """Refuse a decision based on another version of the row than the present; None accepts any. Raises Stale."""
    if seen_version is None or seen_version == row.version:
        return
    rows = FieldChange.objects.filter(row=row.pk, version__gt=seen_version).select_related("by").order_by("version")
    told = [_in_words(change.by.username if change.by else "", change.fields) for change in rows]
    raise Stale(
        _("This has changed since you opened it. Review the changes, then try again."),
        version=row.version,
        changes=told,
    )


def _in_words(person: str, fields: Iterable[str]) -> str:
    return _("%(person)s changed: %(fields)s.") % {"person": person or _("Another person"), "fields": ", ".join(fields)}


def count_edit(row: Versioned, fields: Iterable[str], *, by: User | None, now: datetime) -> None:
    """Raise a locked row's version and note the changed fields. The caller saves the row with its `version`."""
    row.version += 1
    FieldChange.objects.create(row=row.pk, version=row.version, fields=sorted(fields), by=by, at=now)


def edit_all(rows: QuerySet[Any, Any], *, by: User | None, now: datetime, **values: Any) -> int:
    """Set fields of many rows as one edit of each row; returns how many rows."""
    ids = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    found: QuerySet[Model] = rows.model._default_manager.filter(pk__in=ids)
    found.update(**values, version=F("version") + 1)
    FieldChange.objects.bulk_create(
        FieldChange(row=pk, version=version, fields=sorted(values), by=by, at=now)
        for pk, version in found.values_list("pk", "version")
    )
    return len(ids)
