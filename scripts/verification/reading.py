"""Reads a clean symbol's modules: format, data bits, segments (ISO/IEC 18004 §12), with no error correction.

Written from the standard and sharing nothing with the encoder. A matrix is what encoders.py says.
"""

import collections
import functools

# What a symbol holds. `bits`: those before the terminator. `segments`: (mode, bytes) in order.
Found = collections.namedtuple("Found", "version level mask bits segments")

NUMERIC, ALPHANUMERIC, BYTE, KANJI, ECI = "numeric", "alphanumeric", "byte", "Kanji", "ECI"
ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

# Table 9: error correction codewords per block, and blocks, by version.
CHECK = {
    "L": "7 10 15 20 26 18 20 24 30 18 20 24 26 30 22 24 28 30 28 28 28 28 30 30 26 28 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
    "M": "10 16 26 18 24 16 18 22 22 26 30 22 22 24 24 28 28 26 26 26 26 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28",
    "Q": "13 22 18 26 18 24 18 22 20 24 28 26 24 20 30 24 28 28 26 30 28 30 30 30 30 28 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
    "H": "17 28 22 16 22 28 26 26 24 28 24 28 22 24 24 30 28 28 26 28 30 24 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
}
BLOCKS = {
    "L": "1 1 1 1 1 2 2 2 2 4 4 4 4 4 6 6 6 6 7 8 8 9 9 10 12 12 12 13 14 15 16 17 18 19 19 20 21 22 24 25",
    "M": "1 1 1 2 2 4 4 4 5 5 5 8 9 9 10 10 11 13 14 16 17 17 18 20 21 23 25 26 28 29 31 33 35 37 38 40 43 45 47 49",
    "Q": "1 1 2 2 4 4 6 6 8 8 8 10 12 16 12 17 16 18 21 20 23 23 25 27 29 34 34 35 38 40 43 45 48 51 53 56 59 62 65 68",
    "H": "1 1 2 4 4 4 5 6 8 8 11 11 16 16 18 16 19 21 25 25 25 34 30 32 35 37 40 42 45 48 51 54 57 60 63 66 70 74 77 81",
}
CHECK = {level: [int(n) for n in line.split()] for level, line in CHECK.items()}
BLOCKS = {level: [int(n) for n in line.split()] for level, line in BLOCKS.items()}

MASKS = [
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
]


def bit(matrix, y, x):
    return matrix[y] >> x & 1


def version_of(matrix):
    """QR: 1..40. Micro QR: 'M1'..'M4'."""
    modules = len(matrix)
    return (modules - 17) // 4 if modules >= 21 else f"M{(modules - 9) // 2}"


def mask_of(matrix):
    """The mask pattern reference that the format information names."""
    if len(matrix) < 21:
        # §7.9.2: 15 bits along row 8 and up column 8; the mask is the two that follow the symbol number.
        return (bit(matrix, 8, 4) << 1 | bit(matrix, 8, 5)) ^ 0b01
    return (bit(matrix, 8, 2) << 2 | bit(matrix, 8, 3) << 1 | bit(matrix, 8, 4)) ^ 0b101


def level_of(matrix):
    return "MLHQ"[(bit(matrix, 8, 0) << 1 | bit(matrix, 8, 1)) ^ 0b10]


@functools.cache
def places(version):
    """The data modules in the order in which they are filled (§7.7.3)."""
    modules = 17 + 4 * version
    taken = [[False] * modules for _ in range(modules)]

    def take(top, left, height, width):
        for y in range(max(top, 0), min(top + height, modules)):
            for x in range(max(left, 0), min(left + width, modules)):
                taken[y][x] = True

    take(0, 0, 9, 9)
    take(0, modules - 8, 9, 8)
    take(modules - 8, 0, 8, 9)
    take(6, 0, 1, modules)
    take(0, 6, modules, 1)
    if version >= 7:
        take(0, modules - 11, 6, 3)
        take(modules - 11, 0, 3, 6)
    centres = alignment(version)
    for y in centres:
        for x in centres:
            if (y, x) not in ((6, 6), (6, modules - 7), (modules - 7, 6)):
                take(y - 2, x - 2, 5, 5)
    order, up = [], True
    for right in [*range(modules - 1, 6, -2), 5, 3, 1]:
        for y in range(modules - 1, -1, -1) if up else range(modules):
            order += [(y, x) for x in (right, right - 1) if not taken[y][x]]
        up = not up
    return order


