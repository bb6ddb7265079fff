"""What dashboards are made of: variables, rows, panels, and where they stand.

A panel that an alert looks at, too, names its runbook: `scripts/check_dashboards` holds that there is one.

In expressions `@` is short for the chosen instances, `[~]` for a window that follows the zoom, and `[~~]` for all
of the time that is shown.
"""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


def promql(text):
    text = " ".join(text.split())
    for short, long in {"@": 'instance=~"$instance"', "[~~]": "[$__range]", "[~]": "[$__rate_interval]"}.items():
        text = text.replace(short, long)
    return text


# --- thresholds and texts for numbers ------------------------------------------------------------------------

def plain():
    return [("green", None)]


def high(yellow, red):
    """The more, the worse."""
    return [("green", None), ("yellow", yellow), ("red", red)]


def low(red, yellow):
    """The less, the worse: red below the first, yellow below the second."""
    return [("red", None), ("yellow", red), ("green", yellow)]


def mapping(*texts):
    """(value, text, colour)…"""
    options = {str(value): {"color": colour, "index": index, "text": text}
               for index, (value, text, colour) in enumerate(texts)}
    return [{"type": "value", "options": options}]


VERDICT = mapping((0, "hold", "yellow"), (1, "go", "green"), (2, "no-go", "red"))
BREAKER = mapping((0, "closed", "green"), (1, "open", "red"), (2, "half-open", "yellow"))
HEALTH = mapping((0, "pass", "green"), (1, "warn", "yellow"), (2, "fail", "red"))
READY = mapping((0, "not ready", "red"), (1, "ready", "green"))
UP = mapping((0, "down", "red"), (1, "up", "green"))

# One number for a verdict: 2 if any node says no-go, 1 if all say go, else 0.
VERDICT_EXPR = """max by (experiment) (qr_verdict{@,verdict="no-go"%s}) * 2
    + on (experiment) min by (experiment) (qr_verdict{@,verdict="go"%s})"""


def verdict(more=""):
    return VERDICT_EXPR % (more, more)


def ratio(part, whole):
    return f"{part} / {whole}"


def quantile(q, metric, matchers="", by=""):
    """Of a histogram; `by` names the labels that stay, each followed by a comma."""
    matchers = f"@,{matchers}" if matchers else "@"
    return f"histogram_quantile({q}, sum by ({by}le) (rate({metric}_bucket{{{matchers}}}[~])))"


def quantiles(metric, matchers=""):
    return [(quantile(q, metric, matchers), name) for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


# --- panels --------------------------------------------------------------------------------------------------

def _panel(kind, title, about, queries, size, unit, steps, *, mappings=(), none=None, low_end=None, top=None,
           custom=None, options=None, runbooks=(), instant=False):
    if isinstance(queries, str):
        queries = [(queries, title.lower())]
    runbooks = (runbooks,) if isinstance(runbooks, str) else runbooks
    about = " ".join([about.strip(), *(f"Runbook {name}." for name in runbooks)])
    defaults = {
        "color": {"mode": "palette-classic" if kind == "timeseries" else "thresholds"},
        "mappings": list(mappings),
        "thresholds": {"mode": "absolute", "steps": [{"color": c, "value": v} for c, v in steps]},
        "unit": unit,
    }
    for key, value in (("min", low_end), ("max", top), ("noValue", none), ("custom", custom)):
        if value is not None:
            defaults[key] = value
    return {
        "datasource": SOURCE,
        "description": about,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "gridPos": {"h": size[1], "w": size[0], "x": 0, "y": 0},
        "id": 0,
        "links": [{"title": f"Runbook {name}", "url": f"${{runbooks}}/{name}.md", "targetBlank": True}
                  for name in runbooks],
        "options": options,
        "targets": [
            {"datasource": SOURCE, "editorMode": "code", "expr": promql(expr), "legendFormat": legend,
             "range": not instant, "instant": instant, "refId": chr(ord("A") + index)}
            for index, (expr, legend) in enumerate(queries)
        ],
        "title": title,
        "type": kind,
    }


def _reduced():
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(title, about, queries, unit="short", steps=None, *, w=4, h=4, graph=True, text="auto", **more):
    options = {"colorMode": "value", "graphMode": "area" if graph and not more.get("mappings") else "none",
               "justifyMode": "auto", "orientation": "auto", "reduceOptions": _reduced(), "textMode": text}
    return _panel("stat", title, about, queries, (w, h), unit, steps or plain(), options=options, **more)


def series(title, about, queries, unit="short", steps=None, *, w=12, h=8, stacked=False, log=False, **more):
    custom = {
        "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 30 if stacked else 5,
        "showPoints": "never", "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "line" if steps else "off"},
    }
    if log:
        custom["scaleDistribution"] = {"type": "log", "log": 10}
    options = {
        "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return _panel("timeseries", title, about, queries, (w, h), unit, steps or plain(), custom=custom,
                  options=options, **more)


def timeline(title, about, queries, mappings, *, w=12, h=6, **more):
    options = {
        "alignValue": "left", "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True, "rowHeight": 0.9, "showValue": "auto", "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 70, "lineWidth": 0, "spanNulls": False}
    return _panel("state-timeline", title, about, queries, (w, h), "short", plain(), mappings=mappings,
                  custom=custom, options=options, **more)


def bars(title, about, queries, unit="short", steps=None, *, w=12, h=8, **more):
    options = {"displayMode": "basic", "minVizHeight": 10, "minVizWidth": 0, "orientation": "horizontal",
               "reduceOptions": _reduced(), "showUnfilled": True, "valueMode": "color"}
    return _panel("bargauge", title, about, queries, (w, h), unit, steps or plain(), options=options, **more)


def row(title, *panels, repeat=None):
    head = {"collapsed": False, "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": 0}, "id": 0, "panels": [],
            "title": title, "type": "row"}
    if repeat:
        head |= {"repeat": repeat, "repeatDirection": "h"}
    return [head, *panels]


