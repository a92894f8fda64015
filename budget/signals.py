"""What budget control announces upwards; receivers only enqueue."""

from django.dispatch import Signal

threshold_reached = Signal()
"""Sent after commit with `period_id`, `account_id`, `percent` and `lock`: whether the phone is to be locked."""
period_released = Signal()
"""Sent after commit with `period_id` and `account_id` when a lock request no longer holds."""
