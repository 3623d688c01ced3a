"""Read-only figures: rates, each with its definition."""
