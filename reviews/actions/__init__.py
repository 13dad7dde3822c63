"""The actions of this room. Each is one transaction: lock, permission, policy, change, record."""
