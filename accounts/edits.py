"""Edits: what a person changed of a row, and from what. Two who change different fields of it both succeed.

An edit is merged with the row as it is when its turn comes, under the row's lock. A field that the person left as they
saw it keeps its present value, whatever that is by then; one that they alone changed is set; one that somebody else
changed meanwhile to another value is refused, with both values. For this an edit says what its author saw: the value
of each field, where a form showed it, or the row's version, where a program read it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Model, QuerySet
from django.utils.translation import gettext as _

from accounts.models import FieldChange, User
from house.errors import EditConflict, FieldConflict, Stale
from house.seen import SeenValues, Versioned, plain


def merge(row: Versioned, given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> dict[str, Any]:
    """Those of the given fields that change the row as it is: what is to be set.

    `row` is locked; `present` has its fields as they are shown to the person who edits it. A field that is given with
    the value that it has is left out, so that an edit that changes nothing comes back empty.
    Raises EditConflict; Stale for a version that there is none of, or where the one that is wanted is not the present.
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


def merge_values(given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> dict[str, Any]:
    """As `merge`, by the values alone that were seen: for accounts and roles, of which no versions are kept.

    The row is locked. Raises EditConflict, which does not know who the other was.
    """
    changed = _changed(given, present=present, seen=seen)
    conflicts = [] if seen.values is None else _changed_unseen(changed, present, values=seen.values)
    if conflicts:
        raise EditConflict(
            [_conflict(name, changed[name], theirs=present[name], seen=seen, change=None) for name in conflicts],
            version=0,
        )
    return changed


def _changed(given: Mapping[str, Any], *, present: Mapping[str, Any], seen: SeenValues) -> dict[str, Any]:
    """What the author changed of what they saw, where the row does not have it already."""
    touched = {name: value for name, value in given.items() if _is_changed(name, value, seen)}
    return {name: value for name, value in touched.items() if plain(value) != plain(present[name])}


def _changed_unseen(names: Iterable[str], present: Mapping[str, Any], *, values: Mapping[str, Any]) -> list[str]:
    """Those of the fields whose present value is not the one that was seen."""
    unknown = object()
    return [name for name in names if values.get(name, unknown) != plain(present[name])]


def _is_changed(name: str, value: Any, seen: SeenValues) -> bool:
    """Whether the author gave another value than they saw; so it is where what they saw is not known."""
    return seen.values is None or name not in seen.values or seen.values[name] != plain(value)


def _changes_since(row: Versioned, seen: SeenValues, names: Iterable[str]) -> dict[str, FieldChange]:
    """The last change of each of these fields after the version that was seen; of them all where only values were."""
    if seen.version is None and seen.values is None:
        return {}
    rows = FieldChange.objects.filter(row=row.pk, fields__overlap=list(names), version__gt=seen.version or 0)
    return {name: change for change in rows.select_related("by").order_by("version") for name in change.fields}


def fields_changed_since(row: Versioned, version: int) -> set[str]:
    """The fields of a row that were changed after a version of it."""
    rows = FieldChange.objects.filter(row=row.pk, version__gt=version).values_list("fields", flat=True)
    return {name for names in rows for name in names}


def last_changes(rows: Iterable[UUID], *names: str) -> dict[UUID, FieldChange]:
    """Of each of these rows the last change of one of these fields, with who made it; of the caller's scoped rows."""
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
    """Refuse an act that was decided on another version of the row than the present one; None: on whatever it is.

    Raises Stale.
    """
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
    return _("%(person)s changed: %(fields)s.") % {"person": person or _("Somebody"), "fields": ", ".join(fields)}


def count_edit(row: Versioned, fields: Iterable[str], *, by: User | None, now: datetime) -> None:
    """Raise a locked row's version and note which fields changed. The caller saves the row with its `version`."""
    row.version += 1
    FieldChange.objects.create(row=row.pk, version=row.version, fields=sorted(fields), by=by, at=now)


def edit_all(rows: QuerySet[Any, Any], *, by: User | None, now: datetime, **values: Any) -> int:
    """Set fields of many rows at once, of each as an edit of its own. How many there were."""
    ids = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    found: QuerySet[Model] = rows.model._default_manager.filter(pk__in=ids)
    found.update(**values, version=F("version") + 1)
    FieldChange.objects.bulk_create(
        FieldChange(row=pk, version=version, fields=sorted(values), by=by, at=now)
        for pk, version in found.values_list("pk", "version")
    )
    return len(ids)
