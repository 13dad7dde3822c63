"""Names for mappings whose fields no class lists."""

from typing import Any

JsonObject = dict[str, Any]  # a JSON object of the ledger, a bundle or a proof: docs/ledger.md lists its fields
TemplateContext = dict[str, Any]  # the names in a template, with values of any type
