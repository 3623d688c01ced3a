"""Campaigns (专项行动、重要时间节点): places to visit once in some days."""
