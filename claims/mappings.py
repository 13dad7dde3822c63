"""Names for mappings whose fields no class lists."""

from typing import Any

TemplateContext = dict[str, Any]  # the names in a template, with values of any type
