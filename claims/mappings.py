"""Names for mappings whose fields no class lists."""

from typing import Any

JsonObject = dict[str, Any]  # a JSON object: docs/ledger.md lists the fields of entries, bundles and proofs
TemplateContext = dict[str, Any]  # the names in a template, with values of any type
FormValues = dict[str, Any]  # cleaned_data: values by field name, of several types
