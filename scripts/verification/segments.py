"""How short our bit strings are beside others', and that they say what was asked."""

import collections
import random
import string

import tools
from verification import encoders, reading
from verification.encoders import Question

# Level 1 and 2 Kanji whose mapping nobody disputes, Kana, Latin, Cyrillic, and what no Shift JIS has.
KANJI = "日本語漢字東京大阪名古屋茗荷点検"
OTHERS = "éßüñ" "Жщф" "한국" "🙂🚀" "€"
RUNS = [string.digits, string.ascii_uppercase + " $%*+-./:", string.ascii_lowercase + "/-_?=&.", KANJI, "アイウかきく", OTHERS]
WEIGHTS = [4, 3, 4, 2, 1, 1]


def mixed(pick):
    length = int(2 ** pick.uniform(0, 4))
    return "".join("".join(pick.choices(pick.choices(RUNS, WEIGHTS)[0], k=pick.randint(1, 24))) for _ in range(length))


def by_segno(questions):
    import segno
    from segno.encoder import DataOverflowError

    for at, question in enumerate(questions):
        tools.progress(at + 1, len(questions), "segno")
        try:
            code = segno.make_qr(question.data.decode(), error=question.level, boost_error=False, encoding="utf-8")
        except (DataOverflowError, UnicodeError) as refused:
            yield str(refused)
            continue
        yield encoders.rows(code.matrix)


def kanji_over_utf8(found):
    """qrcode takes UTF-8 that looks like Shift JIS for Kanji: shorter, but readers get other text."""
    return any(mode == reading.KANJI for mode, _ in found.segments)


class Lengths:
    def __init__(self, name):
        self.name, self.tally, self.saved, self.wrong = name, collections.Counter(), 0, []

    def add(self, question, ours, theirs):
        if isinstance(theirs, str):
            self.tally["refused by it"] += 1
            return
        found = reading.read(theirs)
        if kanji_over_utf8(found) and self.name == "qrcode":
            self.tally["UTF-8 as Kanji, not comparable"] += 1
            return
        if isinstance(ours, str):
            self.wrong.append(f"ours refuses what {self.name} makes version {found.version}: {question.data!r}")
            return
        self.tally["compared"] += 1
        # A larger version has longer counts: bits compare within one.
        if ours.version < found.version:
            self.tally["smaller version"] += 1
        elif ours.version == found.version and ours.bits < found.bits:
            self.tally["same version, fewer bits"] += 1
            self.saved += found.bits - ours.bits
        elif (ours.version, ours.bits) > (found.version, found.bits):
            self.wrong.append(f"{self.name} needs version {found.version}, {found.bits} bits {modes(found)}; ours {ours.version}, "
                              f"{ours.bits} bits {modes(ours)}; level {question.level} {question.data.decode()!r}")

    def report(self):
        said = ", ".join(f"{what}: {n}" for what, n in self.tally.items())
        print(f"segments: {self.name}: ours longer on {len(self.wrong)} ({said})")
        for line in self.wrong[:5]:
            print(f"  {line}")
        return not self.wrong


def modes(found):
    return "+".join(f"{mode} {len(part)}" for mode, part in found.segments)


def says_it(question, matrix):
    if isinstance(matrix, str):
        return True
    try:
        return reading.text(reading.read(matrix).segments) == question.data.decode()
    except ValueError:
        return False


def verify(count, seed):
    pick = random.Random(seed)
    asked = [Question(mixed(pick).encode(), True, pick.choice(encoders.LEVELS)) for _ in range(count)]
    matrices = encoders.ask(encoders.OURS, asked)
    misread = [question for question, matrix in zip(asked, matrices) if not says_it(question, matrix)]
    print(f"segments: ours: {len(misread)} of {count} do not say what was asked")
    for question in misread[:5]:
        print(f"  level {question.level} {question.data.decode()!r}")
    ours = [matrix if isinstance(matrix, str) else reading.read(matrix) for matrix in matrices]
    # qrcodegen's crate cuts nothing: it makes one segment. Its optimal cutting exists in Java only.
    others = {"segno": by_segno(asked), "qrcodegen": encoders.ask(encoders.QRCODEGEN, asked),
              "qrcode": encoders.ask(encoders.QRCODE, asked)}
    zint = encoders.zint()
    if zint:
        others["zint"] = encoders.ask(zint, asked)
    else:
        print("segments: zint: absent")
    good = not misread
    for name, answers in others.items():
        lengths = Lengths(name)
        for question, mine, theirs in zip(asked, ours, answers):
            lengths.add(question, mine, theirs)
        good = lengths.report() and good
    return good
