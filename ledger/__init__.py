"""The ledger: entries, their tree, its proofs. At the bottom of the import order: imports nothing of ours."""
