"""Ledgers handed over (报送): snapshots, receipts, and what is due."""
