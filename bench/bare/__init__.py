"""A bare Django project to measure against: what a sensible developer writes for a list, a move and an upload."""
