//! What programs that are not ours make of the files: they draw them, and each module must have its colour.
//!
//! Invariant: every tool must be there; scripts/test installs them.
// A file of tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use qrcodegen::{QrCode, QrCodeEcc, Version};
use symbol::{
    Matrix,
    file::{Canvas, Ink, Inks, Length, Paint, Picture, Sheet, Unit, eps, pdf, svg},
};

use image::Image;

#[path = "tools/image.rs"]
mod image;

const TEXT: &str = "https://example.com/r/1234abcd";

/// A folder of its own for each test, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("symbol-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(program: &str, arguments: &[&str], file: &Path) -> Output {
    let output = Command::new(program).args(arguments).arg(file).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}; scripts/test installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    output
}

/// What is drawn, with pixels enough in each module.
struct Case {
    name: &'static str,
    dark: Matrix,
    data: Matrix,
    canvas: (u32, u32, u32),
    inks: Inks,
}

fn case(
    name: &'static str,
    version: u8,
    (border, module_px, rest): (u32, u32, u32),
    inks: Inks,
) -> Case {
    let version = Version::new(version);
    let segments = qrcodegen::QrSegment::make_segments(TEXT);
    let code =
        QrCode::encode_segments_advanced(&segments, QrCodeEcc::Low, version, version, None, true)
            .unwrap();
    let int = |n: usize| i32::try_from(n).unwrap();
    let modules = usize::try_from(code.size()).unwrap();
    Case {
        name,
        dark: Matrix::from_fn(modules, |x, y| code.get_module(int(x), int(y))),
        data: Matrix::from_fn(modules, |x, y| x > 8 && y > 8 || x.abs_diff(y) < 3 && x > 9),
        canvas: (
            (u32::try_from(modules).unwrap() + 2 * border) * module_px + rest,
            module_px,
            border * module_px + rest / 2,
        ),
        inks,
    }
}

/// Versions, borders, left-over pixels, and inks in all combinations of opacity that are treated differently.
fn cases() -> Vec<Case> {
    let [navy, cream] = [[0x12, 0x34, 0x56], [0xFF, 0xEE, 0xCC]].map(Ink::opaque);
    let four = Inks {
        data_dark: Ink::opaque([0x80, 0, 0x40]),
        data_light: Ink::opaque([0xCC, 0xEE, 0xFF]),
        ..Inks::two(navy, cream)
    };
    let thin = |ink: Ink, alpha| Ink { alpha, ..ink };
    let clear = thin(Ink::WHITE, 0);
    let veiled = Inks {
        data_dark: thin(navy, 200),
        data_light: thin(Ink::opaque([0, 0xFF, 0]), 51),
        ..four
    };
    vec![
        case("plain", 3, (4, 8, 0), Inks::BLACK_ON_WHITE),
        case("left-over", 3, (4, 8, 5), Inks::two(navy, cream)),
        case("no-border", 7, (0, 3, 0), Inks::two(navy, cream)),
        case("large", 40, (4, 3, 0), Inks::BLACK_ON_WHITE),
        case("inverted", 4, (5, 7, 3), Inks::two(Ink::WHITE, navy)),
        case("four", 5, (4, 5, 4), four),
        case("clear-ground", 2, (4, 5, 0), Inks::two(Ink::BLACK, clear)),
        case("stencil", 2, (4, 5, 1), Inks::two(clear, navy)),
        case(
            "translucent",
            2,
            (3, 5, 0),
            Inks::two(thin(navy, 128), thin(cream, 60)),
        ),
        case("veiled", 6, (4, 5, 2), veiled),
        case(
            "one-data-colour",
            6,
            (4, 5, 0),
            Inks {
                data_light: clear,
                ..Inks::BLACK_ON_WHITE
            },
        ),
    ]
}

