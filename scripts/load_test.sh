#!/usr/bin/env bash
# Puts one address of a running server under load with wrk, hey or ab, and shows what the server counted meanwhile.
set -euo pipefail

readonly FINE=0 ERRORS=1 USAGE=2 UNHEALTHY=3 INTERRUPTED=130
readonly CONNECTIONS_MAX=1000 THREADS_MAX=64 SECONDS_MAX=3600 REQUESTS_MAX=100000000

usage() {
  cat <<'TXT'
Usage: scripts/load_test.sh [OPTIONS]

Asks /health, puts one address under load with wrk, hey or ab (the first of these that is installed), and shows the
cache statistics and metrics of the server: before, after, and the difference.

  --url URL          the server (http://127.0.0.1:3002)
  --allow-remote     a --url that is not this machine
  --path PATH        what is asked for (/health/live)
  --slug SLUG        instead: the redirect /r/SLUG. Every request is a scan, and is kept as one.
  --image ID         instead: /api/v1/qr/ID/image; needs credentials
  --connections N    1 to 1000 (16)
  --threads N        of wrk and hey, 1 to 64 (2)
  --duration N       seconds, 1 to 3600 (10)
  --tool NAME        wrk, hey or ab
  --user NAME, --password TEXT, --api-key TEXT
                     better in the environment: QR_USER (admin), QR_PASSWORD, QR_API_KEY. Without them there are no cache
                     statistics. hey and ab can only be told on their command line, which others on this machine can read.
  --metrics-url URL  where /metrics is, if METRICS_BIND moved it; METRICS_TOKEN from the environment is sent along

Exit code: 0 fine; 1 errors were seen (answers of 400 and above, broken connections, timeouts); 2 bad usage, or a path
that answers 4xx; 3 the server is not healthy; 130 interrupted.
TXT
}

say() { echo "$*" >&2; }
die() {
  local code=$1
  shift
  say "load_test.sh: $*"
  exit "$code"
}

# --- the command line -----------------------------------------------------------------------------------

url=http://127.0.0.1:3002 path=/health/live allow_remote='' connections=16 threads=2 duration=10 tool='' metrics_url=''
user=${QR_USER:-admin} password=${QR_PASSWORD:-} api_key=${QR_API_KEY:-}
places=0

while (($#)); do
  case $1 in
    -h | --help) usage; exit "$FINE" ;;
    --allow-remote) allow_remote=1; shift; continue ;;
    --url | --path | --slug | --image | --connections | --threads | --duration | --tool | --user | --password | --api-key | --metrics-url)
      (($# > 1)) || die $USAGE "$1 needs a value"
      ;;
    *) usage >&2; die $USAGE "nothing is called '$1'" ;;
  esac
  case $1 in
    --url) url=$2 ;;
    --path) path=$2; places=$((places + 1)) ;;
    --slug) path=/r/$2; places=$((places + 1)) ;;
    --image) path=/api/v1/qr/$2/image; places=$((places + 1)) ;;
    --connections) connections=$2 ;;
    --threads) threads=$2 ;;
    --duration) duration=$2 ;;
    --tool) tool=$2 ;;
    --user) user=$2 ;;
    # What is on the command line is meant, whatever the environment says.
    --password) password=$2 api_key='' ;;
    --api-key) api_key=$2 ;;
    --metrics-url) metrics_url=$2 ;;
  esac
  shift 2
done

