"""Calls phones what the menu calls them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounting", "0011_columns"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="device",
            options={"ordering": ["name", "first_seen"], "verbose_name": "phone", "verbose_name_plural": "phones"},
        ),
    ]
