"""What the protocols' OpenAPI documents are made of: the shapes of JSON, and a table of operations
that drf-spectacular shows.

Requests come from the serializers that read them. Answers are written out by each protocol, as its
clients expect them, and a test asks the running API whether they are true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
STAMP: Json = {"type": "string", "format": "date-time"}
DATE: Json = {"type": "string", "format": "date"}
WHOLE: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
FLAG: Json = {"type": "boolean"}


def maybe(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


def several(schema: Json) -> Json:
    return {"type": "array", "items": schema}


def object_of(*optional: str, **properties: Json) -> Json:
    """An object of exactly these properties; those named first may be missing."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Op:
    """One operation: what it is called, reads and answers.

    `reads` is the serializer (or the shape) of its body, `asks` the serializer of its query, and
    `query` what of it is written out. `ours` marks what the protocol lacks, or has without saying
    how; `also` are further statuses of errors.
    """

    summary: str
    answer: Json | None = None
    status: int = 200
    reads: Any = None
    asks: Any = None
    query: tuple[OpenApiParameter, ...] = ()
    ours: bool = False
    also: tuple[int, ...] = ()


Operations = Mapping[tuple[str, str], Op]  # by "module.View" and method


class Tabled(AutoSchema):
    """Shows a table of operations; a protocol says which, and what its errors look like."""

    operations: ClassVar[Callable[[], Operations]]
    sections: ClassVar[Mapping[str, str]]  # titles, by the module of the views
    unsaid: ClassVar[tuple[str, ...]] = ()  # the parts of a path that a name leaves out
    extension: ClassVar[str] = ""  # what is said of ours
    error: ClassVar[Json]
    errors: ClassVar[Mapping[int, str]]

    @property
    def key(self) -> str:
        kind = type(self.view)
        return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"

    @property
    def op(self) -> Op:
        return type(self).operations()[self.key, self.method]

    def get_operation_id(self) -> str:
        parts = [each for each in self.path.strip("/").split("/") if not each.startswith("{")]
        name = "_".join(each.replace("-", "_") for each in parts if each not in self.unsaid)
        suffix = "_one" if self.path.endswith("}") else ""
        return f"{self.method.lower()}_{name}{suffix}"

    def get_summary(self) -> str:
        return self.op.summary

    def get_description(self) -> str:  # type: ignore[override]
        return self.extension if self.op.ours else ""

    def get_tags(self) -> list[str]:
        return [self.sections[self.key.partition(".")[0]]]

    def get_override_parameters(self) -> list[Any]:
        op = self.op
        return [*([op.asks] if op.asks else []), *op.query]

    def get_request_serializer(self) -> Any:
        reads = self.op.reads
        return {"application/json": reads} if isinstance(reads, dict) else reads

    def get_response_serializers(self) -> Any:
        op = self.op
        answers = {op.status: OpenApiResponse(op.answer, description=op.summary)}
        for status, description in self.errors.items():
            answers[status] = OpenApiResponse(self.error, description=description)
        return answers


def without_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Each path is documented once; it works with a slash at its end too."""
    return [each for each in endpoints if not each[0].endswith("/")]
