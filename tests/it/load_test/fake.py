"""A server that only looks like the product, with faults on purpose. Prints its port.

  fine       answers, and counts like a cache
  unhealthy  says so at /health
  failing    every fifth image is a 500
  wrong      other bytes under the same entity tag
  closing    hangs up on every fifth image without a word
"""

import base64
import http.server
import itertools
import json
import sys
import urllib.parse

MODE = sys.argv[1]
TYPES = {"png": "image/png", "svg": "image/svg+xml", "jpeg": "image/jpeg", "webp": "image/webp"}
AUTHORIZATION = "Basic " + base64.b64encode(b"admin:secret").decode()

codes, seen, numbers, asked = {}, set(), itertools.count(1), itertools.count(1)
counts = {"hits": 1000, "misses": 500}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two would wait for an acknowledgement in between.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", tag=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        # ab still speaks HTTP/1.0.
        self.send_header("Connection", "keep-alive")
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != AUTHORIZATION:
            return self.answer(401, {"detail": "no"})
        code = f"code-{next(numbers)}"
        codes[code] = body["title"]
        return self.answer(201, {"id": code, "title": body["title"]})

    def do_DELETE(self):
        known = codes.pop(self.path.rsplit("/", 1)[1], None)
        self.send_response(204 if known else 404)
        if not known:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        path, _, query = self.path.partition("?")
        query = urllib.parse.parse_qs(query)
        if path == "/health":
            bad = MODE == "unhealthy"
            return self.answer(503 if bad else 200, {"status": "unhealthy" if bad else "healthy", "version": "0"})
        if path == "/api/v2/qr/cache/stats":
            size = {"entries": len(seen), "bytes": 100 * len(seen), "evictions": 0}
            memory = {**size, **counts, "spaces": [{"space": "render_engine", **counts}]}
            redis = {**size, "hits": 0, "misses": len(seen)}
            return self.answer(200, {"mode": "standalone", "memory": memory, "redis": redis})
        if path.endswith("/image"):
            return self.image(query["image_format"][0])
        if path == "/api/v1/qr":
            items = [{"id": i, "title": t} for i, t in codes.items() if query["search"][0] in t]
            return self.answer(200, {"items": items, "total": len(items)})
        return self.answer(404, {})

    def image(self, kind):
        number = next(asked)
        if number % 5 == 0 and MODE == "failing":
            return self.answer(500, {})
        if number % 5 == 0 and MODE == "closing":
            self.close_connection = True
            return None
        counts["hits" if self.path in seen else "misses"] += 1
        seen.add(self.path)
        body = f"{self.path} {number if MODE == 'wrong' else ''}".encode()
        return self.answer(200, body, TYPES[kind], '"tag"')


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Whoever puts load on it hangs up as it likes."""


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
