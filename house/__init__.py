"""What all rooms share: refusals, the transaction of an action, fields, forms and pages.

Knows nothing of people, sources or claims. `pyproject.toml` lists its modules; a new one has to be added there.
"""
