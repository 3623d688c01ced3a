"""Tickets (隐患工单): routed, worked to the end, and told as a timeline."""
