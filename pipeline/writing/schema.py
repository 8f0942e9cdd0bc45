"""A pydantic model as the JSON schema that strict structured output takes."""

from typing import Any

from pydantic import BaseModel

# What strict mode does not know. The model's own validation holds these afterwards.
_UNSUPPORTED = frozenset(
    {"default", "title", "minLength", "exclusiveMinimum", "maxItems", "minItems", "minimum", "maximum"}
)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Every property required, no other allowed."""
    schema: dict[str, Any] = _strict(model.model_json_schema())
    return schema


def _strict(node: Any, *, names: bool = False) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _strict(value, names=key in {"properties", "$defs"} and not names)
        for key, value in node.items()
        if names or key not in _UNSUPPORTED
    }
    if not names and "properties" in kept:
        kept |= {"additionalProperties": False, "required": list(kept["properties"])}
    return kept
