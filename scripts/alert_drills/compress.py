"""Rules and alerts for a day that lasts minutes.

Divided by the factor: `for`, `keep_firing_for`, a group's `interval`, windows `[5m]`, `offset`, ages (`time() - … > 300`), and how far
`predict_linear` looks. Not touched: thresholds, floors of traffic, names. Rates are per second, so they mean the same; the
floors of `increase()` are counts, which a drill must reach in the shorter window.

A window is at least four scrapes long, as rate() needs, and a wait at least one look at the rules.
"""

import re
from pathlib import Path

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = r"(?:[0-9]+(?:ms|[smhdw]))+"
# Samples that a window must hold.
SAMPLES = 4


def seconds(text):
    return sum(int(n) * SECONDS[unit] for n, unit in re.findall(r"([0-9]+)(ms|[smhdw])", text))


def shorter(text, speed, least):
    """A duration divided by `speed`, in whole seconds, but not below `least` seconds."""
    return f"{max(round(seconds(text) / speed), least)}s"


def rule_lines(text, speed, interval):
    """A file of rules or alerts, with every duration in it divided."""
    return "".join(rule_line(line, speed, interval) for line in text.splitlines(keepends=True))


def rule_line(line, speed, interval):
    # Texts for people stay: they describe the uncompressed rule.
    if re.match(r"\s*(#|summary:|description:|runbook_url:)", line):
        return line
    wait = re.match(rf"(\s*(?:for|keep_firing_for|interval): )({DURATION})(\s*)$", line)
    if wait:
        return wait[1] + shorter(wait[2], speed, interval) + wait[3]
    line = re.sub(rf"\[({DURATION})\]", lambda m: f"[{shorter(m[1], speed, SAMPLES * interval)}]", line)
    line = re.sub(rf"\boffset ({DURATION})", lambda m: f"offset {shorter(m[1], speed, interval)}", line)
    line = re.sub(r"(time\(\) - .*? > [0-9]+(?: \* [0-9]+)?)(\s*)$", rf"\1 / {speed}\2", line)
    return re.sub(r"(predict_linear\(.*?, [0-9]+)\)", rf"\1 / {speed})", line)


def routes(text, speed):
    """Alertmanager's settings without mail, since there is no mail server here. Alerts of the receiver `nobody` go to the
    webhook. With a `speed`, the dead man's switch is sent as much more often."""
    text = re.sub(r"\n    email_configs:\n(?:      .*\n)+", "\n", text)
    nobody = "  - name: nobody\n"
    webhook = f"{nobody}    webhook_configs:\n      - url: http://nobody.invalid/\n        send_resolved: true\n"
    if nobody not in text:
        raise ValueError("alertmanager.yml has no receiver nobody")
    text = text.replace(nobody, webhook)
    if speed:
        text = text.replace("repeat_interval: 3m\n", f"repeat_interval: {shorter('3m', speed, 5)}\n")
    return text


def folder(source, target, speed, interval):
    """Every rule file below `source`, divided, into the same place below `target`."""
    for file in sorted(Path(source).glob("*.yml")):
        place = Path(target) / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text()
        place.write_text(rule_lines(text, speed, interval) if speed else text)