bounded() { # name value max
  if ! [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || (($2 > $3)); then die $USAGE "$1 must be 1 to $3"; fi
}

# The whole address is looked at: what a tool would take for the host must be what is judged here.
judge() { # name url
  local host
  [[ $2 =~ ^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$ ]] ||
    die $USAGE "$1 must look like http://127.0.0.1:3002"
  host=${BASH_REMATCH[1]}
  [[ -n $allow_remote || $host =~ ^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$ ]] ||
    die $USAGE "$host is not this machine; --allow-remote if you may put load on it"
}

bounded --connections "$connections" $CONNECTIONS_MAX
bounded --threads "$threads" $THREADS_MAX
bounded --duration "$duration" $SECONDS_MAX
((places <= 1)) || die $USAGE "only one of --path, --slug and --image"
[[ $path =~ ^/[]A-Za-z0-9._~:/?#[@\!\$\&\'\(\)*+,\;=%-]*$ && $path != *'#'* ]] || die $USAGE "'$path' is no path"
judge --url "$url"
url=${url%/}
metrics_url=${metrics_url:-$url/metrics}
judge --metrics-url "$metrics_url"
# Threads without a connection are of no use, and wrk refuses them.
((threads <= connections)) || threads=$connections
command -v curl >/dev/null || die $USAGE "curl is needed"

choose() {
  local name
  case $tool in
    '') for name in wrk hey ab; do ! command -v "$name" >/dev/null || { tool=$name; return; }; done
      die $USAGE "none of wrk, hey and ab is installed (Debian: wrk, hey, apache2-utils)" ;;
    wrk | hey | ab) command -v "$tool" >/dev/null || die $USAGE "$tool is not installed" ;;
    *) die $USAGE "--tool must be wrk, hey or ab" ;;
  esac
}
choose

credentials=''
if [[ -n $api_key ]]; then
  credentials="X-API-Key: $api_key"
elif [[ -n $password ]]; then
  credentials="Authorization: Basic $(printf '%s:%s' "$user" "$password" | base64 | tr -d '\n')"
