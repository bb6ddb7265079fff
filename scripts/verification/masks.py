"""The mask that we choose beside zint's and ZXing's, and Micro QR's modules beside zint's under every mask."""

import collections
import random
import string

import tools
from verification import encoders, reading
from verification.encoders import Question

CAPITALS = string.ascii_uppercase + " $%*+-./:"


def one_mode(pick):
    """Bytes that every encoder puts into one and the same segment."""
    length = min(int(2 ** pick.uniform(0, 11.2)), 2200)
    kind = pick.randrange(4)
    if kind == 0:
        return "".join(pick.choices(string.digits, k=min(2 * length, 2900))).encode()
    if kind == 1:
        return "".join(pick.choices(CAPITALS, k=min(length, 1700))).encode()
    if kind == 2:
        return "".join(pick.choices(string.ascii_lowercase, k=min(length, 1200))).encode()
    # Not UTF-8, and neither digits nor capitals for long.
    return bytes(pick.randrange(128, 256) for _ in range(min(length, 1200)))


def mixed(pick):
    """Encoders may cut it differently; then there is nothing to compare."""
    runs = [string.digits, CAPITALS, string.ascii_lowercase]
    return "".join("".join(pick.choices(pick.choice(runs), k=pick.randint(1, 30)))
                   for _ in range(pick.randint(1, 12))).encode()


def questions(pick, count):
    for at in range(count):
        data = mixed(pick) if at % 5 == 4 else one_mode(pick)
        yield Question(data, False, pick.choice(encoders.LEVELS))


def micro_questions(pick, count):
    for _ in range(count):
        alphabet, most = pick.choice([(string.digits, 35), (CAPITALS, 21), (string.ascii_lowercase, 15)])
        data = "".join(pick.choices(alphabet, k=pick.randint(1, most))).encode()
        yield Question(data, False, pick.choice("LMQ"), micro=True)


class Comparison:
    """Ours beside one other encoder."""

    def __init__(self, name):
        self.name, self.tally, self.wrong = name, collections.Counter(), []

    def add(self, question, ours, theirs):
        if isinstance(theirs, str) or isinstance(ours, str):
            both = isinstance(theirs, str) and isinstance(ours, str)
            # Ours may cut mixed content better, and fit where others do not.
            self.tally["refused by both" if both else "refused by ours" if isinstance(ours, str) else "refused by it"] += 1
            if isinstance(ours, str) and not both:
                self.differs(question, ours, theirs, ours)
        elif ours == theirs:
            self.tally["same modules"] += 1
        elif not question.micro and other_data(ours, theirs):
            self.tally["other data bits, not comparable"] += 1
        else:
            self.differs(question, ours, theirs, f"mask {reading.mask_of(ours)}, version {reading.version_of(ours)}")

    def differs(self, question, ours, theirs, what):
        if isinstance(theirs, tuple):
            what += f"; its mask {reading.mask_of(theirs)}, version {reading.version_of(theirs)}"
        self.wrong.append(f"{self.name} differs on level {question.level} mask {question.mask} {question.data!r}: {what}")

    def report(self):
        compared = self.tally["same modules"] + len(self.wrong)
        rest = ", ".join(f"{what}: {n}" for what, n in self.tally.items() if what != "same modules")
        print(f"masks: {self.name}: {self.tally['same modules']} of {compared} the same modules"
              + (f" ({rest})" if rest else ""))
        for line in self.wrong[:5]:
            print(f"  {line}")
        return not self.wrong


def other_data(ours, theirs):
    a, b = reading.read(ours), reading.read(theirs)
    return (a.version, a.level, a.segments) != (b.version, b.level, b.segments)


def by_zint(zint, asked, ours):
    comparison = Comparison("zint")
    for question, mine, theirs in zip(asked, ours, encoders.ask(zint, asked)):
        comparison.add(question, mine, theirs)
    return comparison


def by_zxing(zxing, asked, ours):
    """ASCII only, and told the version: see zxing.mjs."""
    pairs = [(question._replace(version=reading.version_of(mine)), mine) for question, mine in zip(asked, ours)
             if question.data.isascii() and isinstance(mine, tuple)]
    comparison = Comparison("ZXing (npm @zxing/library)")
    for (question, mine), theirs in zip(pairs, encoders.ask(zxing, [question for question, _ in pairs])):
        comparison.add(question, mine, theirs)
    return comparison


def by_zxing_cpp(asked, ours):
    import zxingcpp

    comparison = Comparison("zxing-cpp (a zint of its own inside)")
    for at, (question, mine) in enumerate(zip(asked, ours)):
        tools.progress(at + 1, len(asked), "zxing-cpp")
        if question.data.isascii():
            comparison.add(question, mine, zxing_cpp_symbol(zxingcpp, question))
    return comparison


def zxing_cpp_symbol(zxingcpp, question):
    try:
        code = zxingcpp.create_barcode(question.data.decode(), zxingcpp.BarcodeFormat.QRCode, ec_level=question.level)
    except (ValueError, RuntimeError) as refused:
        return str(refused)
    image = memoryview(code.to_image(scale=1, add_quiet_zones=False))
    return encoders.rows([[image[y, x] == 0 for x in range(image.shape[1])] for y in range(image.shape[0])])


def micro(zint, pick, count):
    chosen = list(micro_questions(pick, count))
    asked = [question._replace(mask=mask) for question in chosen for mask in (None, 0, 1, 2, 3)]
    comparison = Comparison("zint, Micro QR, automatic and forced masks")
    for question, mine, theirs in zip(asked, encoders.ask(encoders.OURS, asked), encoders.ask(zint, asked)):
        comparison.add(question, mine, theirs)
    return comparison


def verify(count, seed):
    """Prints what was compared. False if anything differs, None if there was nobody to compare with."""
    pick = random.Random(seed)
    asked = list(questions(pick, count))
    ours = encoders.ask(encoders.OURS, asked)
    comparisons = []
    zint, zxing = encoders.zint(), encoders.zxing()
    if zint:
        comparisons += [by_zint(zint, asked, ours), micro(zint, pick, count)]
    else:
        print("masks: zint: absent")
    if zxing:
        comparisons.append(by_zxing(zxing, asked, ours))
    else:
        print("masks: ZXing: absent")
    comparisons.append(by_zxing_cpp(asked, ours))
    return all([comparison.report() for comparison in comparisons])
