"""Many values in one parameter: `filter(account__among=ids)` in place of `__in`, which takes time for each value."""

import json
from typing import Any

from django.db import models


class Among(models.Lookup[Any]):
    """Is one of these whole numbers or texts, however many they are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the test with an array on PostgreSQL, else with JSON."""
        column, parameters = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*parameters, values)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*parameters, json.dumps(values))  # noqa: S608  (a column)


def register() -> None:
    """Let keys, links and texts be looked up so."""
    for field in (models.IntegerField, models.CharField, models.ForeignKey):
        field.register_lookup(Among)
