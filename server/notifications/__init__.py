"""Messages about what happened, and their delivery to people, bots and webhooks."""