fi
[[ $credentials${METRICS_TOKEN:-} != *[$'\n\r"\\']* ]] || die $USAGE "the credentials hold characters that none have"
# /health and redirects are for everybody; whoever is under load should not also check a password.
sent=''
[[ $path != /api/* ]] || sent=$credentials
[[ $path != /api/* || -n $sent ]] || die $USAGE "$path needs credentials: QR_PASSWORD or QR_API_KEY"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- the server's own figures ---------------------------------------------------------------------------

# fetch FILE URL [HEADER]: prints the status, 000 for no answer. Headers go through a pipe: a command line is public.
fetch() {
  local status
  status=$(printf '%s' "${3:+header = \"$3\"}" |
    curl --config - --silent --noproxy '*' --max-time 10 --output "$1" --write-out '%{http_code}' -- "$2") || status=000
  echo "$status"
}

look() { # before|after
  local status token=''
  [[ -z ${METRICS_TOKEN:-} ]] || token="Authorization: Bearer $METRICS_TOKEN"
  status=$(fetch "$work/metrics.all" "$metrics_url" "$token")
  : >"$work/metrics.$1"
  if [[ $status == 200 ]]; then
    grep -E '^(qr_cache_|http_server_request_duration_seconds)' "$work/metrics.all" >"$work/metrics.$1" || true
  else
    say "no metrics ($metrics_url answers $status; see --metrics-url and METRICS_TOKEN)"
  fi
  : >"$work/stats.$1"
  if [[ -z $credentials ]]; then
    [[ $1 == after ]] || say "no cache statistics without credentials"
    return
  fi
  status=$(fetch "$work/stats.$1" "$url/api/v2/qr/cache/stats" "$credentials")
  if [[ $status != 200 ]]; then
    : >"$work/stats.$1"
    case $1$status in
      before404) say "this server has no cache statistics" ;;
      before*) say "no cache statistics (answers $status)" ;;
    esac
  fi
}

show_stats() { # before|after
  [[ -s $work/stats.$1 ]] || return 0
  if command -v jq >/dev/null; then
    jq -r --arg when "$1" '"cache \($when): \(.mode), " + ([(["memory", .memory], ["redis", .redis]) | select(.[1])
      | "\(.[0]) \(.[1].entries) entries, \(.[1].bytes) bytes, \(.[1].hits) hits, \(.[1].misses) misses, \(.[1].evictions) evictions"]
      | join("; "))' "$work/stats.$1" 2>/dev/null && return
  fi
  printf 'cache %s: ' "$1"
  cat "$work/stats.$1"
  echo
}

# What the counters did in between. A counter that fell began anew: then there is no difference.
difference() {
  awk '
    function label(text, name,   at) {
      if (!match(text, "[{,]" name "=\"[^\"]*\"")) return "-"
      at = substr(text, RSTART, RLENGTH); sub(/^[^"]*"/, "", at); sub(/"$/, "", at); return at
    }
    { value = $NF; key = substr($0, 1, length($0) - length(value) - 1) }
    FNR == NR { before[key] = value; next }
    { delta = value - before[key] }
    key ~ /^http_server_request_duration_seconds_/ {
      route = label(key, "http_request_method") " " label(key, "http_route") " " label(key, "http_response_status_code")
      if (key ~ /_count\{/) { count[route] = delta; if (delta < 0) anew = 1 }
      else if (key ~ /_sum\{/) sum[route] = delta
      else if (key ~ /_bucket\{/) { n = ++buckets[route]; le[route, n] = label(key, "le"); below[route, n] = delta }
    }
    key ~ /^qr_cache_requests_total\{/ {
      space = label(key, "tier") " " label(key, "space"); result = label(key, "result")
      if (delta < 0) anew = 1
      if (result == "hit") hits[space] += delta
      else if (result == "miss") misses[space] += delta
      else others[space] += delta
      spaces[space]
    }
    function within(route, share,   n, best) {
      best = "+Inf"
      for (n = 1; n <= buckets[route]; n++)
        if (below[route, n] >= share * count[route] && le[route, n] != "+Inf" && (best == "+Inf" || le[route, n] + 0 < best + 0))
          best = le[route, n]
      return best == "+Inf" ? "longer" : sprintf("%g ms", best * 1000)
    }
    END {
      if (anew) { print "the server was started again meanwhile: no difference"; exit }
      for (route in count) if (count[route] > 0)
        printf "  %-52s %9d answers, mean %.3f ms, 50 %% within %s, 99 %% within %s\n", route, count[route],
          sum[route] * 1000 / count[route], within(route, 0.5), within(route, 0.99) | "sort"
      close("sort")
      for (space in spaces) if ((asked = hits[space] + misses[space]) + others[space] > 0)
        printf "  cache %-46s %9d hits, %d misses, %s%s\n", space, hits[space], misses[space],
          asked ? sprintf("hit rate %.1f %%", 100 * hits[space] / asked) : "no hit rate",
          others[space] ? sprintf(", %d neither", others[space]) : "" | "sort"
      close("sort")
    }' "$work/metrics.before" "$work/metrics.after"
}

# Answers of 500 and above that the server gave meanwhile, to anybody.
server_errors() {
  awk '
    { value = $NF; key = substr($0, 1, length($0) - length(value) - 1) }
    key !~ /^http_server_request_duration_seconds_count\{.*http_response_status_code="5/ { next }
    FILENAME == ARGV[1] { before[key] = value; next }
    value > before[key] { n += value - before[key] }
    END { print n + 0 }' "$work/metrics.before" "$work/metrics.after"
}

# --- the tools ------------------------------------------------------------------------------------------
# Each leaves its output in $work/out, and errors_* says how many errors that tells of.

run_wrk() {
  # Credentials through the environment; and a line that can be read by a program.
  cat >"$work/wrk.lua" <<'LUA'
local sent = os.getenv("LOAD_TEST_HEADER")
if sent and sent ~= "" then
  local name, value = sent:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("errors: connect %d, read %d, write %d, timeout %d, status %d\n", e.connect, e.read, e.write, e.timeout, e.status))
  io.write(string.format("latency ms: p50 %.3f, p90 %.3f, p95 %.3f, p99 %.3f, p99.9 %.3f, max %.3f\n", latency:percentile(50) / 1000,
    latency:percentile(90) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, latency.max / 1000))
end
LUA
  LOAD_TEST_HEADER=$sent bounded_run wrk --connections "$connections" --threads "$threads" --duration "${duration}s" \
    --timeout 10s --script "$work/wrk.lua" "$url$path"
}
# wrk's `status` are answers of 400 and above.
errors_wrk() { sed -n 's/^errors: //p' "$work/out" | tr -dc '0-9 ' | awk '{ for (i = 1; i <= NF; i++) n += $i } END { print n + 0 }'; }

run_hey() {
  bounded_run hey -c "$connections" -cpus "$threads" -z "${duration}s" -t 10 -disable-redirects ${sent:+-H "$sent"} "$url$path"
}
errors_hey() {
  awk '
    /^(Status code|Error) distribution:/ { part = $1; next }
    part == "Status" && $1 ~ /^\[[45]/ { n += $2 }
    part == "Error" && $1 ~ /^\[/ { gsub(/[][]/, "", $1); n += $1 }
    END { print n + 0 }' "$work/out"
}

run_ab() {
  # Without -n, -t means 50 000 requests. -l: answers may differ in length.
  bounded_run ab -q -k -l -s 10 -n $REQUESTS_MAX -t "$duration" -c "$connections" ${sent:+-H "$sent"} "$url$path"
}
# For ab a redirect is no success either: where one is expected, only the server's own count tells.
errors_ab() {
  awk -v redirects="$redirects" '
    /^Failed requests:/ { n += $3 }
    /^Non-2xx responses:/ && !redirects { n += $3 }
    END { print n + 0 }' "$work/out"
}

interrupted=''
runner=''
stop() {
  interrupted=1
  [[ -z $runner ]] || kill -INT "$runner" 2>/dev/null || true
}

# In the background, so that an interrupt is heard at once; with an end, whatever the tool does.
bounded_run() {
  timeout --signal=INT --kill-after=5 $((duration + 30)) "$@" >"$work/out" 2>&1 &
  runner=$!
  local status=0
  wait "$runner" || status=$?
  # An interrupt ends the waiting, not the tool.
  while kill -0 "$runner" 2>/dev/null; do wait "$runner" || status=$?; done
  runner=''
  return "$status"
}

# --- the run --------------------------------------------------------------------------------------------

health=$(fetch "$work/health" "$url/health")
[[ $health == 200 ]] || {
  [[ $health == 000 ]] && die $UNHEALTHY "$url does not answer"
  die $UNHEALTHY "$url/health answers $health: $(head -c 400 "$work/health" 2>/dev/null)"
}
echo "$url is $(sed -n 's/.*"status":"\([a-z]*\)","uptime.*/\1/p' "$work/health" | head -n 1)"

probe=$(fetch "$work/probe" "$url$path" "$sent")
redirects=''
case $probe in
  2*) ;;
  3*) redirects=1 ;;
  4*) die $USAGE "$path answers $probe: nothing to measure" ;;
  *) die $ERRORS "$path answers $probe" ;;
esac

trap stop INT TERM HUP
look before
show_stats before
echo "$tool: $connections connections, $duration s, $url$path"
status=0
"run_$tool" || status=$?
cat "$work/out"
look after
show_stats after

fifth=0
if [[ -s $work/metrics.before && -s $work/metrics.after ]]; then
  echo 'what the server counted meanwhile, of all callers:'
  difference
  fifth=$(server_errors)
fi
errors=$("errors_$tool")
echo "errors: $errors seen by $tool, $fifth answers of 5xx counted by the server"

[[ -z $interrupted ]] || exit $INTERRUPTED
((status == 0)) || say "$tool ended with $status"
((status == 0 && errors == 0 && fifth == 0)) || exit $ERRORS
