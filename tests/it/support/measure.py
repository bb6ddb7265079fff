"""Measures pictures of symbols: one JSON object a line in, one a line out.

In: file, dark, light (red, green, blue). Out: width, height, format; ground, the colour of the upper left pixel; left and top, the
first dark pixel; across and down, from there to the last; module, a seventh of the upper left finder pattern; text, as zxing-cpp
reads it on a border of the light colour.
"""

import json
import sys

import zxingcpp
from PIL import Image, ImageOps

for line in sys.stdin:
    asked = json.loads(line)
    image = Image.open(asked["file"])
    kind, image = image.format, image.convert("RGB")
    dark, light = tuple(asked["dark"]), tuple(asked["light"])
    far = lambda a, b: sum((x - y) ** 2 for x, y in zip(a, b))
    pixels = list(image.getdata())
    known = {}
    for colour in set(pixels):
        known[colour] = 255 if far(colour, dark) < far(colour, light) else 0
    mask = Image.new("L", image.size)
    mask.putdata([known[pixel] for pixel in pixels])
    left, top, right, bottom = mask.getbbox()
    run = 0
    while left + run < image.width and mask.getpixel((left + run, top)):
        run += 1
    roomy = ImageOps.expand(image, border=60, fill=light)
    roomy.save(asked["file"] + ".roomy.png")
    read = zxingcpp.read_barcodes(roomy, formats=[zxingcpp.BarcodeFormat.QRCode])
    print(json.dumps({
        "width": image.width, "height": image.height, "format": kind, "ground": image.getpixel((0, 0)),
        "ink": image.getpixel((left + run // 2, top)), "left": left, "top": top, "across": right - left, "down": bottom - top,
        "module": run / 7, "text": read[0].text if len(read) == 1 else None,
    }), flush=True)
