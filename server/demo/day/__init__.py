"""A patrol day (巡查日) played against a running server, over HTTP and nothing else.

Phones, departments and re-inspections are played here as any other client would play
them: with the accounts file, the contract's calls, and what the answers say.
"""
