"""Lets an erasure take a person's name out of the audit log, and nothing else change it."""

from django.db import migrations, models

KEPT = ("id", "at", "actor_id", "action", "subject_type", "subject_id", "whole_id")
"""What nobody can change: when, who by number, what was done, to which row."""
REFUSE = "the audit log cannot be changed"
ERASURE = """SELECT 1 FROM accounting_auditentry AS erasure WHERE erasure.id = NEW.erasure_id
AND erasure.subject_type = 'person_data' AND erasure.action = 'started'"""
SAME_POSTGRESQL = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in KEPT)
SAME_SQLITE = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)
POSTGRESQL = f"""CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.erasure_id IS NOT NULL AND {SAME_POSTGRESQL} AND EXISTS ({ERASURE}) THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '{REFUSE}';
END $$"""
SQLITE = f"""CREATE TRIGGER audit_not_changed BEFORE UPDATE ON accounting_auditentry
WHEN NOT (NEW.erasure_id IS NOT NULL AND {SAME_SQLITE} AND EXISTS ({ERASURE}))
BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"""
BEFORE_POSTGRESQL = f"""CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$"""
BEFORE_SQLITE = f"""CREATE TRIGGER audit_not_changed BEFORE UPDATE ON accounting_auditentry
BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"""


def replace(schema_editor, on_postgresql, on_sqlite):
    if schema_editor.connection.vendor == "postgresql":
        # Django's cursor would look for parameters.
        schema_editor.execute(on_postgresql, params=None)
    else:
        schema_editor.execute("DROP TRIGGER audit_not_changed")
        schema_editor.execute(on_sqlite, params=None)


def allow(apps, schema_editor):
    replace(schema_editor, POSTGRESQL, SQLITE)


def refuse(apps, schema_editor):
    replace(schema_editor, BEFORE_POSTGRESQL, BEFORE_SQLITE)


class Migration(migrations.Migration):
    dependencies = [("accounting", "0015_user_name")]

    operations = [
        migrations.AddField("auditentry", "erasure_id", models.BigIntegerField(null=True)),
        migrations.RunPython(allow, refuse),
    ]
