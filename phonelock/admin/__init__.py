"""The tables of Phone Lock in the set-up."""

from phonelock.admin import numbers

__all__ = ["numbers"]
