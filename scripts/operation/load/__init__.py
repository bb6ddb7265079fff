"""What both load tools share: exit codes, the target that they may put load on, and the server's own figures."""

import ipaddress

import product
from product import Server, Unanswered, Usage, say

FINE, ERRORS, USAGE, UNHEALTHY, INTERRUPTED = 0, 1, 2, 3, 130
SECONDS_MAX = 3600
ASK_SECONDS = 10.0


class Refused(Exception):
    """Why a run ends before it begins; with its exit code."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def add_flags(it):
    """Where the server is, and who asks."""
    it.add_argument("--url", default="http://127.0.0.1:3002", help="the server (default %(default)s)")
    it.add_argument("--allow-remote", action="store_true", help="a --url that is not this machine")
    who = it.add_argument_group("credentials", "Of an owner, admin or manager. Others can read a command line: better "
                                "set QR_USER, QR_PASSWORD or QR_API_KEY.")
    who.add_argument("--user", help="default admin")
    who.add_argument("--password")
    who.add_argument("--api-key", help="instead of user and password")


def server(args):
    """The server under load. Raises Refused."""
    try:
        found = Server(args.url, product.credentials(args), getattr(args, "timeout", ASK_SECONDS))
    except Usage as error:
        raise Refused(USAGE, str(error)) from None
    allowed(args, found)
    return found


def allowed(args, server):
    """Raises Refused when a server is on another machine and that was not allowed."""
    if not args.allow_remote and not is_loopback(server.host):
        raise Refused(USAGE, f"{server.host} is not this machine; --allow-remote if you may put load on it")


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def health(target):
    """What /health says. Raises Refused when nobody answers, or nobody who could take load."""
    try:
        answer = target.get("/health", anonymous=True, timeout=ASK_SECONDS)
    except Unanswered as error:
        raise Refused(UNHEALTHY, f"{target.url} does not answer ({error})") from None
    report = answer.json()
    report = report if isinstance(report, dict) else {}
    status = report.get("status", "unknown")
    if answer.status != 200:
        raise Refused(UNHEALTHY, f"{target.url}/health answers {answer.status} ({status})")
    if status != "healthy":
        say(f"warning: the server says that it is {status}")
    return {"status": status, "version": report.get("version")}


def cache_stats(target):
    """The cache statistics; None where the server shows none."""
    try:
        answer = target.get("/api/v2/qr/cache/stats", timeout=ASK_SECONDS)
    except Unanswered:
        return None
    report = answer.json() if answer.status == 200 else None
    return report if isinstance(report, dict) else None


def part(report, *path):
    """A part of a JSON document as a dict; an empty one where it is missing."""
    for name in path:
        report = report.get(name) if isinstance(report, dict) else None
    return report if isinstance(report, dict) else {}
