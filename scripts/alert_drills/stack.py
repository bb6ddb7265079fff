"""The stack that a drill runs on: product, Prometheus, Alertmanager and webhook by scripts/observatory, in a copy of this
checkout whose rules may be shorter; and beside it a PostgreSQL, a Redis, a disk. Everything that is started here ends here."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import compress
import faults

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "drill-password-1"
# Below those that are handed out to outgoing connections.
PORTS = (20000, 32000)


class NotStarted(Exception):
    """The stack, or a part of it, does not start."""


def free_port(taken=set()):  # noqa: B006: shared on purpose, so that no port is given out twice
    while True:
        port = random.randint(*PORTS)
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port


def run(command, **options):
    """Its output; NotStarted with what it said when it failed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise NotStarted(f"{' '.join(map(str, command[:6]))}: {said[-1500:]}")
    return done.stdout


def get(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.load(answer)


def wait_for(what, seconds, condition, pause=0.1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    raise NotStarted(f"{what} did not happen within {seconds} s")


@contextlib.contextmanager
def thread(work):
    """Runs `work(ending)` in a thread until the block ends."""
    ending = threading.Event()
    running = threading.Thread(target=work, args=(ending,), daemon=True)
    running.start()
    try:
        yield
    finally:
        ending.set()
        running.join()


class Process:
    def __init__(self, process):
        self.process = process

    def close(self):
        self.process.kill()
        self.process.wait()


class Redis:
    def __init__(self, folder):
        if not shutil.which("redis-server"):
            raise NotStarted("redis-server is missing")
        self.port, self.folder, self.process = free_port(), Path(folder), None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(self.folder), "--logfile", str(self.folder / "redis.log")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("Redis' answer", 10, lambda: self.ask("PING") == "PONG")

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *map(str, words)], capture_output=True, text=True)
        return done.stdout.strip()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    close = kill

    @contextlib.contextmanager
    def killed(self):
        self.kill()
        yield
        self.start()

    @contextlib.contextmanager
    def setting(self, broken, mended):
        """Two commands, as words: one that breaks something, one that mends it."""
        self.ask(*broken.split())
        yield
        self.ask(*mended.split())


