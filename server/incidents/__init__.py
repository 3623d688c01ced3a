"""Incidents (突发事件, items 45–50): a report, a command, a recorded course."""
