"""gunicorn's configuration while bytes are counted: one JSON line for each answer, in the file that `COUNTED` names.

Counted where they leave the server, so that the service worker's requests are in, and what a browser keeps is not.
"""

import json
import os

workers, threads, worker_class, keepalive = 1, 8, "gthread", 30


def post_request(worker, req, environ, resp):
    head = "".join([*resp.default_headers(), *(f"{name}: {value}\r\n" for name, value in resp.headers)])
    body = 0 if resp.status_code == 304 else resp.response_length or resp.sent
    with open(os.environ["COUNTED"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"path": req.path, "status": resp.status_code, "bytes": len(head) + 2 + body}) + "\n")