class Postgres:
    """A server of its own, in a folder that goes with it."""

    def __init__(self, parent="/tmp"):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise NotStarted("PostgreSQL is missing: apt-get install postgresql")
        self.bin, self.port = found[-1].parent, free_port()
        # The user postgres must get there.
        self.folder = Path(tempfile.mkdtemp(prefix="qr-drill-pg-", dir=parent))
        self.locks = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.as_owner(self.bin / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()
        self.sql("CREATE DATABASE qr", "postgres")

    def as_owner(self, *command):
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        # Not through pipes: the server would keep them open.
        with open(self.folder / "out", "w+") as out:
            done = subprocess.run([*prefix, *map(str, command)], stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/tmp")
            if done.returncode:
                out.seek(0)
                raise NotStarted(f"{command[0]}: {out.read()[-800:]}")

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=100"
        self.as_owner(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "data/log", "-o", options, "start")

    def stop(self):
        self.as_owner(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    @contextlib.contextmanager
    def stopped(self):
        self.stop()
        yield
        self.start()

    def sql(self, text, database="qr"):
        return run(["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-d", database, "-qAtX",
                    "-v", "ON_ERROR_STOP=1", "-c", text])

    @contextlib.contextmanager
    def locked(self, table):
        """A session holds an exclusive lock on a table, as a forgotten migration by hand would."""
        held = subprocess.Popen(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "qr", "-qAtX"],
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        held.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\n")
        held.stdin.flush()
        self.locks.append(held)
        yield
        held.kill()
        held.wait()
        self.locks.remove(held)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")

    def url(self, port=None):
        return f"postgres://postgres@127.0.0.1:{port or self.port}/qr"

    def close(self):
        for held in self.locks:
            held.kill()
        try:
            self.as_owner(self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        except NotStarted:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)


class Disk:
    """A disk of its own, made of a file that takes no room until something is written."""

    def __init__(self, folder, mib):
        if os.geteuid() != 0:
            raise NotStarted("only root may mount a disk to fill")
        self.image, self.place = Path(f"{folder}.img"), Path(folder)
        self.place.mkdir(parents=True)
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)
        run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", self.image])
        run(["mount", "-o", "loop", self.image, self.place])

    def free_mib(self):
        stat = os.statvfs(self.place)
        return stat.f_bavail * stat.f_frsize >> 20

    def fill(self, leave_mib, name="filling"):
        with open(self.place / name, "ab") as file:
            size = file.tell() + ((self.free_mib() - leave_mib) << 20)
            os.posix_fallocate(file.fileno(), 0, max(size, 1))

    def empty(self, name="filling"):
        (self.place / name).unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", str(self.place)], capture_output=True)
        self.image.unlink(missing_ok=True)


class Stack:
    """One run of `scripts/observatory up`, with a copy of the rules."""

    def __init__(self, folder, options, interval=None):
        self.dir, self.options = Path(folder), options
        self.speed = None if options.real_time else options.speed
        self.interval = 15 if options.real_time else interval or options.interval
        self.parts, self.environment, self.binary = [], {}, options.binary
        self.addresses, self.heard, self.states = {}, 0, {}
        self.watching = threading.Event()
        self.tree()

    def tree(self):
        """Copies the files that scripts/observatory takes from its checkout."""
        tree = self.dir / "tree"
        for folder in ("prometheus/rules", "alerts"):
            compress.folder(ROOT / folder, tree / folder, self.speed, self.interval)
        for folder in ("prometheus/targets", "monitoring/alertmanager"):
            shutil.copytree(ROOT / folder, tree / folder)
        shutil.copy(ROOT / "prometheus" / "prometheus.yml", tree / "prometheus")
        shutil.copy(ROOT / "monitoring" / "webhook.py", tree / "monitoring")
        (tree / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "observatory", tree / "scripts")
        (tree / "target").mkdir()
        # Debian's packages are unpacked there, once.
        (ROOT / "target" / "observatory-bin").mkdir(parents=True, exist_ok=True)
        (tree / "target" / "observatory-bin").symlink_to(ROOT / "target" / "observatory-bin")
        file = tree / "monitoring" / "alertmanager" / "alertmanager.yml"
        file.write_text(compress.routes(file.read_text(), self.speed))

    def observatory(self, command, *arguments):
        environment = {**os.environ, **self.environment}
        return run([self.dir / "tree" / "scripts" / "observatory", command, "--dir", self.dir / "run", *arguments],
                   env=environment)

    def up(self, **environment):
        """Starts what does not run."""
        self.environment = {
            "ADMIN_PASSWORD": PASSWORD, "LOG_FORMAT": "json", "ALLOW_PRIVATE_TARGETS": "true", **self.environment,
            **{name: str(value) for name, value in environment.items()},
        }
        more = [] if self.options.real_time else ["--hurry", "--interval", str(self.interval)]
        for tries in (1, 2, 3):
            ports = []
            if "product" not in self.addresses:
                for part in ("port", "prometheus-port", "alertmanager-port", "webhook-port"):
                    ports += [f"--{part}", str(free_port())]
            try:
                self.observatory("up", "--webhook", "--binary", self.binary, *more, *ports)
                break
            except NotStarted as error:
                # Another process may have taken a port since it was found free.
                if tries == 3 or not re.search("is taken|cannot listen|address already in use", str(error)):
                    raise
        for line in self.observatory("env").splitlines():
            name, value = line.split("=", 1)
            self.addresses[name] = value
        self.addresses["product"] = int(self.addresses["QR_URL"].rsplit(":", 1)[1])
        if not self.watching.is_set():
            self.watching.set()
            threading.Thread(target=self.watch, daemon=True).start()

    @property
    def port(self):
        return self.addresses["product"]

    def pid(self):
        return int(self.addresses["PRODUCT_PID"])

    def signal(self, number):
        os.kill(self.pid(), number)

    def kill_product(self):
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        wait_for("the product's end", 10, lambda: not alive(pid))

    def client(self):
        return faults.Client(self.port, PASSWORD)

    def api(self, method, path, body=None, least=200):
        # A busy machine may be late once. Everything that is asked here may be asked twice.
        for _ in range(5):
            status, data = self.client().ask(method, path, body)
            if 0 < status < 500:
                break
            time.sleep(1)
        if not least <= status < 300:
            raise NotStarted(f"{method} {path} answered {status}: {data[:300]!r}")
        return json.loads(data) if data else {}

    def attendee(self):
        """Somebody who is invited to an event that is on: the id."""
        times = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}
        event = self.api("POST", "/api/events", {"name": "drill", **times})["id"]
        self.api("POST", f"/api/events/{event}/attendees/import", {"rows": [{"registration_no": "1"}]})
        return self.api("GET", f"/api/events/{event}/attendees")["items"][0]["id"]

    def code(self, title="drill"):
        """A new code: its id and its slug."""
        made = self.api("POST", "/api/v1/qr/dynamic", {"redirect_url": f"https://example.com/{title}", "title": title})
        return made["id"], made["short_id"]

    def load(self, rate, request, threads=4):
        return self.keep(faults.Load(self.port, PASSWORD, rate, request, threads))

    def keep(self, part):
        """To be closed with the stack."""
        self.parts.append(part)
        return part

    def command(self, *arguments):
        """Runs a command of the product with the server's settings."""
        environment = {**os.environ, "DATA_DIR": str(self.dir / "run" / "data"), **self.environment,
                       "BIND": f"127.0.0.1:{self.port}",
                       "DATABASE_URL": self.environment.get(
                           "DATABASE_URL", f"sqlite://{self.dir}/run/data/qr-observatory.db?mode=rwc")}
        return run([self.options.binary, *arguments], env=environment, cwd=self.dir)

    # --- what arrives --------------------------------------------------------------------------------------

    def watch(self):
        """Notes when Prometheus first says that an alert is pending, and when that it fires."""
        while self.watching.is_set():
            try:
                alerts = get(f"{self.addresses['PROMETHEUS_URL']}/api/v1/alerts", 2)["data"]["alerts"]
            except (OSError, ValueError):
                alerts = []
            now = time.time()
            for alert in alerts:
                self.states.setdefault(alert["labels"]["alertname"], []).append((now, alert["state"], alert["labels"]))
            time.sleep(0.5)

    def first_state(self, name, since, labels, *wanted):
        """When an alert with these labels was first seen in one of these states."""
        for at, state, its in list(self.states.get(name, [])):
            if at >= since and state in wanted and labels.items() <= its.items():
                return at
        return None

    def messages(self):
        """The messages that the webhook received, oldest first."""
        try:
            lines = (self.dir / "run" / "alerts.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        messages = []
        for line in lines:
            try:
                messages.append(json.loads(line))
            except ValueError:
                pass  # it is being written
        return messages

    def query(self, expr):
        url = f"{self.addresses['PROMETHEUS_URL']}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        try:
            return get(url)["data"]["result"]
        except urllib.error.HTTPError as error:
            return json.load(error).get("error", "refused")
        except (OSError, ValueError) as error:
            return str(error)

    def explain(self, name):
        """Lines on an alert that did not arrive or resolve, from Prometheus and Alertmanager."""
        said = []
        try:
            groups = get(f"{self.addresses['PROMETHEUS_URL']}/api/v1/rules?type=alert")["data"]["groups"]
        except (OSError, ValueError) as error:
            return [f"Prometheus cannot be asked: {error}"]
        for rule in (rule for group in groups for rule in group["rules"] if rule["name"] == name):
            said.append(f"{rule['state']}; {rule['query']}")
            for alert in rule["alerts"]:
                said.append(f"  {alert['state']} since {alert['activeAt']}: {alert['labels']} = {alert['value']}")
            for part in parts(rule["query"]):
                result = self.query(part)
                seen = result if isinstance(result, str) else [
                    f"{ {k: v for k, v in series['metric'].items() if k != '__name__'} } {series['value'][1]}" for series in result[:4]]
                said.append(f"  {part} -> {seen or 'no series'}")
        try:
            for alert in get(f"{self.addresses['ALERTMANAGER_URL']}/api/v2/alerts?filter=alertname%3D{name}"):
                said.append(f"  Alertmanager: {alert['status']}")
        except (OSError, ValueError) as error:
            said.append(f"  Alertmanager cannot be asked: {error}")
        return said

    def close(self):
        self.watching.clear()
        # A part that fails to close does not keep the others open.
        for part in reversed(self.parts):
            try:
                part.close()
            except Exception as error:  # noqa: BLE001
                print(f"alert_drills: {type(part).__name__} did not close: {error!r}", flush=True)
        self.parts = []
        # A stopped process does not handle signals.
        if "PRODUCT_PID" in self.addresses and alive(self.pid()):
            os.kill(self.pid(), signal.SIGCONT)
        try:
            self.observatory("down")
        except NotStarted as error:
            print(f"alert_drills: {error}", flush=True)
        if not self.options.keep:
            shutil.rmtree(self.dir, ignore_errors=True)


def parts(expr):
    """The parts of an expression, as text: each side of `and` and `unless`, and the left side of a comparison."""
    sides = [side.strip() for side in re.split(r"\n\s*(?:and|unless|or)\b(?: (?:on|ignoring) \([^)]*\))?", expr)]
    bare = [re.sub(r"\s(?:>|<|==)\s*[0-9. */]+$", "", side) for side in sides]
    return list(dict.fromkeys(bare))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
