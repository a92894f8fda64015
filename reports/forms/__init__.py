"""The forms of report pages: the options of a report, and how a saved one is named and shared."""
