"""What compressing does to rules, and to those of this checkout."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import compress

ROOT = Path(__file__).resolve().parent.parent.parent


def files():
    return [*sorted((ROOT / "alerts").glob("*.yml")), *sorted((ROOT / "prometheus" / "rules").glob("*.yml"))]


class Lines(unittest.TestCase):
    def becomes(self, before, after, speed=60, interval=1):
        self.assertEqual(compress.rule_lines(before, speed, interval), after)

    def test_waits_and_windows_are_divided_with_a_floor(self):
        self.becomes("        for: 15m\n", "        for: 15s\n")
        self.becomes("        for: 30s\n", "        for: 1s\n")
        self.becomes("        keep_firing_for: 5m\n", "        keep_firing_for: 5s\n")
        self.becomes("    interval: 2m\n", "    interval: 2s\n")
        self.becomes("rate(a[5m]) / rate(a[3d])\n", "rate(a[5s]) / rate(a[4320s])\n")
        self.becomes("min_over_time(a[1m])\n", "min_over_time(a[4s])\n")
        self.becomes("rate(a[5m])\n", "rate(a[60s])\n", interval=15)

    def test_offsets_ages_and_forecasts_are_divided(self):
        self.becomes("max_over_time(a:b:rate5m[1h] offset 23h30m)\n", "max_over_time(a:b:rate5m[60s] offset 1410s)\n")
        self.becomes("time() - (a > 0) > 300\n", "time() - (a > 0) > 300 / 60\n")
        self.becomes("expr: time() - (a > 0) > 30 * 86400\n", "expr: time() - (a > 0) > 30 * 86400 / 60\n")
        self.becomes("predict_linear(a[6h], 86400) < 0\n", "predict_linear(a[360s], 86400 / 60) < 0\n")

    def test_names_thresholds_floors_and_words_stay(self):
        for line in [
            "instance_route:http_server_requests:rate5m > 0.5\n",
            "sum by (job) (increase(a[4s])) > 4.5\n",
            "          description: 'in the last 5m [5m], for: 5m'\n",
            "      # for: 5m\n",
            'q="0.95",le="0.025"} > 0.1\n',
            "- alert: ErrorBudgetBurn14x\n",
        ]:
            self.becomes(line, line)

    def test_nothing_of_this_checkout_is_missed(self):
        for file in files():
            for line in compress.rule_lines(file.read_text(), 60, 1).splitlines():
                if re.match(r"\s*(#|summary:|description:)", line):
                    continue
                left = re.findall(r"(?:\[|offset |for: |interval: )[0-9]+[mhdw]", line)
                self.assertEqual(left, [], f"{file.name}: {line}")

    def test_only_durations_of_this_checkout_are_changed(self):
        # With the durations taken out, both are the same text.
        durations = re.compile(r"(?<=\[)[0-9smhd]+(?=\])|(?<=offset )[0-9smhd]+|(?<=for: )[0-9smhd]+$|(?<=interval: )[0-9smhd]+$| / 60(?=\)? ?|$)", re.M)
        for file in files():
            before = file.read_text()
            after = compress.rule_lines(before, 60, 1)
            self.assertEqual(durations.sub("", after), durations.sub("", before), file.name)

    def test_promtool_takes_the_result(self):
        if not shutil.which("promtool"):
            self.skipTest("there is no promtool")
        with tempfile.TemporaryDirectory() as folder:
            for part in ("alerts", "prometheus/rules"):
                compress.folder(ROOT / part, Path(folder) / part, 60, 1)
            made = sorted(Path(folder).rglob("*.yml"))
            self.assertEqual(len(made), len(files()))
            done = subprocess.run(["promtool", "check", "rules", *made], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_routes_have_no_mail_and_everybody_is_told(self):
        text = (ROOT / "monitoring" / "alertmanager" / "alertmanager.yml").read_text()
        made = compress.routes(text, 60)
        self.assertNotIn("email_configs", made)
        self.assertEqual(made.count("webhook_configs"), text.count("webhook_configs") + 1)
        self.assertEqual(made.count("inhibit_rules"), 1)
        self.assertIn("repeat_interval: 5s", made)
        self.assertIn("repeat_interval: 3m", compress.routes(text, None))


if __name__ == "__main__":
    unittest.main()
