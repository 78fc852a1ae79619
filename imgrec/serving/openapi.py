"""The OpenAPI file: what each route takes and gives, for programs that ask instead of the page.

Answers are dataclasses, and their schemas follow from their types. Requests are checked by shapes
(`imgrec.serving.requests`), which accept more than a dataclass says, such as an id in the place of
a picture; so theirs are written here, beside the bounds that the shapes take from there too.
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from imgrec.distances.choices import FUSIONS_EXPLAINED, METRICS_EXPLAINED
from imgrec.search.answer import Answer
from imgrec.search.choices import INDEXES
from imgrec.serving.answers import Found
from imgrec.serving.requests import (
    MOST_ANSWERED,
    MOST_MARKED,
    MOST_NAMED,
    MOST_PICTURES,
    MOST_TEXT,
    MOST_TEXTS,
    CollectionChange,
    FacetsRequest,
    ListRequest,
    MedoidsRequest,
    PicturesRequest,
    SearchRequest,
)
from imgrec.serving.routes import JSON, MOST_THUMBS, Route
from imgrec.version import __version__

Schema = dict[str, Any]

_REF = "#/components/schemas/{model}"
_STATUSES = {
    400: "the request is wrong; `error` says what, in a line",
    401: "the token is absent or not of this server",
    403: "the request came by a name that is not this server's, or from a page of another site",
    404: "there is no such picture, collection, upload or tile, or no map",
    408: "the body did not arrive in time",
    409: "the store cannot answer this, as it is",
    410: "the cursor or the upload is no longer kept, or the map was written anew",
    413: "the body is too large",
    415: "the body is of another type",
    422: "the picture cannot be read",
    500: "the server failed",
    503: "the server is busy: ask again in a moment",
}
_ID: Schema = {"type": "integer", "minimum": 0, "maximum": (1 << 63) - 1}
_TOKEN: Schema = {"type": "string", "maxLength": 64}
_NAME: Schema = {"type": "string", "maxLength": 4096}
_PICTURE_ID: Schema = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
_PARAMETERS: dict[str, Schema] = {
    "id": _PICTURE_ID,
    "ids": {"type": "string", "pattern": f"^[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{MOST_THUMBS - 1}}}$"},
    "upload": {"type": "string", "minLength": 1, "maxLength": 64},
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "map": {"type": "string", "minLength": 1, "maxLength": 64},
    **{key: {"type": "integer", "minimum": 0, "maximum": 10**9 - 1} for key in "zxy"},
    "form": {"enum": ["csv", "json", "paths"]},
}


def openapi(routes: Iterable[Route]) -> Schema:
    """Return the OpenAPI document of routes."""
    models: dict[str, Schema] = dict(_REQUESTS)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": "imgrec", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": models,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(route: Route, models: dict[str, Schema]) -> Schema:
    operation: Schema = {
        "operationId": re.sub(r"\W+", "-", f"{route.method.lower()}{route.path}").strip("-"),
        "summary": route.summary,
        "responses": _responses(route, models),
    }
    names = re.findall(r"{(\w+)}", route.path)
    if names:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]}
            for name in names
        ]
    if route.takes is not None:
        operation["requestBody"] = {"required": True, "content": _taken(route.takes)}
    return operation


def _responses(route: Route, models: dict[str, Schema]) -> Schema:
    refused = {"content": {JSON: {"schema": {"$ref": _REF.format(model="Error")}}}}
    responses = {
        str(status): {"description": text, **refused} for status, text in _STATUSES.items()
    }
    return {
        "200": {"description": "the answer", "content": _given(route.gives, models)},
        **responses,
    }


def _taken(takes: type | str) -> Schema:
    if not isinstance(takes, str):
        return {JSON: {"schema": {"$ref": _REF.format(model=takes.__name__)}}}
    return {kind: {"schema": {}} for kind in (takes, "application/octet-stream")}


def _given(gives: Any, models: dict[str, Schema]) -> Schema:
    if isinstance(gives, str):
        return {gives: {"schema": {}}}
    if gives is Found:
        schema = _schema_of(Answer, models)
        schema = {"allOf": [schema, {"properties": {"cursor": _or_none(_TOKEN)}}]}
        return {JSON: {"schema": schema}}
    return {JSON: {"schema": _schema_of(gives, models)}}


def _schema_of(kind: Any, models: dict[str, Schema]) -> Schema:
    """Return the schema of a type; the schemas that it refers to are added to the models."""
    schema = TypeAdapter(kind).json_schema(mode="serialization", ref_template=_REF)
    models.update(schema.pop("$defs", {}))
    name = getattr(kind, "__name__", "")
    if schema.get("type") != "object" or not name:
        return schema
    models[name] = schema
    return {"$ref": _REF.format(model=name)}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _some(schema: Schema, most: int) -> Schema:
    return _or_none({"type": "array", "items": schema, "maxItems": most})


def _object(properties: dict[str, Schema], **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _requests() -> dict[str, Schema]:
    """Return the schemas of requests, and of what they share, by name."""
    picture = {"$ref": _REF.format(model="PictureAsked")}
    pictures, texts = _some(picture, MOST_PICTURES), _some(_TEXT, MOST_TEXTS)
    named: Schema = {"anyOf": [_NAME, {"type": "array", "items": _NAME, "maxItems": 50}]}
    where: Schema = {
        "anyOf": [
            {"type": "array", "items": _NAME, "maxItems": 50},
            {"type": "object", "additionalProperties": named, "maxProperties": 50},
            {"type": "null"},
        ],
        "description": "KIND=VALUE, or an object of values by kind",
    }
    wanted = {"where": where, "under": _some(_NAME, 50)}
    count: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_ANSWERED}
    page = {"k": _or_none(count), "cursor": _or_none(_TOKEN)}
    search = {
        "pictures": pictures,
        "unwanted": pictures,
        "text": {"anyOf": [_TEXT, *texts["anyOf"]]},
        "unwanted_text": {"anyOf": [_TEXT, *texts["anyOf"]]},
        "metric": _or_none({"enum": list(METRICS_EXPLAINED)}),
        "fuse": _or_none({"enum": list(FUSIONS_EXPLAINED)}),
        "encoder": _or_none(_NAME),
        "features": {
            "anyOf": [
                _NAME,
                {"type": "object", "additionalProperties": {"type": "number"}},
                {"type": "null"},
            ]
        },
        "index": _or_none({"enum": list(INDEXES)}),
        "within": _or_none({"type": "number"}),
    }
    ids: Schema = {"type": "array", "items": _ID, "maxItems": MOST_MARKED}
    return {
        "Error": _object({"error": {"type": "string"}}, required=["error"]),
        "Box": _object(dict.fromkeys(_SIDES, _FRACTION), required=_SIDES),
        "PictureAsked": {"anyOf": [_ID, _TOKEN, _PART]},
        SearchRequest.__name__: _object({**search, **wanted, **page}),
        ListRequest.__name__: _object({**wanted, **page}),
        FacetsRequest.__name__: _object(
            {**wanted, "kind": _or_none(_NAME), "text": _or_none(_NAME)}
        ),
        MedoidsRequest.__name__: _object({"ids": ids}, required=["ids"]),
        PicturesRequest.__name__: _object(
            {"ids": {**ids, "maxItems": MOST_NAMED}}, required=["ids"]
        ),
        CollectionChange.__name__: _object({"add": ids, "remove": ids}),
        "CopyRequest": _object({"how": {"enum": ["copy", "link"]}}),
    }


_SIDES = ["x", "y", "width", "height"]
_FRACTION: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_TEXT: Schema = {"type": "string", "maxLength": MOST_TEXT}
_PART = _object({"id": _ID, "upload": _TOKEN, "box": {"$ref": _REF.format(model="Box")}})
_REQUESTS = _requests()
