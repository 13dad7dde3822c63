"""Queries for pages and the API: lists, names, the sourcing chain."""
