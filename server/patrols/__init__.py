"""Inspections (检查) and findings (隐患): immutable facts from the field."""
