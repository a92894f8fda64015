"""Lets PostgreSQL refuse to empty the audit log as a whole, too: TRUNCATE passes triggers of single rows by."""

from django.db import migrations

GUARD = """CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON accounting_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"""
UNGUARD = "DROP TRIGGER audit_not_emptied ON accounting_auditentry"


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(UNGUARD)


class Migration(migrations.Migration):
    dependencies = [("accounting", "0006_price_changes")]

    operations = [migrations.RunPython(guard, unguard)]