impl Case {
    fn picture(&self) -> Picture<'_> {
        let (width_px, module_px, offset_px) = self.canvas;
        Picture {
            dark: &self.dark,
            data: &self.data,
            canvas: Canvas::new(self.dark.modules(), width_px, module_px, offset_px).unwrap(),
            inks: self.inks,
            dpi: None,
        }
    }

    /// The ink of a pixel of the canvas.
    fn ink(&self, x: usize, y: usize) -> Ink {
        let (_, module_px, offset_px) = self.canvas;
        let module = |px: usize| {
            px.checked_sub(offset_px as usize)
                .map_or(usize::MAX, |px| px / module_px as usize)
        };
        let (x, y) = (module(x), module(y));
        match (self.data.is_dark(x, y), self.dark.is_dark(x, y)) {
            (false, false) => self.inks.light,
            (false, true) => self.inks.dark,
            (true, false) => self.inks.data_light,
            (true, true) => self.inks.data_dark,
        }
    }

    /// A sheet on which a pixel of the canvas is a point.
    fn sheet(&self, paint: Paint) -> Sheet<'static> {
        let width = Length::new(f64::from(self.canvas.0) / 72.0, Unit::In).unwrap();
        Sheet {
            width,
            paint,
            title: "",
        }
    }

    /// Every pixel must be what `expected` makes of its ink, give or take the rounding of a blend.
    fn check(&self, tool: &str, image: &Image, expected: impl Fn(Ink) -> Vec<u8>) {
        self.check_where(tool, image, expected, |_, _| true);
    }

    /// Whether the pixels around it have the same ink: those at least that are not at the edge of a module.
    fn is_inner(&self, x: usize, y: usize) -> bool {
        let ink = self.ink(x, y);
        let mut around = (0..9).map(|at| (x + at % 3, y + at / 3));
        around.all(|(x, y)| x > 0 && y > 0 && self.ink(x - 1, y - 1) == ink)
    }

    fn check_where(
        &self,
        tool: &str,
        image: &Image,
        expected: impl Fn(Ink) -> Vec<u8>,
        is_checked: impl Fn(usize, usize) -> bool,
    ) {
        assert_eq!(image.width, self.canvas.0 as usize, "{tool}: {}", self.name);
        let pixels = (0..image.width).flat_map(|y| (0..image.width).map(move |x| (x, y)));
        for (x, y) in pixels.filter(|&(x, y)| is_checked(x, y)) {
            let (found, expected) = (image.pixel(x, y), expected(self.ink(x, y)));
            let is_close = found
                .iter()
                .zip(&expected)
                .all(|(a, b)| a.abs_diff(*b) <= 2);
            assert!(
                is_close,
                "{tool}: {}: ({x}, {y}) is {found:?}, not {expected:?}",
                self.name
            );
        }
    }
}

