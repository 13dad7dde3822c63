"""Every address of the application, read from the resolver itself, so that none can be forgotten."""

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# The administration site is Django's own; that it opens to administrators alone is tested in tests/accounts.
FOREIGN = {"admin"}


@dataclass(frozen=True)
class Route:
    """One named address: its name with namespaces, and the names of what stands in its path."""

    name: str
    parameters: tuple[str, ...]
    view: Any

    def address(self, values: dict[str, Any]) -> str:
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})


def routes() -> list[Route]:
    """Every address with a name, by name. One without a name fails here."""
    found = sorted(_walk(get_resolver().url_patterns, (), ()), key=lambda route: route.name)
    assert len({route.name for route in found}) == len(found), "two addresses share a name"
    return found


def _walk(patterns: list[Any], namespaces: tuple[str, ...], parameters: tuple[str, ...]) -> list[Route]:
    found = []
    for pattern in patterns:
        names = (*parameters, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            if pattern.namespace in FOREIGN:
                continue
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            found += _walk(pattern.url_patterns, inner, names)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"the address {pattern.pattern} has no name"
            found.append(Route(":".join((*namespaces, pattern.name)), names, pattern.callback))
    return found
