"""What goes wrong: a network that is slow or cut, a server of flags that dies, a load."""

import base64
import contextlib
import http.client
import http.server
import json
import select
import socket
import threading
import time


class Proxy:
    """A TCP proxy in front of a port of this machine. `delay`: seconds that every chunk is late; `cut()` closes all
    connections, `refuse` takes none."""

    def __init__(self, target, port):
        self.target, self.port, self.delay, self.refuse = target, port, 0.0, False
        self.pairs = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            client.close()
            return
        pair = (client, server)
        self.pairs.add(pair)
        for one in pair:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while True:
                for source in select.select(pair, [], [])[0]:
                    data = source.recv(65536)
                    if not data or not self.forward(data, server if source is client else client, source is client):
                        return
        except (OSError, ValueError):
            pass
        finally:
            self.pairs.discard(pair)
            for one in pair:
                one.close()

    def forward(self, data, to, from_client):
        """Hands a chunk on. False: the connection ends here."""
        if self.delay:
            time.sleep(self.delay)
        to.sendall(data)
        return True

    @contextlib.contextmanager
    def slow(self, seconds):
        """Every chunk is so late, each way."""
        self.delay = seconds
        yield
        self.delay = 0.0

    def cut(self):
        for pair in list(self.pairs):
            for one in pair:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.closed = True
        # A thread in accept() is not woken by close() alone.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut()


class Flags:
    """As much of an Unleash server as a client asks for: no flags at all. It can be stopped and started again."""

    def __init__(self, port):
        self.port, self.server = port, None
        self.start()

    def start(self):
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.say(b'{"version":1,"features":[]}')

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.say(b"")

            def say(self, body):
                self.send_response(200 if body else 202)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    close = stop

    @contextlib.contextmanager
    def stopped(self):
        self.stop()
        yield
        self.start()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Client:
    """One kept-alive connection."""

    def __init__(self, port, password, timeout=10):
        self.port, self.timeout = port, timeout
        self.headers = {"Authorization": basic("admin", password)}
        self.connection = None

    def ask(self, method, path, body=None):
        """The status, 0 for none, and the body."""
        headers = dict(self.headers) if path.startswith("/api/") else {}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, b""

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Load:
    """Asks `rate` times a second, on `threads` connections, until it is stopped. `request(n)` says what: (method, path) or
    (method, path, body)."""

    def __init__(self, port, password, rate, request, threads=4):
        self.rate, self.request, self.ending = rate, request, threading.Event()
        self.count, self.failed, self.lock = 0, 0, threading.Lock()
        self.began = time.monotonic()
        self.threads = [
            threading.Thread(target=self.run, args=(Client(port, password),), daemon=True) for _ in range(threads)
        ]
        for thread in self.threads:
            thread.start()

    def run(self, client):
        while not self.ending.is_set():
            with self.lock:
                n, self.count = self.count, self.count + 1
                due = self.began + n / self.rate
                # What was not asked in time is not asked later.
                if time.monotonic() - due > 1:
                    self.began += time.monotonic() - due
            if self.ending.wait(max(0.0, due - time.monotonic())):
                break
            status, _ = client.ask(*self.request(n))
            if status == 0 or status >= 500:
                with self.lock:
                    self.failed += 1
        client.close()

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(timeout=15)

    close = stop
