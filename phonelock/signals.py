"""What Phone Lock announces; receivers only enqueue."""

from django.dispatch import Signal

lines_changed = Signal()
"""Sent after commit with `extensions`: ids of lines that were locked or released, or whose reasons changed."""

lines_confirmed = Signal()
"""Sent with `extensions`: ids of lines of which a phone system has confirmed that they are locked, or open again."""
