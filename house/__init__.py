"""Code that all rooms share: refusals, the transaction of an action, field checks, forms and pages.

It imports nothing about people, sources or claims. Add a new module to the list in `pyproject.toml`.
"""
