"""The ledger's record of claims: kinds of entries, the entries of each act, and the check that rows agree with it."""
