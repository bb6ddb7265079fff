"""Stands in front of a product and passes everything on, but for one lie. Prints its port.

  python3 liar.py PORT LIE
"""

import http.client
import http.server
import json
import sys
import time

PORT, LIE = int(sys.argv[1]), sys.argv[2]
remembered = {}
DROPPED = ("connection", "transfer-encoding", "content-length", "date")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def pass_on(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        method, headers = self.command, dict(self.headers)
        scan = self.path.startswith("/r/")
        image = "/image" in self.path
        if LIE == "hangs" and image:
            time.sleep(60)
        if LIE == "other text" and method == "POST" and self.path.endswith("/static"):
            body = json.dumps({**json.loads(body), "content": "another text"}).encode()
        if LIE == "never 304":
            headers.pop("If-None-Match", None)
        if LIE == "not counted" and scan:
            method = "HEAD"
        if LIE == "counts HEAD" and scan:
            method = "GET"
        if LIE == "undead" and method == "DELETE":
            return self.answer(204, {}, b"")
        if LIE == "open" and "Authorization" not in headers and self.path.startswith("/api/v1/qr?"):
            return self.answer(200, {"Content-Type": "application/json"}, b'{"items":[],"total":0,"page":1,"page_size":1}')
        headers.pop("Content-Length", None)
        status, got, data = self.ask(method, body, headers)
        return self.answer(*self.lie(status, got, data))

    def ask(self, method, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        try:
            connection.request(method, self.path, body=body, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, {k: v for k, v in answer.getheaders() if k.lower() not in DROPPED}, data
        finally:
            connection.close()

    def lie(self, status, headers, data):
        path = self.path.partition("?")[0]
        if LIE == "not ready" and path == "/health/ready":
            return 503, headers, b'{"status":"stopping"}'
        if LIE == "unhealthy" and path == "/health":
            body = json.loads(data)
            body["status"] = "unhealthy"
            body["checks"]["disk"] = {"status": "fail", "detail": "3 MiB free"}
            return 503, headers, json.dumps(body).encode()
        if LIE == "garbage" and path == "/api/v1/qr":
            return status, headers, data if status == 401 else b"[1, 2"
        if LIE == "takes nonsense" and status == 422:
            return 201, {"Content-Type": "application/json"}, b"{}"
        if LIE == "torn image" and "image_format=webp" in self.path:
            return status, headers, data[:40] + bytes(len(data) - 40)
        if LIE == "no image" and "image_format=svg" in self.path:
            return 500, {"Content-Type": "application/problem+json"}, b'{"status":500,"detail":"a defect"}'
        if LIE == "may be stored" and status == 302:
            headers["cache-control"] = "max-age=60"
        if LIE == "elsewhere" and status == 302:
            headers["location"] = "https://example.org/"
        if LIE == "stale" and status == 302:
            headers["location"] = remembered.setdefault(path, headers["location"])
        if LIE == "no logs" and path.endswith("/scan-logs"):
            return status, headers, b'{"items":[],"total":0,"page":1,"page_size":10}'
        if LIE == "other shape" and path.endswith("/device-stats"):
            return status, headers, b'{"device_types":[1]}'
        if LIE == "counters stand" and path == "/metrics":
            return remembered.setdefault(path, (status, headers, data))
        if LIE == "candidate answers" and "x-qr-path" in headers:
            headers["x-qr-path"] = "candidate"
        return status, headers, data

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = pass_on


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Whoever does not wait for an answer hangs up."""


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
