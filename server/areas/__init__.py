"""Areas: city > district > town > community/village > grid, and where a point lies."""
