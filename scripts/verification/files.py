"""Files of every format, read back by zxing-cpp and zbar."""

import collections
import concurrent.futures
import itertools
import pathlib
import subprocess
import tempfile

import tools

VERIFY = tools.RELEASE / "verify"
# Files on disk at once.
BATCH = 500

# pdftoppm may make a page a pixel wider than high and blurs every edge; at the size of the canvas zxing-cpp then misses
# one symbol in some thousands that it reads at twice that, and that zbar reads anyway.
# How a format becomes pixels: a program and its Debian package, and its arguments; None where Pillow reads it.
RASTERISERS = {
    "svg": ("rsvg-convert", "librsvg2-bin", ["--output", "{png}", "{file}"]),
    "pdf": ("pdftoppm", "poppler-utils", ["-png", "-singlefile", "-scale-to", "{double_px}", "{file}", "{stem}"]),
    "eps": ("gs", "ghostscript", ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-sDEVICE=pnggray", "-r{dpi}",
                                  "-sOutputFile={png}", "{file}"]),
}
# What benches/src/files.rs prints on: 60 mm.
PAPER_IN = 60 / 25.4
# Formats that are not lossless: a reader may have to correct something.
LOSSY = {"jpeg"}
# Their last data codeword has four bits. zint, libqrencode, segno and ours correct it as the upper half of a byte,
# zxing-cpp as the lower half: it reads all of them, but finds one codeword wrong.
HALVES = {"M1", "M3"}

Entry = collections.namedtuple("Entry", "file version level mask width_px text")
Outcome = collections.namedtuple("Outcome", "entry zxing zbar")


def formats():
    return subprocess.run([VERIFY, "formats"], check=True, capture_output=True, text=True).stdout.split()


def entries(folder):
    for line in (folder / "manifest.tsv").read_text().splitlines():
        file, version, level, mask, width_px, text = line.split("\t")
        yield Entry(folder / file, version, level, int(mask), width_px, bytes.fromhex(text).decode())


def pixels(entry):
    """A Pillow image in grey on white."""
    from PIL import Image

    kind = entry.file.suffix[1:]
    path = entry.file
    if kind == "txt":
        return painted(path.read_text())
    if kind in RASTERISERS:
        program, _, arguments = RASTERISERS[kind]
        path = entry.file.with_suffix(f".{kind}.png")
        names = {"file": entry.file, "png": path, "stem": path.with_suffix(""), "double_px": 2 * int(entry.width_px),
                 "dpi": int(entry.width_px) / PAPER_IN}
        subprocess.run([program, *(argument.format(**names) for argument in arguments)], check=True, capture_output=True)
    image = Image.open(path)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert("L")


def painted(text, module_px=4):
    """Half blocks as a terminal shows them: two modules in a character, dark text on light."""
    from PIL import Image

    upper, lower = "▀█", "▄█"
    lines = text.splitlines()
    width = max(map(len, lines))
    image = Image.new("L", (width, 2 * len(lines)), 255)
    for y, line in enumerate(lines):
        for x, character in enumerate(line):
            if character in upper:
                image.putpixel((x, 2 * y), 0)
            if character in lower:
                image.putpixel((x, 2 * y + 1), 0)
    return image.resize((module_px * image.width, module_px * image.height), Image.Resampling.NEAREST)


def look(entry):
    """In a process of its own."""
    try:
        image = pixels(entry)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        return Outcome(entry, f"cannot be opened: {error}", "")
    return Outcome(entry, by_zxing(entry, image), by_zbar(entry, image))


def by_zxing(entry, image):
    """Empty, or what is wrong."""
    import zxingcpp

    found = zxingcpp.read_barcodes(image, formats=[zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.MicroQRCode])
    if len(found) != 1:
        return f"{len(found)} symbols found"
    code = found[0]
    # Where the symbol does not say which character set it is in, a reader guesses; the bytes are what counts.
    if code.text != entry.text and bytes(code.bytes) != entry.text.encode():
        return f"reads {code.text!r}"
    said = (code.extra.get("Version"), code.extra.get("ECLevel"), code.extra.get("DataMask"))
    if said != (entry.version, entry.level, entry.mask):
        return f"says version, level, mask {said}"
    if entry.file.suffix[1:] not in LOSSY and entry.version not in HALVES and code.extra.get("UEC", 1.0) != 1.0:
        return f"had modules to correct (unused error correction {code.extra['UEC']})"
    return ""


def by_zbar(entry, image):
    """Empty, or what is wrong; zbar knows no Micro QR, and guesses at every text that is not ASCII."""
    from pyzbar import pyzbar

    if entry.version.startswith("M"):
        return ""
    found = pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.QRCODE])
    if len(found) != 1:
        # Its grid of scan lines misses a finder pattern now and then; another scale is another grid.
        found = pyzbar.decode(image.resize((2 * image.width, 2 * image.height)), symbols=[pyzbar.ZBarSymbol.QRCODE])
    if len(found) != 1:
        return f"{len(found)} symbols found"
    if entry.text.isascii() and found[0].data != entry.text.encode():
        return f"reads {found[0].data!r}"
    return ""


def verify_format(name, count, seed, pool):
    """How many of each outcome, and whether all are right."""
    wrong, done = [], 0
    for seed in itertools.count(seed):
        if done == count:
            break
        batch = min(BATCH, count - done)
        with tempfile.TemporaryDirectory(prefix="verify_symbols.") as folder:
            command = [VERIFY, "files", "--folder", folder, "--format", name, "--count", batch, "--seed", seed]
            subprocess.run(list(map(str, command)), check=True)
            for outcome in pool.map(look, entries(pathlib.Path(folder)), chunksize=16):
                done += 1
                tools.progress(done, count, name)
                wrong += [f"{reader}: {outcome.entry.file.name} of seed {seed}, version {outcome.entry.version}, "
                          f"{outcome.entry.text!r}: {what}"
                          for reader, what in (("zxing-cpp", outcome.zxing), ("zbar", outcome.zbar)) if what]
    print(f"files: {name}: {len(wrong)} wrong of {count} read by zxing-cpp and zbar")
    for line in wrong[:5]:
        print(f"  {line}")
    return not wrong


def verify(count, seed, only=()):
    """`count` files in all, over all formats alike."""
    chosen = [name for name in formats() if not only or name in only]
    if not tools.library("zbar", "libzbar0"):
        raise SystemExit("files: needs libzbar")
    good = True
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for name in chosen:
            # Other symbols for every format, the same whether it is verified alone or with others.
            own_seed = 10_000 * seed + 500 * formats().index(name)
            program = RASTERISERS.get(name)
            if program and not tools.command(*program[:2]):
                print(f"files: {name}: {program[0]} is absent")
                continue
            good = verify_format(name, -(-count // len(chosen)), own_seed, pool) and good
    return good
