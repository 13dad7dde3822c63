"""Actions on claims and their material. Each is one transaction: locks, permission, policy, change, ledger entry."""
