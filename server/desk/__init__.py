"""What an office works with: saved filters, many tickets at once, colleagues."""
