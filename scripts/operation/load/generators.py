"""The load generators: how each is called, and how many errors its output names."""

import collections
import re

REQUESTS_MAX = 100_000_000
# The header comes through the environment; and a line that a program can read.
WRK = """
local sent = os.getenv("LOAD_TEST_HEADER")
if sent and sent ~= "" then
  local name, value = sent:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("errors: connect %d, read %d, write %d, timeout %d, status %d\\n", e.connect, e.read, e.write, e.timeout, e.status))
  io.write(string.format("latency ms: p50 %.3f, p90 %.3f, p95 %.3f, p99 %.3f, p99.9 %.3f, max %.3f\\n", latency:percentile(50) / 1000,
    latency:percentile(90) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, latency.max / 1000))
end
"""


def wrk(args, url, header, folder):
    script = f"{folder}/wrk.lua"
    with open(script, "w") as file:
        file.write(WRK)
    return ["wrk", "--connections", str(args.connections), "--threads", str(args.threads), "--duration", f"{args.duration}s",
            "--timeout", "10s", "--script", script, url], {"LOAD_TEST_HEADER": header}


def hey(args, url, header, _):
    return ["hey", "-c", str(args.connections), "-cpus", str(args.threads), "-z", f"{args.duration}s", "-t", "10",
            "-disable-redirects", *sent(header), url], {}


def ab(args, url, header, _):
    # Without -n, -t means 50 000 requests. -l: answers may differ in length.
    return ["ab", "-q", "-k", "-l", "-s", "10", "-n", str(REQUESTS_MAX), "-t", str(args.duration), "-c", str(args.connections),
            *sent(header), url], {}


def sent(header):
    return ["-H", header] if header else []


def wrk_errors(said, _):
    """Its `status` are answers of 400 and above."""
    line = re.search(r"^errors: (.*)$", said, re.M)
    return sum(map(int, re.findall(r"\d+", line[1]))) if line else 0


def hey_errors(said, _):
    _, _, answers = said.partition("Status code distribution:")
    answers, _, broken = answers.partition("Error distribution:")
    return sum(int(n) for n in re.findall(r"^\s*\[[45]\d\d\]\s+(\d+)", answers, re.M)) \
        + sum(int(n) for n in re.findall(r"^\s*\[(\d+)\]", broken, re.M))


def ab_errors(said, redirects):
    """For ab a redirect is no success either: where one is expected, only the server's own count tells."""
    names = ["Failed requests"] + ([] if redirects else ["Non-2xx responses"])
    return sum(int(n) for name in names for n in re.findall(rf"^{name}:\s+(\d+)", said, re.M))


Tool = collections.namedtuple("Tool", "name command errors")
TOOLS = {tool.name: tool for tool in (Tool("wrk", wrk, wrk_errors), Tool("hey", hey, hey_errors), Tool("ab", ab, ab_errors))}
