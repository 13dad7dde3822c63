"""What pages and API read: lists, names, the sourcing chain."""
