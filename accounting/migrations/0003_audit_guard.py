"""Lets the database itself refuse to change the audit log."""

from django.db import migrations

POSTGRESQL = (
    """CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log cannot be changed'; END $$""",
    """CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON accounting_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()""",
)
SQLITE = (
    """CREATE TRIGGER audit_not_changed BEFORE UPDATE ON accounting_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit log cannot be changed'); END""",
    """CREATE TRIGGER audit_not_deleted BEFORE DELETE ON accounting_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit log cannot be changed'); END""",
)
UNDO_POSTGRESQL = ("DROP TRIGGER audit_kept ON accounting_auditentry", "DROP FUNCTION refuse_audit_change()")
UNDO_SQLITE = ("DROP TRIGGER audit_not_changed", "DROP TRIGGER audit_not_deleted")


def guard(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in UNDO_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else UNDO_SQLITE:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounting", "0002_set_up")]

    operations = [migrations.RunPython(guard, unguard)]
