"""Inbound orders (下派工单): a department hands down, the town answers for it."""
