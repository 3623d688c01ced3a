"""Duty records (履职记录): what was done of the list that is no inspection."""
