"""What the ledger has of claims: the kinds of entries, what each act leaves, and whether rows agree with it."""
