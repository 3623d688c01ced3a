"""Documents (文书): what a department or the town hands over, and how it looks."""
