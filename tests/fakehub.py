"""A stand-in for the Hugging Face hub on loopback, as far as publishing a Space goes.

As the hub does, it says of each file how it has to come (preupload), takes large and binary ones by LFS or Xet, and
refuses a commit that holds a binary file itself, or points to one that was never sent.
"""

import base64
import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["FakeHub"]

TOKEN = "hf_writes"
MAX_REGULAR = 10_000_000  # bytes; more has to go by LFS


def is_binary(data):
    try:
        return "\0" in data.decode()
    except UnicodeDecodeError as error:
        return error.start < len(data) - 3  # a sample may end within a letter


class FakeHub:
    """With FakeHub() as hub: hub.url; then spaces, by name: {path: bytes, or the sha256 of what came by LFS or Xet}."""

    def __init__(self):
        self.spaces, self.objects, self.asked, self.sent_by_xet = {}, {}, [], 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def create(self, body):
        name = f"{body['organization']}/{body['name']}"
        if body.get("type") != "space" or body.get("sdk") != "gradio":
            return 400, {"error": "not a Space of Gradio"}
        if name in self.spaces:
            return 409, {"error": "You already created this space repo", "url": f"{self.url}/spaces/{name}"}
        self.spaces[name] = {}
        return 200, {"url": f"{self.url}/spaces/{name}", "name": name}

    def preupload(self, _, body):
        modes = []
        for file in body["files"]:
            large = file["size"] > MAX_REGULAR or is_binary(base64.b64decode(file["sample"]))
            modes.append({"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False})
        return 200, {"files": modes}

    def batch(self, _, body):
        made = []
        for one in body["objects"]:
            upload = {"href": f"{self.url}/lfs/{one['oid']}", "header": {}}
            made.append(one | ({} if one["oid"] in self.objects else {"actions": {"upload": upload}}))
        return 200, {"transfer": "basic", "objects": made}

    def commit(self, name, lines):
        files = {}
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "file":
                data = base64.b64decode(value["content"])
                if is_binary(data) or len(data) > MAX_REGULAR:
                    return 400, {"error": f"Your push was rejected because it contains binary files: {value['path']}"}
                files[value["path"]] = data
            elif key == "lfsFile":
                if value["oid"] not in self.objects and not self.sent_by_xet:
                    return 400, {"error": f"LFS pointer pointed to a file that does not exist: {value['path']}"}
                files[value["path"]] = value["oid"]
        self.spaces[name] |= files
        url = f"{self.url}/spaces/{name}/commit/{'0' * 40}"
        return 200, {"success": True, "commitOid": "0" * 40, "commitUrl": url, "hookOutput": ""}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub = None

    def _answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if "error" in body:
            self.send_header("X-Error-Message", body["error"])
        self.end_headers()
        self.wfile.write(data)

    def _body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        self.hub.asked.append(f"GET {self.path}")
        if re.fullmatch(r"/api/spaces/[^/]+/[^/]+/xet-write-token/main", self.path.partition("?")[0]):
            self._answer(200, {"accessToken": "xet", "exp": int(time.time()) + 3600, "casUrl": f"{self.hub.url}/cas"})
        else:
            self._answer(404, {"error": "not here"})

    def do_PUT(self):
        data = self._body()
        self.hub.asked.append(f"PUT {self.path}")
        self.hub.objects[hashlib.sha256(data).hexdigest()] = data
        self._answer(200, {})

    def do_POST(self):
        data = self._body()
        path = self.path.partition("?")[0]
        self.hub.asked.append(f"POST {path}")
        if path.startswith("/cas/"):
            known = path.startswith("/cas/v1/xorbs/") or path == "/cas/v1/shards"  # its older routes are enough
            self.hub.sent_by_xet += len(data) if known else 0
            self._answer(*(200, {"was_inserted": True, "result": 1}) if known else (404, {"error": "not here"}))
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            self._answer(*self.hub.create(json.loads(data)))
        elif path == "/api/validate-yaml":
            self._answer(200, {"warnings": [], "errors": []})
        elif found := re.fullmatch(r"/api/spaces/([^/]+/[^/]+)/(preupload|commit)/main", path):
            body = json.loads(data) if found[2] == "preupload" else [json.loads(line) for line in data.splitlines()]
            self._answer(*getattr(self.hub, found[2])(found[1], body))
        elif found := re.fullmatch(r"/spaces/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            self._answer(*self.hub.batch(found[1], json.loads(data)))
        else:
            self._answer(404, {"error": "not here"})

    def log_message(self, *_):
        pass
