"""A client of the API that knows nothing of it but where its OpenAPI document is. Standard library only.

Each operation of the document is a method: client.call("getTask", id=1). Prints what it did as one JSON object.

Usage: api_stranger.py BASE_URL
"""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 60


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Client:
    """Calls operations by their ids, and insists on answers that the document describes."""

    def __init__(self, base_url):
        self.base_url = base_url
        with urllib.request.urlopen(base_url + "/openapi.json", timeout=PATIENCE_SECONDS) as response:
            self.document = json.load(response)
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }

    def call(self, operation_id, body=None, **arguments):
        method, path, operation = self.operations[operation_id]
        query, headers = {}, {}
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            value = arguments.pop(name.lower().replace("-", "_"), None)
            if value is None:
                if parameter.get("required"):
                    raise TypeError(f"{operation_id} needs {name}")
            elif parameter["in"] == "path":
                path = path.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
            elif parameter["in"] == "query":
                query[name] = value
            else:
                headers[name] = str(value)
        if arguments:
            raise TypeError(f"{operation_id} has no parameters {sorted(arguments)}")
        url = self.base_url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        return self.send(operation, method, url, headers, body)

    def follow(self, operation_id, answer):
        """The next page of a list, by the Link header that the document tells of; None on the last one."""
        link = re.search(r'<([^>]+)>; *rel="next"', answer.headers.get("Link", ""))
        method, _path, operation = self.operations[operation_id]
        return link and self.send(operation, method, urllib.parse.urljoin(self.base_url, link[1]), {}, None)

    def send(self, operation, method, url, headers, body):
        data = None
        if body is not None:
            [content_type] = operation["requestBody"]["content"]
            data, headers["Content-Type"] = json.dumps(body).encode(), content_type
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            response = urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            described = operation["responses"].get(str(response.status))
            if described is None:
                raise AssertionError(f"{method} {url}: the document does not know the answer {response.status}")
            content_type = response.headers.get_content_type()
            if content_type not in described["content"]:
                raise AssertionError(f"{method} {url}: the document does not know the type {content_type}")
            answer = Answer(response.status, response.headers, json.load(response))
        self.check(described["content"][content_type]["schema"], answer.body)
        return answer

    def check(self, schema, value):
        """As much of JSON Schema as a simple client would look at: required and known properties."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, list):
            for item in value:
                self.check(schema.get("items", {}), item)
        elif isinstance(value, dict) and "properties" in schema:
            missing = set(schema.get("required", [])) - set(value)
            unknown = set(value) - set(schema["properties"]) if schema.get("additionalProperties") is False else set()
            if missing or unknown:
                raise AssertionError(f"missing {missing}, unknown {unknown} in {value}")
            for name, inner in value.items():
                self.check(schema["properties"].get(name, {}), inner)


def wait_for_end(client, task_id):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        task = client.call("getTask", id=task_id).body
        if task["status"] in ("SUCCESS", "FAILURE", "REVOKED"):
            return task
        time.sleep(0.05)
    raise TimeoutError(f"task {task_id} does not end")


def main(base_url):
    client = Client(base_url)
    types = client.call("listTaskTypes").body["task_types"]
    examples = {each["name"]: each["payload_schema"]["properties"]["input"]["examples"][-1] for each in types}

    new_task = {"type": "prime", "payload": {"input": examples["prime"]}}
    posted = client.call("createTask", new_task, idempotency_key="stranger-1")
    repeated = client.call("createTask", new_task, idempotency_key="stranger-1")

    batch = client.call("createTasks", {"tasks": [new_task, {"type": "prime", "payload": {"input": -1}}]}).body["results"]

    refused = client.call("createTask", {"type": "prime", "payload": {"input": 0}})
    name = refused.body["type"].rsplit("/", 1)[1]

    page = client.call("listTasks", limit=1)
    next_page = client.follow("listTasks", page)

    return {
        "types": sorted(examples),
        "posted": [posted.status, posted.body["status"]],
        "repeatedIsSame": repeated.body["id"] == posted.body["id"],
        "ended": wait_for_end(client, posted.body["id"])["result"],
        "batch": [result["status"] for result in batch],
        "batchEnded": wait_for_end(client, batch[0]["task"]["id"])["result"],
        "refused": [refused.status, refused.body["errors"]],
        "problem": client.call("getProblemType", name=name).body["status"],
        "unknown": client.call("getTask", id=999_999_999).status,
        "pages": [len(page.body["tasks"]), next_page.body["tasks"][0]["id"] > page.body["tasks"][0]["id"]],
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
