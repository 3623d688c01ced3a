"""Papers (文书) issued with a number: frozen, numbered without gaps, withdrawn only by
another paper, verified by anyone who holds one."""