# --- boards --------------------------------------------------------------------------------------------------

def chosen(name, label, query):
    """A variable of which any number can be chosen, at first all."""
    return {
        "allValue": ".+", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "datasource": SOURCE,
        "definition": query, "hide": 0, "includeAll": True, "label": label, "multi": True, "name": name, "options": [],
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2, "regex": "", "skipUrlSync": False, "sort": 1, "type": "query",
    }


def _source():
    return {"current": {}, "hide": 0, "includeAll": False, "label": "Data source", "multi": False,
            "name": "datasource", "options": [], "query": "prometheus", "refresh": 1, "regex": "",
            "skipUrlSync": False, "type": "datasource"}


def runbooks_variable():
    """Where runbooks are read. monitoring/compose.yml lets Grafana itself serve them there."""
    where = "/public/runbooks"
    value = {"selected": False, "text": where, "value": where}
    return {"current": value, "description": "The address that runbooks are read at.", "hide": 2,
            "label": "Runbooks", "name": "runbooks", "options": [value | {"selected": True}], "query": where,
            "skipUrlSync": False, "type": "textbox"}


def marks(name, expr, colour, text):
    """Annotations: a mark wherever the expression has a value."""
    return {"datasource": SOURCE, "enable": True, "expr": promql(expr), "hide": False, "iconColor": colour,
            "name": name, "step": "60s", "textFormat": text, "titleFormat": name}


BUILT_IN = {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}
OTHERS = {"asDropdown": True, "icon": "external link", "includeVars": True, "keepTime": True,
          "tags": ["qr-observatory"], "targetBlank": False, "title": "Other boards", "tooltip": "", "type": "dashboards",
          "url": ""}


def board(uid, title, about, rows, *, variables=(), annotations=()):
    """All of it, with panels in the order in which they are read, left to right and down."""
    panels, x, y, height = [], 0, 0, 0
    for panel in (panel for group in rows for panel in group):
        place = panel["gridPos"]
        if x + place["w"] > COLUMNS or panel["type"] == "row":
            x, y, height = 0, y + height, 0
        place |= {"x": x, "y": y}
        x, height = x + place["w"], max(height, place["h"])
        panels.append(panel | {"id": len(panels) + 1})
    restarts = marks("Restart", "changes(process_start_time_seconds{@}[~]) > 0", "orange", "{{instance}}")
    return {
        "annotations": {"list": [BUILT_IN, restarts, *annotations]},
        "description": about, "editable": True, "fiscalYearStartMonth": 0, "graphTooltip": 1, "id": None,
        "links": [OTHERS], "liveNow": False, "panels": panels, "refresh": "30s", "schemaVersion": 39,
        "tags": ["qr-observatory"],
        "templating": {"list": [_source(), chosen("instance", "Instance", "label_values(qr_build_info, instance)"),
                                *variables, runbooks_variable()]},
        "time": {"from": "now-3h", "to": "now"}, "timepicker": {}, "timezone": "browser", "title": title, "uid": uid,
        "version": 1, "weekStart": "",
    }
