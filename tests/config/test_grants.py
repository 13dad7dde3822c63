"""The application's database role can change rows, add to what is append-only, and nothing else."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, connections

from config import grants
from config.checks import owner_is_apart

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def rights_by_table() -> dict[str, str]:
    query = """
        SELECT t.tablename, string_agg(g.privilege_type, ' ' ORDER BY g.privilege_type)
        FROM pg_tables t LEFT JOIN information_schema.role_table_grants g
            ON g.table_schema = t.schemaname AND g.table_name = t.tablename AND g.grantee = current_user
        WHERE t.schemaname = 'public' GROUP BY 1"""
    return {str(row[0]): str(row[1]) for row in rows(query)}


def expected_rights() -> dict[str, str]:
    tables = [str(table) for (table,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    full, adding = "DELETE INSERT SELECT UPDATE", "INSERT SELECT"
    only_added = {*grants.APPEND_ONLY, *grants.ONLY_ADVANCED}  # of the latter some columns may be changed
    expected = {table: adding if table in only_added else full for table in tables}
    return {table: "SELECT" if table in grants.READ_ONLY else rights for table, rights in expected.items()}


def test_every_table_has_exactly_its_rights() -> None:
    assert rights_by_table() == expected_rights()


def test_every_append_only_table_exists() -> None:
    assert set(grants.APPEND_ONLY) - set(rights_by_table()) == set()


def test_granting_again_changes_nothing() -> None:
    before = rights_by_table()
    call_command("grant_roles", verbosity=0)
    assert rights_by_table() == before


@pytest.mark.parametrize("table", grants.APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = NULL", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_the_application_cannot_change_what_is_append_only(table: str, statement: str) -> None:
    columns = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"  # noqa: S608
    ((column,), *_others) = rows(columns)
    with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
        rows(statement.format(table=table, column=column))


def test_of_what_only_goes_on_no_other_columns_may_be_changed() -> None:
    query = """
        SELECT table_name, array_agg(column_name::text ORDER BY column_name) FROM information_schema.role_column_grants
        WHERE table_schema = 'public' AND grantee = current_user AND privilege_type = 'UPDATE' AND table_name = ANY(%s)
        GROUP BY 1"""
    with connection.cursor() as cursor:
        cursor.execute(query, [list(grants.ONLY_ADVANCED)])
        assert dict(cursor.fetchall()) == {table: sorted(names) for table, names in grants.ONLY_ADVANCED.items()}


def test_the_application_cannot_truncate_an_ordinary_table() -> None:
    with pytest.raises(ProgrammingError, match="permission denied for table accounts_desk"):
        rows("TRUNCATE accounts_desk")


def test_the_application_owns_nothing_and_can_make_nothing() -> None:
    owned = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
    may_create = "SELECT has_schema_privilege('public', 'CREATE'), has_database_privilege(current_database(), 'CREATE')"
    assert (rows(owned), rows(may_create)) == ([], [(False, False)])


def test_everybody_else_has_no_rights() -> None:
    public = "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC'"
    assert rows(f"{public} AND table_schema = 'public'") == []


def test_one_role_for_both_changes_nothing_and_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rights_by_table()
    monkeypatch.setitem(connections["owner"].settings_dict, "USER", grants.application_role())
    assert grants.grant_roles() is False
    assert [message.id for message in owner_is_apart(None)] == ["second_source.W001"]
    assert rights_by_table() == before


def test_an_owner_apart_is_not_warned_of() -> None:
    assert owner_is_apart(None) == []
