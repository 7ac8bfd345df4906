"""Holds answers to schema/openapi.yaml: their status, their type, and that their fields are the declared ones."""

import json
import pathlib

import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "schema/openapi.yaml"


class Contradiction(AssertionError):
    pass


class OpenApi:
    def __init__(self):
        self.document = yaml.safe_load(FILE.read_text())
        self.paths = self.document["paths"]

    def resolve(self, node):
        while "$ref" in node:
            reference, node = node["$ref"], self.document
            for key in reference.removeprefix("#/").split("/"):
                node = node[key]
        return node

    def needs_token(self, path):
        return self.paths[path]["get"].get("security", self.document["security"]) != [{}]

    def check(self, path, status, content_type, body):
        """`path` is as it stands in the file."""
        responses = self.paths[path]["get"]["responses"]
        if str(status) not in responses and status not in (400, 405, 421, 431):
            raise Contradiction(f"{path}: {status} is not declared")
        response = self.resolve(responses.get(str(status), {"$ref": "#/components/responses/Failure"}))
        media = content_type.split(";")[0]
        if media not in response["content"]:
            raise Contradiction(f"{path} {status}: {content_type} is not declared")
        schema = response["content"][media].get("schema")
        if schema and media == "application/json":
            self.check_value(f"{path} {status}", schema, json.loads(body))

    def check_value(self, where, schema, value):
        schema = self.resolve(schema)
        kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
        if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
            raise Contradiction(f"{where}: {value!r} is no {schema['type']}")
        if schema["type"] == "object":
            declared, required = set(schema["properties"]), set(schema.get("required", ()))
            if undeclared := set(value) - declared:
                raise Contradiction(f"{where}: {sorted(undeclared)} are not declared")
            if missing := required - set(value):
                raise Contradiction(f"{where}: {sorted(missing)} are missing")
            for name, content in value.items():
                self.check_value(f"{where}.{name}", schema["properties"][name], content)
        elif schema["type"] == "array":
            for number, content in enumerate(value):
                self.check_value(f"{where}[{number}]", schema["items"], content)
        elif "enum" in schema and value not in schema["enum"]:
            raise Contradiction(f"{where}: {value} is none of {schema['enum']}")
        elif schema.get("format") in ("uint64", "int64"):
            int(value)
