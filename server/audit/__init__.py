"""Append-only events: the audit trail, the timelines and the outbox in one."""
