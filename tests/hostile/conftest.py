from tests.access.conftest import taken_back, world

__all__ = ["taken_back", "world"]
