"""Staff, their roles, their phones, their tokens."""