def alignment(version):
    """Annex E."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    return [6] + [17 + 4 * version - 7 - step * at for at in range(count - 2, -1, -1)]


@functools.cache
def unmasked(version, mask):
    """For every data module: where it is, and whether the mask turns it."""
    return [(y, x, MASKS[mask](y, x)) for y, x in places(version)]


def codewords(matrix, version, mask):
    bits = [matrix[y] >> x & 1 ^ turned for y, x, turned in unmasked(version, mask)]
    return [int("".join(map(str, map(int, bits[at:at + 8]))), 2) for at in range(0, len(bits) - 7, 8)]


def data(matrix, version, level, mask):
    """The data codewords, put back in order (§7.6)."""
    words = codewords(matrix, version, mask)
    blocks, check = BLOCKS[level][version - 1], CHECK[level][version - 1]
    total = len(words) - blocks * check
    short, longer = total // blocks, total % blocks
    lengths = [short + (block >= blocks - longer) for block in range(blocks)]
    out, at = [[] for _ in range(blocks)], 0
    for place in range(short + 1):
        for block in range(blocks):
            if place < lengths[block]:
                out[block].append(words[at])
                at += 1
    return bytes(word for block in out for word in block)


class Bits:
    def __init__(self, octets):
        self.value, self.left = int.from_bytes(octets, "big"), 8 * len(octets)

    def take(self, width):
        if width > self.left:
            raise ValueError("the data end within a segment")
        self.left -= width
        return self.value >> self.left & (1 << width) - 1


def read(matrix):
    """Everything that a QR symbol says."""
    version, level, mask = version_of(matrix), level_of(matrix), mask_of(matrix)
    octets = data(matrix, version, level, mask)
    bits, segments = Bits(octets), []
    while True:
        before = bits.left
        indicator = bits.take(4) if bits.left >= 4 else 0
        if indicator == 0:
            return Found(version, level, mask, 8 * len(octets) - before, segments)
        segments.append(segment(bits, indicator, version))


def segment(bits, indicator, version):
    size = (version > 9) + (version > 26)
    if indicator == 1:
        return NUMERIC, digits(bits, bits.take((10, 12, 14)[size]))
    if indicator == 2:
        count = bits.take((9, 11, 13)[size])
        return ALPHANUMERIC, letters(bits, count)
    if indicator == 4:
        count = bits.take((8, 16, 16)[size])
        return BYTE, bytes(bits.take(8) for _ in range(count))
    if indicator == 8:
        count = bits.take((8, 10, 12)[size])
        return KANJI, b"".join(kanji(bits.take(13)) for _ in range(count))
    if indicator == 7:
        first = bits.take(8)
        more = 0 if first < 0x80 else 1 if first < 0xc0 else 2
        return ECI, str((first & 0xff >> more + 1) << 8 * more | bits.take(8 * more)).encode()
    raise ValueError(f"mode indicator {indicator:04b}")


def digits(bits, count):
    text = "".join(f"{bits.take(10):03}" for _ in range(count // 3))
    if count % 3:
        text += f"{bits.take((0, 4, 7)[count % 3]):0{count % 3}}"
    return text.encode()


def letters(bits, count):
    out = bytearray()
    for _ in range(count // 2):
        out += bytes(ALPHABET[at] for at in divmod(bits.take(11), 45))
    if count % 2:
        out.append(ALPHABET[bits.take(6)])
    return bytes(out)


def kanji(number):
    """Shift JIS (§7.4.6)."""
    within = number // 0xc0 << 8 | number % 0xc0
    return (within + (0x8140 if within < 0x1f00 else 0xc140)).to_bytes(2, "big")


def text(segments):
    """What a reader makes of segments whose bytes are UTF-8."""
    parts = [part.decode("cp932") if mode == KANJI else part.decode() for mode, part in segments if mode != ECI]
    return "".join(parts)
