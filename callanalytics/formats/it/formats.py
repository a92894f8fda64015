"""Italian: months in small letters, which Django has for the short names only."""

DATE_FORMAT = "j b Y"
DATETIME_FORMAT = "j b Y H:i"
YEAR_MONTH_FORMAT = "b Y"
MONTH_DAY_FORMAT = "j b"
