"""JSON as protocol buffers (proto3) write and read it; knows no message. Pure.

Numbers of 64 bits are strings, enums names; either may come as the other. Names come in snake_case
or lowerCamelCase and leave in snake_case. What isn't known is ignored, null is absent, and a value
that is its type's default may be left out: so it reads as absent.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
Message = Mapping[str, Any]  # the type of each field, by its name in snake_case

_WHOLE = re.compile(r"-?[0-9]{1,20}")


class Scalar(enum.Enum):
    TEXT = "text"
    FLAG = "flag"
    INT32 = "int32"
    INT64 = "int64"


TEXT, FLAG, INT32, INT64 = Scalar.TEXT, Scalar.FLAG, Scalar.INT32, Scalar.INT64
BITS = {INT32: 31, INT64: 63}


@dataclasses.dataclass(frozen=True)
class Enum:
    """Names by their numbers, from 0; what is read under another is absent."""

    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Many:
    """A repeated field."""

    of: Any


class Malformed(ValueError):
    """What was sent isn't of the type that its field has."""


def camel(name: str) -> str:
    """A name as the JSON of protocol buffers has it unless told otherwise."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def read(message: Message, value: Any, *, alias: Mapping[str, str] | None = None) -> Json:
    """The fields of a message that say something. `alias` names other spellings of a field.

    Raises Malformed.
    """
    return _message(message, value, "", alias or {})


def _message(message: Message, value: Any, path: str, alias: Mapping[str, str]) -> Json:
    if not isinstance(value, Mapping):
        raise Malformed(f"{path.rstrip('.') or 'body'}: must be an object")
    found: Json = {}
    for name, kind in message.items():
        given = _given(value, name, alias.get(name))
        if given is not None:
            said = _value(kind, given, path + name, alias)
            if said or isinstance(kind, Mapping):
                found[name] = said
    return found


def _given(value: Mapping[str, Any], name: str, other: str | None) -> Any:
    """What is said under a name in either spelling, else under its other name."""
    for each in (name, other) if other else (name,):
        if (found := value.get(each, value.get(camel(each)))) is not None:
            return found
    return None


def _value(kind: Any, value: Any, path: str, alias: Mapping[str, str]) -> Any:
    if isinstance(kind, Mapping):
        return _message(kind, value, f"{path}.", alias)
    if isinstance(kind, Many):
        if not isinstance(value, list):
            raise Malformed(f"{path}: must be a list")
        return [
            _value(kind.of, each, f"{path}.{number}", alias) for number, each in enumerate(value)
        ]
    if isinstance(kind, Enum):
        return _name(kind, value, path)
    if kind is TEXT:
        if not (isinstance(value, str) and _is_storable(value)):
            raise Malformed(f"{path}: must be a text")
        return value
    if kind is FLAG:
        if not isinstance(value, bool):
            raise Malformed(f"{path}: must be true or false")
        return value
    return _number(value, BITS[kind], path)


def _is_storable(value: str) -> bool:
    """Whether it can be written down: NUL and halves of surrogate pairs can't."""
    return not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in value)


def _number(value: Any, bits: int, path: str) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{path}: must be a whole number")
    if not -(1 << bits) <= value < 1 << bits:
        raise Malformed(f"{path}: is out of range")
    return value


def _name(kind: Enum, value: Any, path: str) -> str:
    """The name of an enum's value; empty for the default and for what a newer version may know."""
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        return value if value in kind.names[1:] else ""
    number = _number(value, 31, path)
    return kind.names[number] if 0 < number < len(kind.names) else ""


def write(message: Message, value: Mapping[str, Any]) -> Json:
    """A message as JSON: its own fields in its own order, without those that are None."""
    return {
        name: _written(kind, value[name])
        for name, kind in message.items()
        if value.get(name) is not None
    }


def _written(kind: Any, value: Any) -> Any:
    if isinstance(kind, Mapping):
        return write(kind, value)
    if isinstance(kind, Many):
        return [_written(kind.of, each) for each in value]
    return str(value) if kind is INT64 else value


def schema(kind: Any, *, reads: bool) -> Json:
    """The JSON Schema of a type: of what is accepted, or of what is written."""
    if isinstance(kind, Mapping):
        return {
            "type": "object",
            "properties": {name: schema(each, reads=reads) for name, each in kind.items()},
        } | ({} if reads else {"additionalProperties": False})
    if isinstance(kind, Many):
        return {"type": "array", "items": schema(kind.of, reads=reads)}
    if isinstance(kind, Enum):
        return {"type": "string", "enum": list(kind.names)}
    if kind is INT64:
        return {"type": "string", "pattern": "^-?[0-9]{1,18}$"}
    if kind is INT32:
        return {"type": "integer", "minimum": -(1 << 31), "maximum": (1 << 31) - 1}
    return {"type": "boolean" if kind is FLAG else "string"}
