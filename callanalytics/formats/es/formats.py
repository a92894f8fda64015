"""Spanish: points between thousands, as in amounts of money."""

THOUSAND_SEPARATOR = "."
