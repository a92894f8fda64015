"""A counter that tells running workers when people, lines, rules or prices have changed."""

from django.db import models


class ReferenceRevision(models.Model):
    """The revision of everything that calls are attributed and priced by; one row, raised by each change."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
