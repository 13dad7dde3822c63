"""What can be done in this room. Each action is one transaction: locks, permission, policy, change, record."""
