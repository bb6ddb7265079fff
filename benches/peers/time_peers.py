"""Times segno and zxing-cpp on the texts that `peers_rust inputs` prints: `python time_peers.py TURN_MS [PREFIX]`.

One JSON object per output and text. Turns are as long as asked for; their median counts.
"""

import functools
import io
import json
import statistics
import sys
import time

import segno
import zxingcpp

TURNS = 9
BORDER = 4


def segno_symbol(text):
    return segno.make_qr(text, error="m", boost_error=False)


def segno_png(text, width_px):
    code, out = segno_symbol(text), io.BytesIO()
    scale = max(1, width_px // code.symbol_size(border=BORDER)[0])
    code.save(out, kind="png", scale=scale, border=BORDER)
    return out.getvalue()


def segno_svg(text):
    out = io.BytesIO()
    segno_symbol(text).save(out, kind="svg", border=BORDER)
    return out.getvalue()


def zxing_cpp_symbol(text):
    zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")


PEERS = [
    ("segno", "symbol", lambda text: (segno_symbol(text), None)[1]),
    *(("segno", f"png_{width_px}", functools.partial(segno_png, width_px=width_px)) for width_px in (300, 1000, 2000)),
    ("segno", "svg", segno_svg),
    ("zxing-cpp", "symbol", zxing_cpp_symbol),
]


def turn_ns(make, text, calls):
    began = time.perf_counter_ns()
    for _ in range(calls):
        make(text)
    return time.perf_counter_ns() - began


def median_ns(make, text, wanted_ns):
    calls = 1
    while (took := turn_ns(make, text, calls)) < wanted_ns:
        calls *= 2
    # What takes long is not made nine times.
    turns = max(3, min(TURNS, int(40 * wanted_ns / took)))
    return statistics.median(turn_ns(make, text, calls) / calls for _ in range(turns))


def main():
    wanted_ns = 1e6 * float(sys.argv[1])
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    inputs = [line.rstrip("\n").split("\t") for line in sys.stdin]
    for peer, output, make in PEERS:
        for name, text in inputs:
            if not f"{output}/{name}".startswith(prefix):
                continue
            file = make(text)
            print(json.dumps({"bench": f"{output}/{name}", "peer": peer, "ns": round(median_ns(make, text, wanted_ns)),
                              "bytes": file and len(file)}), flush=True)


if __name__ == "__main__":
    main()
