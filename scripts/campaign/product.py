"""The real binary on a data folder of its own, and its rows as another process reads them."""

import http.client
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "alert_drills"))

import stack  # noqa: E402

ROOT = stack.ROOT
PASSWORD = "campaign-password-1"
# Long: a debug build on a machine that has other work.
START_SECONDS, STOP_SECONDS = 180, 90
CODES = "SELECT title, target FROM codes WHERE title LIKE 'campaign %'"
COUNTERS = ("SELECT title, scan_count, (SELECT COUNT(*) FROM scans WHERE code_id = codes.id AND excluded IS NULL) FROM codes UNION ALL "
            "SELECT title, genuine_scan_count, (SELECT COUNT(*) FROM scans WHERE code_id = codes.id AND excluded IS NULL AND genuine{true}) "
            "FROM codes")


class Client:
    """One kept-alive connection."""

    def __init__(self, product, timeout=8):
        self.port, self.timeout, self.connection = product.port, timeout, None
        self.key = product.key
        # Whether the product can have seen the last request.
        self.sent = False

    def ask(self, method, path, body=None, headers=None):
        """The status, 0 for none, and the answer: of JSON what it says, else its headers."""
        sent = {**(headers or {}), **({"X-API-Key": self.key} if path.startswith("/api/") else {})}
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body), "application/json"
        self.sent = False
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
                self.connection.connect()
            self.sent = True
            self.connection.request(method, path, data, sent)
            answer = self.connection.getresponse()
            content = answer.read()
            if "json" in answer.headers.get("Content-Type", ""):
                return answer.status, json.loads(content)
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
        except (OSError, ValueError, http.client.HTTPException):
            self.close()
            return 0, {}

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Sqlite:
    """The default database, in the data folder."""

    name = "sqlite"

    def url(self, folder):
        return f"sqlite://{folder}/qr-observatory.db?mode=rwc"

    def rows(self, folder):
        """Codes, ids of scans, and counters beside counted rows."""
        return tuple(read(folder / "qr-observatory.db", CODES, "SELECT lower(hex(id)) FROM scans", COUNTERS.format(true=" = 1")))

    def paths(self, folder):
        return [f"{folder}/qr-observatory.db{end}" for end in ("", "-wal", "-shm")]


class Postgres:
    """A server of its own. `port`: of a proxy in front of it."""

    name = "postgres"

    def __init__(self, server, port=None):
        self.server, self.port = server, port

    def url(self, _folder):
        return self.server.url(self.port)

    def rows(self, _folder):
        codes, scans, counters = (
            [line.split("|") for line in self.server.sql(text).splitlines()]
            for text in (CODES, "SELECT replace(id::text, '-', '') FROM scans", COUNTERS.format(true="")))
        return codes, [(id,) for id, in scans], counters


def read(file, *queries):
    # The product is there and holds the log open, or it is not and nobody else writes.
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
    try:
        return [connection.execute(query).fetchall() for query in queries]
    finally:
        connection.close()


class Product:
    """Starts, ends, and is looked at. Its log is beside its folder, where no full disk can cut it."""

    def __init__(self, binary, folder, database=None, **settings):
        self.binary, self.folder, self.database = str(binary), Path(folder), database or Sqlite()
        self.log, self.process, self.key = Path(f"{folder}.log"), None, None
        self.port = stack.free_port()
        self.settings = {
            "BIND": f"127.0.0.1:{self.port}", "BASE_URL": f"http://127.0.0.1:{self.port}", "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database.url(self.folder), "LOG_LEVEL": "warn", 
            "SCAN_DRAIN_INTERVAL_MS": "20", "DRAIN_TIMEOUT_MS": "5000",
            # A redirect is then answered when its scan is durable, not before: no fault here lasts as long.
            "SCAN_ACK_TIMEOUT_MS": "10000",
            # Shadows and the autopilot are not what is looked at.
            "ROLLOUT_SPARE_PERCENT": "100", **settings}

    def begin(self, prefix=(), files=None, **settings):
        """Starts the process, and does not wait."""
        limit = files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([*prefix, self.binary], env={**self.settings, **settings}, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=limit)

    def start(self, **more):
        """Whether it answers."""
        self.begin(**more)
        client, end = Client(self, 2), time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if client.ask("GET", "/health/live")[0] == 200:
                client.close()
                return True
            time.sleep(0.02)
        return False

    def first_start(self):
        """Makes the administrator and a key, which later starts find."""
        if not self.start(ADMIN_PASSWORD=PASSWORD):
            raise stack.NotStarted(f"the product does not start: {self.tail()}")
        # Of a debug build a password takes most of a second, a key nothing.
        said = stack.run([self.binary, "keys", "create", "--name", "campaign"], env=self.settings, cwd=self.folder)
        self.key = re.search(r"qro_\w+", said)[0]

    def end(self, number=signal.SIGTERM):
        """Its exit code, or None where it had to be killed in the end."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def health(self):
        """The status, and its checks that do not pass."""
        client = Client(self, 5)
        status, answer = client.ask("GET", "/health")
        client.close()
        checks = answer.get("checks", {})
        bad = sorted(name for name, check in checks.items() if name != "disk" and check.get("status") not in ("pass", None))
        return answer.get("status", status), bad

    def counter(self, name):
        """The sum of a metric, 0 where it is not there."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            client.request("GET", "/metrics")
            text = client.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            client.close()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))

    def rows(self):
        codes, scans, counters = self.database.rows(self.folder)
        return codes, [row[0] for row in scans], counters

    def spool(self):
        return self.folder / "scan-spool.db"

    def spooled(self):
        """Batches in the spool."""
        return read(self.spool(), "SELECT COUNT(*) FROM spool")[0][0][0]

    def threads(self, prefix):
        """Ids of the process' threads that are called so."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                if (task / "comm").read_text().startswith(prefix):
                    found.append(int(task.name))
            except OSError:
                continue
        return found

    def resident(self):
        """Bytes of memory."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) << 10

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def tail(self, characters=600):
        return self.log.read_text(errors="replace")[-characters:].strip() if self.log.exists() else ""

    def copy(self, template):
        """A folder as `template` left it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for entry in template.folder.iterdir():
            if entry.is_file():
                shutil.copy(entry, self.folder)
        self.key = template.key


def binary(wanted):
    """The product: as named, else the debug build."""
    found = Path(wanted) if wanted else ROOT / "target/debug/qr-observatory"
    if not os.access(found, os.X_OK) or found.is_dir():
        raise stack.NotStarted(f"there is no {found}: cargo build, or --binary FILE")
    return found.resolve()
