"""The database itself refuses to change an audit event."""

from typing import Any

from django.db import migrations

POSTGRES = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit events are never changed'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON kernel_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""
POSTGRES_BACK = """
DROP TRIGGER audit_append_only ON kernel_auditevent;
DROP FUNCTION audit_is_append_only();
"""
# SQLite has no TRUNCATE: clearing a whole test database deletes row by row, so there the
# trigger guards against changes alone and the chain shows deletions.
SQLITE = """
CREATE TRIGGER audit_append_only BEFORE UPDATE ON kernel_auditevent
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
"""


def forwards(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(
        POSTGRES_BACK
        if schema_editor.connection.vendor == "postgresql"
        else "DROP TRIGGER audit_append_only"
    )


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
