"""Pages for a person."""
