"""The database itself refuses to change what stands in the ledger."""

from typing import Any

from django.db import migrations

TABLES = (
    "settlement_transferfact",
    "settlement_entry",
    "settlement_posting",
    "settlement_approval",
    "settlement_disputemessage",
    "settlement_rate",
)
FUNCTION = """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is never changed'; END $$;
"""


def forwards(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION)
        for table in TABLES:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();"
            )
        return
    # SQLite has no TRUNCATE: clearing a whole test database deletes row by row, so there the trigger guards
    # against changes; the audit trail shows deletions.
    for table in TABLES:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;"
        )


def backwards(apps: Any, schema_editor: Any) -> None:
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        on = f" ON {table}" if is_postgres else ""
        schema_editor.execute(f"DROP TRIGGER {table}_append_only{on}")
    if is_postgres:
        schema_editor.execute("DROP FUNCTION ledger_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
