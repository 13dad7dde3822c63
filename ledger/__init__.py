"""The ledger: entries, their tree and its proofs. The lowest room: it imports none of the others."""
