"""How many texts each reader reads exactly, by the character set of their bytes: what docs/adr/0014 decides by."""

import datetime
import importlib.metadata

import tools
from verification import encoders, texts
from verification.encoders import Question


def as_text(text):
    return Question(text.encode(), True, "M")


def as_latin_1(text):
    """None where the text has other characters."""
    try:
        return Question(text.encode("latin-1"), False, "M")
    except UnicodeEncodeError:
        return None


# Name: the encoder's, and what it is asked for.
WAYS = {
    "UTF-8": ("never", as_text),
    "ECI 26, UTF-8": ("always", as_text),
    "Latin-1": ("byte", as_latin_1),
    "Kanji mode": ("kanji", as_text),
    "shortest": ("ours", as_text),
    "auto": ("auto", as_text),
}


def measure(count, seed):
    """The table, in Markdown: readers by ways in total, then by scripts. False where `auto` is not read best."""
    samples = texts.samples(count, seed)
    exact = {way: exactly_read(samples, *how) for way, how in WAYS.items()}
    readers = list(exact["auto"])
    version = importlib.metadata.version
    print(f"{datetime.date.today()}: {len(samples)} texts; zxing-cpp {version('zxing-cpp')}, pyzbar {version('pyzbar')}, OpenCV "
          f"{version('opencv-python-headless')} and {texts.OPENCV_5.split('==')[1]}, rqrr of Cargo.lock\n")
    head(["bytes", "of", *readers])
    for way, found in exact.items():
        row([way, len(found[readers[0]]), *(sum(map(right, found[reader])) for reader in readers)])
    print()
    head(["script", "way", "of", *readers])
    for script in texts.WORDS:
        for way, found in exact.items():
            of_script = {reader: [right(one) for one in found[reader] if one[0] == script] for reader in readers}
            if of_script[readers[0]]:
                row([script, way, len(of_script[readers[0]]), *(sum(of_script[reader]) for reader in readers)])
    best = {reader: max(sum(map(right, found[reader])) for found in exact.values()) for reader in readers}
    return all(sum(map(right, exact["auto"][reader])) == best[reader] for reader in readers)


def exactly_read(samples, encoder, ask):
    """For each reader (script, whether it is read exactly), of the samples that can be written in this way."""
    asked = [(script, text, ask(text)) for script, text in samples]
    asked = [one for one in asked if one[2]]
    matrices = encoders.ask([tools.RELEASE / "verify", "serve", encoder], [question for _, _, question in asked])
    drawn = [(script, text, matrix) for (script, text, _), matrix in zip(asked, matrices) if not isinstance(matrix, str)]
    said = texts.read_all([matrix for _, _, matrix in drawn])
    return {reader: [(script, text == read) for (script, text, _), read in zip(drawn, reads)] for reader, reads in said.items()}


def right(one):
    return one[1]


def head(cells):
    row(cells)
    print("|" + "---|" * len(cells))


def row(cells):
    print("| " + " | ".join(map(str, cells)) + " |")
