"""The audit log names the work behind a row's change, work can be undone, departments have one name in one place."""

import django.db.models.deletion
from django.db import migrations, models


def tell_apart(apps, schema_editor):
    """Number departments at the top that have the same name: the oldest keeps it."""
    departments = apps.get_model("accounting", "Department")
    taken = set()
    twins = []
    for department in departments.objects.filter(parent=None).order_by("pk"):
        if department.name in taken:
            twins.append(department)
        taken.add(department.name)
    for department in twins:
        number = 2
        while free_name(department.name, number) in taken:
            number += 1
        department.name = free_name(department.name, number)
        taken.add(department.name)
        department.save(update_fields=["name"])


def free_name(name, number):
    """Return a name with a number that still fits into the column."""
    sign = f" ({number})"
    return name[: 80 - len(sign)] + sign


class Migration(migrations.Migration):
    dependencies = [("accounting", "0010_outbox")]

    operations = [
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent", None)), fields=("name",), name="department_once_at_top"
            ),
        ),
        migrations.CreateModel(
            name="ChangeJournal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("rows", models.BinaryField(default=bytes)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="undone")),
                ("undone_by", models.CharField(blank=True, max_length=200, verbose_name="by")),
                ("outcome", models.JSONField(default=dict)),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounting.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "journal of changes",
                "verbose_name_plural": "journals of changes",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="auditentry",
            name="whole_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="correction",
            name="undo_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason for undoing"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("added", "Added"),
                    ("changed", "Changed"),
                    ("deleted", "Deleted"),
                    ("imported", "Imported"),
                    ("exported", "Exported"),
                    ("sent", "Sent"),
                    ("viewed", "Viewed unmasked"),
                    ("started", "Started"),
                    ("dry_run", "Dry run"),
                    ("failed", "Failed"),
                    ("undone", "Undone"),
                    ("signed_in", "Signed in"),
                    ("signed_out", "Signed out"),
                    ("refused", "Refused"),
                    ("locked_out", "Locked out"),
                ],
                max_length=12,
                verbose_name="action",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(condition=models.Q(("whole_id", None)), fields=["at", "id"], name="audit_wholes"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("whole_id__isnull", False)), fields=["whole_id", "id"], name="audit_by_whole"
            ),
        ),
    ]
