"""The check that every referenced row exists, in all tables, because tampering can remove foreign keys.

Other checks join rows with the rows they refer to, and can miss a row whose reference leads nowhere.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey

from house.integrity import Check, IntegrityScope, Place, one_by_one, rows_in_batches

_NOWHERE = """
SELECT concat_ws(' ', {key}), r.{column}::text FROM {table} r
WHERE r.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {target} t WHERE t.{target_column} = r.{column})
ORDER BY 1
"""


def references() -> list["ForeignKey[Any, Any]"]:
    """Return all foreign keys of all tables, including those of many-to-many relations."""
    # Every table, found by looking: a new foreign key is checked without a line here (decision 98).
    models = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    fields = (field for model in models for field in model._meta.concrete_fields)
    return sorted((field for field in fields if isinstance(field, ForeignKey)), key=_name)


def _name(field: "Field[Any, Any]") -> str:
    return f"{field.model._meta.db_table}.{field.column}"


def _all(scope: IntegrityScope) -> Iterable[Place]:
    return one_by_one(references(), _name, leads_nowhere)


def leads_nowhere(field: "ForeignKey[Any, Any]") -> Iterator[Place]:
    """Yield the rows of the field's table whose referenced row does not exist."""
    table, target = field.model._meta, field.target_field
    # By an outer look and no join: a row that refers to nothing is what a join leaves out (decision 98).
    query = _NOWHERE.format(
        key=", ".join(f'r."{one.column}"' for one in table.pk_fields),
        column=f'"{field.column}"',
        table=f'"{table.db_table}"',
        target=f'"{target.model._meta.db_table}"',
        target_column=f'"{target.column}"',
    )
    for key, value in rows_in_batches(query):
        yield f"{table.db_table} {key}", f"a row for its {field.name}", f"none: {value}"


CHECKS = (Check("what a row refers to is there", _all),)
