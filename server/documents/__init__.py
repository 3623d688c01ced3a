"""Documents (文书): what a department or the town hands over, and how it looks.

Issued with a number and frozen, without gaps, withdrawn only by another document,
verified by anyone who holds one.
"""
