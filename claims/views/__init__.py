"""Pages of claims, sources and actors. A page reads by a query or calls one action; it holds no rule."""
