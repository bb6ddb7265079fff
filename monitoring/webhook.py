#!/usr/bin/env python3
"""Receives what Alertmanager sends to a webhook, and writes a line of JSON for each alert: to see alerts arrive, and for
tests. Not for production.

A line holds `received` (Unix time), `status` (firing or resolved), `alertname`, `severity`, `labels`, `annotations`,
`startsAt`, `endsAt`, `receiver` and `path`. GET / answers how many came. It ends at SIGTERM or SIGINT.

Exit codes: 0 ended, 1 it cannot listen or write, 2 bad usage.
"""

import argparse
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES = 4 * 1024 * 1024


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9095, help="0: any that is free")
    parser.add_argument("--file", metavar="FILE", help="append there (default: standard output)")
    parser.add_argument("--port-file", metavar="FILE", help="write the port there, once it listens")
    return parser.parse_args()


def lines(body, path):
    """A line for each alert of one message of Alertmanager's (version 4)."""
    message = json.loads(body)
    for alert in message["alerts"]:
        labels = alert["labels"]
        yield json.dumps({
            "received": round(time.time(), 3),
            "status": alert["status"],
            "alertname": labels.get("alertname"),
            "severity": labels.get("severity"),
            "labels": labels,
            "annotations": alert.get("annotations", {}),
            "startsAt": alert.get("startsAt"),
            "endsAt": alert.get("endsAt"),
            "receiver": message.get("receiver"),
            "path": path,
        })


class Receiver(BaseHTTPRequestHandler):
    # A client that says nothing does not hold a thread for ever.
    timeout = 10

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= BODY_BYTES:
            return self.answer(413 if length else 411)
        try:
            written = list(lines(self.rfile.read(length), self.path))
        except (ValueError, KeyError, TypeError, AttributeError):
            return self.answer(400, {"error": "not a message of Alertmanager's"})
        with self.server.lock:
            for line in written:
                self.server.out.write(line + "\n")
            self.server.out.flush()
            self.server.count += len(written)
        self.answer(200, {"alerts": len(written)})

    def do_GET(self):
        self.answer(200, {"alerts": self.server.count})

    def answer(self, status, body=None):
        text = json.dumps(body or {}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def main():
    args = parse()
    try:
        server = ThreadingHTTPServer((args.host, args.port), Receiver)
        server.out = open(args.file, "a") if args.file else sys.stdout
    except OSError as error:
        print(f"webhook.py: {error}", file=sys.stderr)
        return 1
    server.lock, server.count = threading.Lock(), 0
    port = server.server_address[1]
    if args.port_file:
        with open(args.port_file, "w") as file:
            file.write(f"{port}\n")
    print(f"listening on http://{args.host}:{port}", file=sys.stderr)
    # shutdown() waits for the loop, so not from the loop's own thread.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
