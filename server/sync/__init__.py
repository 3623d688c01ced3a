"""What a phone fetches in one go for work without a network."""
