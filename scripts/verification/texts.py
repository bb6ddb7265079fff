"""What readers make of text that is not ASCII: all must read what was asked, whatever the script (docs/adr/0014)."""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import tools
from verification import encoders
from verification.encoders import Question

# A character, a word and a sentence each: readers guess wrong at short ones.
WORDS = {
    "French": ["é", "né", "été", "Café à la crème, garçon ! Où ça ?"], "German": ["ü", "Müller", "Größe", "Müllers Öl für süße Äpfel"],
    "Spanish": ["ñ", "mañana", "¿Qué pasa, señor Muñoz?"], "Portuguese": ["ã", "São", "Informações e condições"],
    "Nordic": ["å", "Ærø", "Blåbærsyltetøj på brød"], "Icelandic": ["þ", "Þórr", "Það er gott að læra íslensku"],
    "Polish": ["ł", "żółć", "Zażółć gęślą jaźń"], "Czech": ["č", "říčka", "Příliš žluťoučký kůň"],
    "Hungarian": ["ő", "fűtő", "Árvíztűrő tükörfúrógép"], "Turkish": ["ş", "İstanbul", "Pijamalı hasta yağız şoföre"],
    "Romanian": ["ț", "brânză", "Gheorghe, obezul, a reușit"], "Vietnamese": ["ế", "Việt", "Tiếng Việt rất đẹp"],
    "signs": ["€", "20 €", "Preis: 5 € – „gut“ … ™"], "Russian": ["Ж", "Жизнь", "Съешь ещё этих мягких булок"],
    "Ukrainian": ["ї", "Київ", "Щастя б'ється об вікно"], "Bulgarian": ["я", "Я", "Под южно дърво, цъфтящо"],
    "Greek": ["Ω", "α", "Ελλάς", "Ξεσκεπάζω την ψυχοφθόρα"], "Hebrew": ["א", "שלום", "דג סקרן שט בים מאוכזב"],
    "Arabic": ["ع", "ق", "سلام", "نص حكيم له سر قاطع"], "Persian": ["پ", "گچ", "چو ایران نباشد تن من مباد"],
    "Armenian": ["Ա", "Երևան", "Բարի գալուստ Հայաստան"], "Georgian": ["ა", "თბილისი", "გამარჯობა საქართველო"],
    "Devanagari": ["अ", "हिन्दी", "नमस्ते", "ऋषियों को सताने वाले"], "Bengali": ["অ", "ঢাকা", "আমি বাংলায় গান গাই"],
    "Tamil": ["அ", "தமிழ்", "யாமறிந்த மொழிகளிலே"], "Thai": ["ก", "ไทย", "เป็นมนุษย์สุดประเสริฐ"],
    "Ethiopic": ["አ", "ሰላም", "ሰማይ አይታረስ ንጉሥ አይከሰስ"], "Khmer": ["ក", "ខ្មែរ", "សូមស្វាគមន៍មកកាន់"],
    "simplified": ["中", "你好", "我能吞下玻璃而不伤身体"], "traditional": ["臺", "臺灣", "我能吞下玻璃而不傷身體"],
    "kana": ["あ", "カフェ", "いろはにほへとちりぬるを"], "kanji": ["点", "日本", "東京都港区の茗荷を点検する"],
    "Korean": ["가", "한국", "서울", "다람쥐 헌 쳇바퀴에 타고파"], "emoji": ["🙂", "👍🏽", "Party 🎉 at 8 🍕 👨‍👩‍👧"],
}
PAYLOADS = ["{}", "Menu 12345678: {}", "WIFI:T:WPA;S:{};P:PASSWORT1234567;;", "MECARD:N:{};TEL:+493012345678;EMAIL:A@EXAMPLE.COM;;",
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:{0};;;;\r\nFN:{0}\r\nTEL:+493012345678\r\nEND:VCARD\r\n", "https://example.com/{}?id=1234567890"]
PRODUCT = [tools.RELEASE / "verify", "serve", "auto"]
OPENCV_5 = "opencv-python-headless==5.0.0.93"
MODULE_PX = 6


def draw(path, matrix):
    side = len(matrix) + 8
    rows = [0] * 4 + [row << 4 for row in matrix] + [0] * 4
    lines = [bytes(0 if row >> x & 1 else 255 for x in range(side) for _ in range(MODULE_PX)) * MODULE_PX for row in rows]
    path.write_bytes(b"P5\n%d %d\n255\n" % (side * MODULE_PX, side * MODULE_PX) + b"".join(lines))


def by_zxing(path):
    import zxingcpp
    from PIL import Image

    found = zxingcpp.read_barcodes(Image.open(path), formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if len(found) == 1 else None


def by_zbar(path):
    from PIL import Image
    from pyzbar import pyzbar

    found = pyzbar.decode(Image.open(path), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return found[0].data.decode(errors="replace") if len(found) == 1 else None


def by_opencv(paths, packages=None):
    """In a process of its own: two versions do not go into one."""
    program = ("import cv2, json, sys; detector = cv2.QRCodeDetectorAruco()\n"
               "def read(path):\n"
               "    try: return detector.detectAndDecode(cv2.imread(path))[0]\n"
               "    except (cv2.error, UnicodeDecodeError): return None\n"
               "print(json.dumps([read(path) for path in json.load(sys.stdin)]))")
    where = {**os.environ, "PYTHONPATH": str(packages)} if packages else None
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps([str(path) for path in paths]), env=where,
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def by_rqrr(paths):
    done = subprocess.run([tools.RELEASE / "verify", "read"], input="\n".join(map(str, paths)), capture_output=True, text=True,
                          check=True)
    return [bytes.fromhex(line[1:]).decode(errors="replace") if line else None for line in done.stdout.splitlines()]


def opencv_5():
    """A folder with the other OpenCV, or None."""
    folder = tools.BUILT / "opencv5"
    done = folder.exists() or tools.quiet([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target",
                                           folder, OPENCV_5])
    return folder if done else None


def read_all(matrices):
    """What each reader makes of each symbol, in order, by the reader's name. Without OpenCV 5 where it cannot be had."""
    with tempfile.TemporaryDirectory(prefix="verify_symbols.") as folder:
        paths = [pathlib.Path(folder) / f"{at}.pgm" for at in range(len(matrices))]
        for path, matrix in zip(paths, matrices):
            draw(path, matrix)
        answers = {"zxing-cpp": list(map(by_zxing, paths)), "zbar": list(map(by_zbar, paths)), "OpenCV 4": by_opencv(paths),
                   "rqrr": by_rqrr(paths)}
        other = opencv_5()
        if other:
            answers["OpenCV 5"] = by_opencv(paths, other)
        else:
            print("OpenCV 5: absent")
    return answers


def samples(count, seed):
    """Scripts and texts: all, once; a sample of `count` where that is less."""
    every = [(script, payload.format(word)) for script, words in WORDS.items() for word in words for payload in PAYLOADS]
    random.Random(seed).shuffle(every)
    return every[:count]


def verify(count, seed):
    texts = [text for _, text in samples(count, seed)]
    matrices = encoders.ask(PRODUCT, [Question(text.encode(), True, "M") for text in texts])
    good = True
    for reader, said in read_all(matrices).items():
        wrong = [(text, read) for text, read in zip(texts, said) if read != text]
        print(f"texts: {reader}: {len(wrong)} wrong of {len(texts)}")
        for text, read in wrong[:5]:
            print(f"  {text!r} is read as {read!r}")
        good = good and not wrong
    return good
