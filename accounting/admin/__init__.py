"""The set-up: every table that administrators keep or look into, with search and filters."""

from accounting.admin import collecting, connections, lines, numbering, organisation, sign_in, site, tariffs

__all__ = ["collecting", "connections", "lines", "numbering", "organisation", "sign_in", "site", "tariffs"]
