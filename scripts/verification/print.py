"""Styled symbols on paper: what Poppler and Ghostscript draw, beside what we draw as pixels; and zxing-cpp reads it."""

import collections
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile

import tools

# Each pixel of ours is so many of theirs across: what is compared is shapes, not how somebody smooths edges.
FINER = {"poppler": 2, "ghostscript": 4}
GHOSTSCRIPT = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", f"-r{72 * FINER['ghostscript']}", "-dGraphicsAlphaBits=4", "-dEPSCrop",
               "-sOutputFile={drawn}"]
POPPLER = ["pdftoppm", "-q", "-r", str(72 * FINER["poppler"]), "-singlefile", "{file}", "{stem}"]
PACKAGES = {"gs": "ghostscript", "pdftoppm": "poppler-utils", "pdfinfo": "poppler-utils", "qpdf": "qpdf"}
# Which program draws which file.
WAYS = {
    "poppler rgb.pdf": POPPLER, "ghostscript rgb.pdf": [*GHOSTSCRIPT, "-sDEVICE=ppmraw", "{file}"],
    "ghostscript rgb.eps": [*GHOSTSCRIPT, "-sDEVICE=ppmraw", "{file}"],
    # Inks as they are in the file.
    "ghostscript cmyk.pdf": [*GHOSTSCRIPT, "-sDEVICE=tiff32nc", "{file}"], "ghostscript cmyk.eps": [*GHOSTSCRIPT, "-sDEVICE=tiff32nc", "{file}"],
    # It has a table of its own for inks, so what it draws is only read.
    "poppler cmyk.pdf": POPPLER,
}
ONLY_READ = {"poppler cmyk.pdf"}
# A pixel is a point, so both have the same grid. Of full scale, on average; and pixels that differ by more than 32 of 255.
MOST_MEAN, MOST_FAR = 0.01, 0.03
# Between two stops the mixture of inks is another one than that of lights.
MOST_MEAN_INKS = 0.02
# A page with effects is pixels, which a renderer scales to its own: both of the larger bounds hold there.
# Ghostscript fills every pixel that the edge of a gradient touches: it clips, without smoothing.
MOST_FAR_CLIPPED = 0.06

Entry = collections.namedtuple("Entry", "number pattern gradient width_px height_px text")
Seen = collections.namedtuple("Seen", "way entry mean far is_read faults")


def flat(path):
    """Red, green and blue on white."""
    import numpy
    from PIL import Image

    image = Image.open(path)
    if image.mode == "CMYK":
        # Pillow's own conversion is another one. Our plain formula the other way round.
        inks = 255 - numpy.asarray(image, dtype="uint16")
        return Image.fromarray((inks[..., :3] * inks[..., 3:] // 255).astype("uint8"))
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def compared(folder, way, entry):
    import numpy
    import zxingcpp

    program, kind = way.split()
    file = folder / f"{entry.number}.{kind}"
    stem = folder / f"{entry.number}.{kind}.{program}"
    drawn = folder / f"{stem.name}.ppm"
    done = subprocess.run([part.format(file=file, stem=stem, drawn=drawn) for part in WAYS[way]], capture_output=True, text=True)
    faults = done.stdout + done.stderr
    if done.returncode:
        return Seen(way, entry, 1, 1, False, faults or "failed")
    ours, theirs = flat(folder / f"{entry.number}.png"), flat(drawn)
    if theirs.size != tuple(FINER[program] * px for px in ours.size):
        return Seen(way, entry, 1, 1, False, f"{theirs.size} pixels")
    theirs = theirs.reduce(FINER[program])
    apart = numpy.abs(numpy.asarray(ours, dtype="int16") - numpy.asarray(theirs, dtype="int16")).max(axis=2)
    texts = [[found.text for found in zxingcpp.read_barcodes(numpy.asarray(image))] for image in (ours, theirs)]
    # What cannot be read as pixels is the grade's business.
    is_read = entry.text in texts[1] or entry.text not in texts[0]
    return Seen(way, entry, apart.mean() / 255, (apart > 32).mean(), is_read, faults)


def mean_limit(one):
    return MOST_MEAN_INKS if " cmyk." in one.way or one.entry.gradient == "effects" else MOST_MEAN


def far_limit(one):
    is_clipped = one.way.startswith("ghostscript") and one.entry.gradient in ("linear", "radial", "diagonal")
    return MOST_FAR_CLIPPED if is_clipped or one.entry.gradient == "effects" else MOST_FAR


def structure(folder, entry):
    """Faults of the PDF as its readers find them."""
    file = folder / f"{entry.number}.rgb.pdf"
    said = subprocess.run(["pdfinfo", file], capture_output=True, text=True)
    size = f"Page size:       {entry.width_px} x {entry.height_px} pts"
    faults = said.stderr + ("" if size in said.stdout else f"not {size}")
    if shutil.which("qpdf"):
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True)
        faults += "" if checked.returncode == 0 else checked.stdout + checked.stderr
    return faults


def ways(entry):
    """Poppler draws each, and one of the other ways too."""
    others = [way for way in WAYS if way != "poppler rgb.pdf"]
    return ["poppler rgb.pdf", others[int(entry.number) % len(others)]]


def entries(folder, count):
    wanted = ["cargo", "test", "-q", "-p", "style", "--test", "print", "--", "--ignored", "samples"]
    named = {"PRINT_FOLDER": str(folder), "PRINT_COUNT": str(count)}
    subprocess.run(wanted, cwd=tools.ROOT, check=True, env=os.environ | named, stdout=subprocess.DEVNULL)
    for line in (folder / "manifest.tsv").read_text().splitlines():
        number, pattern, gradient, width_px, height_px, text = line.split("\t")
        yield Entry(number, pattern, gradient, int(width_px), int(height_px), text)


def verify(count, folder=None):
    for program, package in PACKAGES.items():
        if not tools.command(program, package):
            tools.say(f"{program} is absent")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(folder or scratch)
        all_entries = list(entries(folder, count))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [(way, entry) for entry in all_entries for way in ways(entry) if shutil.which(WAYS[way][0])]
            seen = list(pool.map(lambda job: compared(folder, *job), jobs))
            faults = [fault for fault in pool.map(lambda entry: structure(folder, entry), all_entries) if fault]
    bad = [one for one in seen if one.faults or not one.is_read
           or one.way not in ONLY_READ and (one.mean > mean_limit(one) or one.far > far_limit(one))]
    for way in WAYS:
        ours = [one for one in seen if one.way == way]
        if ours:
            worst, farthest = max(ours, key=lambda one: one.mean), max(ours, key=lambda one: one.far)
            tools.say(f"{way}: {len(ours)} styles, mean {100 * sum(one.mean for one in ours) / len(ours):.3f} %, "
                      f"worst {100 * worst.mean:.3f} % ({worst.entry.number} {worst.entry.pattern} {worst.entry.gradient}), "
                      f"far {100 * farthest.far:.3f} % ({farthest.entry.number} {farthest.entry.pattern} {farthest.entry.gradient})")
    for one in bad[:20]:
        tools.say(f"BAD {one.way} {one.entry.number} {one.entry.pattern} {one.entry.gradient}: mean {one.mean:.4f} far {one.far:.4f} "
                  f"read {one.is_read} {one.faults[:300]}")
    for fault in faults[:10]:
        tools.say(f"BAD structure: {fault[:300]}")
    return not bad and not faults
