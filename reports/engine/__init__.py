"""The one engine behind every report: a question in one vocabulary in, groups and totals or calls out."""