/// On white paper.
fn rgb(ink: Ink) -> Vec<u8> {
    let blend = |byte: u8| {
        let alpha = f64::from(ink.alpha) / 255.0;
        f64::from(byte) * alpha + 255.0 * (1.0 - alpha)
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    ink.rgb.map(|byte| blend(byte).round() as u8).to_vec()
}

/// What premultiplied pixels leave of the colour.
fn rgba(ink: Ink) -> Vec<u8> {
    let rgb = if ink.alpha == 0 { [0; 3] } else { ink.rgb };
    [&rgb[..], &[ink.alpha]].concat()
}

#[test]
fn librsvg_draws_every_pixel_of_an_svg() {
    let folder = Folder::new("svg");
    for case in cases() {
        let mut out = Vec::new();
        svg::write(&case.picture(), &svg::Options::default(), &mut out);
        let file = folder.put("a.svg", &out);
        let output = run("rsvg-convert", &[], &file);
        case.check("rsvg-convert", &Image::png(&output.stdout), rgba);
        if case.name == "plain" {
            read(&folder.put("a.png", &output.stdout));
        }
    }
}

#[test]
fn poppler_draws_every_pixel_of_a_pdf() {
    let folder = Folder::new("pdf");
    for case in cases() {
        let mut out = Vec::new();
        pdf::write(&case.picture(), &case.sheet(Paint::Rgb), &mut out);
        let file = folder.put("a.pdf", &out);
        let output = run("pdftoppm", &["-r", "72"], &file);
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // It lets every path bleed into the pixels around it, whoever wrote the file.
        let inner = |x, y| case.is_inner(x, y);
        case.check_where("pdftoppm", &Image::netpbm(&output.stdout), rgb, inner);
        if case.name == "plain" {
            read(&folder.put("a.ppm", &output.stdout));
        }
    }
}

#[test]
fn ghostscript_draws_every_pixel_of_both() {
    let folder = Folder::new("gs");
    for case in cases() {
        let (mut portable, mut encapsulated) = (Vec::new(), Vec::new());
        pdf::write(&case.picture(), &case.sheet(Paint::Rgb), &mut portable);
        eps::write(&case.picture(), &case.sheet(Paint::Rgb), &mut encapsulated);
        for (name, bytes) in [("a.pdf", portable), ("a.eps", encapsulated)] {
            let image = ghostscript("ppmraw", &folder.put(name, &bytes));
            case.check("gs", &image, rgb);
        }
    }
}

#[test]
fn black_is_black_ink_only() {
    let folder = Folder::new("cmyk");
    let case = case(
        "cmyk",
        3,
        (4, 5, 0),
        Inks::two(Ink::BLACK, Ink::opaque([255, 51, 0])),
    );
    let (mut portable, mut encapsulated) = (Vec::new(), Vec::new());
    pdf::write(&case.picture(), &case.sheet(Paint::Cmyk), &mut portable);
    eps::write(&case.picture(), &case.sheet(Paint::Cmyk), &mut encapsulated);
    for (name, bytes) in [("a.pdf", portable), ("a.eps", encapsulated)] {
        let image = ghostscript("pamcmyk32", &folder.put(name, &bytes));
        case.check("gs", &image, |ink| match ink {
            Ink::BLACK => vec![0, 0, 0, 255],
            _ => vec![0, 204, 255, 0],
        });
    }
}

#[test]
fn a_sheet_is_as_wide_as_asked_for() {
    let folder = Folder::new("width");
    let case = case("width", 3, (4, 8, 5), Inks::two(Ink::WHITE, Ink::BLACK));
    for (value, unit) in [
        (25.0, Unit::Mm),
        (0.1, Unit::In),
        (12.34, Unit::Cm),
        (5080.0, Unit::Mm),
    ] {
        let sheet = Sheet {
            width: Length::new(value, unit).unwrap(),
            paint: Paint::Cmyk,
            title: "Größe (1) \\",
        };
        let points = sheet.width.points();
        let (mut portable, mut encapsulated) = (Vec::new(), Vec::new());
        pdf::write(&case.picture(), &sheet, &mut portable);
        eps::write(&case.picture(), &sheet, &mut encapsulated);
        let files = [
            folder.put("a.pdf", &portable),
            folder.put("a.eps", &encapsulated),
        ];
        {
            let output = run("pdfinfo", &[], &files[0]);
            assert!(output.stderr.is_empty());
            let said = String::from_utf8(output.stdout).unwrap();
            let field = |name: &str| {
                said.lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim()
            };
            assert_eq!(field("Title:"), sheet.title);
            let width: f64 = field("Page size:")
                .split(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            // It says six digits.
            assert!((width / points - 1.0).abs() < 1e-5, "{said}");
        }
        for file in &files {
            let output = run(
                "gs",
                &["-q", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-sDEVICE=bbox"],
                file,
            );
            let said = String::from_utf8(output.stderr).unwrap();
            let (_, bounds) = said.split_once("%%HiResBoundingBox: ").unwrap();
            let bounds: Vec<f64> = bounds
                .split_whitespace()
                .take(4)
                .map(|n| n.parse().unwrap())
                .collect();
            // It looks at 4000 dots per inch.
            for (found, expected) in bounds.iter().zip([0.0, 0.0, points, points]) {
                assert!(
                    (found - expected).abs() < 0.04,
                    "{file:?}: {said} is not {points}"
                );
            }
        }
    }
}

#[test]
fn any_title_is_well_formed() {
    let folder = Folder::new("title");
    let case = case("title", 2, (4, 4, 0), Inks::BLACK_ON_WHITE);
    let title = "<b>\"A\" & 'B'\u{0}\u{1B}\u{FFFF}]]></b>\r\n\t-- é 日本 \u{1F600}";
    let label = svg::Label::Texts {
        title,
        description: title,
        id: "<\" 7",
    };
    let options = svg::Options {
        label,
        extra: "<circle r=\"1\"/>",
        ..svg::Options::default()
    };
    let mut out = Vec::new();
    svg::write(&case.picture(), &options, &mut out);
    run("rsvg-convert", &[], &folder.put("a.svg", &out));
}

fn ghostscript(device: &str, file: &Path) -> Image {
    let device = format!("-sDEVICE={device}");
    let arguments = [
        "-q",
        "-dSAFER",
        "-dBATCH",
        "-dNOPAUSE",
        "-dEPSCrop",
        "-r72",
        &device,
        "-sOutputFile=-",
    ];
    let output = run("gs", &arguments, file);
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Image::netpbm(&output.stdout)
}

/// By a decoder that is not ours.
fn read(file: &Path) {
    let arguments = ["-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"];
    let output = run("zbarimg", &arguments, file);
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), TEXT);
}
