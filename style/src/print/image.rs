//! Pixels in a document: deflated rows with the filters of PNG, which PDF and PostScript level 3 read alike.

use symbol::file;

use super::shading;

pub struct Image {
    width: u32,
    height: u32,
    channels: png::ColorType,
    deflated: Vec<u8>,
}

impl Image {
    /// Red, green and blue of each pixel of `rgba`, or its inks. `None`: there are no such pixels.
    pub fn colors(size: [u32; 2], rgba: &[u8], inks: file::Paint) -> Option<Self> {
        let (pixels, _) = rgba.as_chunks::<4>();
        match inks {
            file::Paint::Rgb => {
                let bytes = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]);
                Self::of(size, png::ColorType::Rgb, &bytes.collect::<Vec<_>>())
            }
            file::Paint::Cmyk => {
                let bytes = pixels.iter().flat_map(|&[r, g, b, _]| in_inks([r, g, b]));
                // Four bytes per pixel, whatever they are.
                Self::of(size, png::ColorType::Rgba, &bytes.collect::<Vec<_>>())
            }
        }
    }

    /// `None`: all is opaque, or there are no such pixels.
    pub fn opacity(size: [u32; 2], rgba: &[u8]) -> Option<Self> {
        let (pixels, _) = rgba.as_chunks::<4>();
        let bytes: Vec<u8> = pixels.iter().map(|px| px[3]).collect();
        if bytes.iter().all(|&alpha| alpha == 255) {
            return None;
        }
        Self::of(size, png::ColorType::Grayscale, &bytes)
    }

    fn of([width, height]: [u32; 2], channels: png::ColorType, bytes: &[u8]) -> Option<Self> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(channels);
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(bytes).ok()?;
        writer.finish().ok()?;
        Some(Self {
            width,
            height,
            channels,
            deflated: data(&file),
        })
    }

    /// The colour space of [`Image::colors`] or of [`Image::opacity`].
    const fn space(&self) -> &'static str {
        match self.channels {
            png::ColorType::Rgb => shading::space(file::Paint::Rgb),
            png::ColorType::Rgba => shading::space(file::Paint::Cmyk),
            _ => "DeviceGray",
        }
    }

    fn filter(&self) -> String {
        let Self { width, .. } = self;
        let colors = self.channels.samples();
        format!("<</Predictor 15/Colors {colors}/Columns {width}>>")
    }

    /// An image of PDF (ISO 32000-1 §8.9.5). `mask`: the number of its opacity's object.
    pub fn xobject(&self, mask: Option<usize>, out: &mut Vec<u8>) {
        let (width, height, space) = (self.width, self.height, self.space());
        let mask = mask.map_or(String::new(), |number| format!("/SMask {number} 0 R"));
        let (filter, length) = (self.filter(), self.deflated.len());
        let dictionary = format!(
            "<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/{space}/BitsPerComponent 8/Interpolate true{mask}\
             /Filter/FlateDecode/DecodeParms{filter}/Length {length}>>stream\n"
        );
        out.extend_from_slice(dictionary.as_bytes());
        out.extend_from_slice(&self.deflated);
        out.extend_from_slice(b"\nendstream");
    }

    /// A procedure of PostScript level 3 of this name, which paints the unit square, the first row uppermost.
    pub fn procedure(&self, name: &str, out: &mut Vec<u8>) {
        let (width, height, space) = (self.width, self.height, self.space());
        let start = format!(
            "/{name}d currentfile/ASCII85Decode filter {}/FlateDecode filter/ReusableStreamDecode filter\n",
            self.filter()
        );
        out.extend_from_slice(start.as_bytes());
        base_85(&self.deflated, out);
        let decode = "0 1 ".repeat(self.channels.samples());
        let end = format!(
            "def\n/{name}{{/{space} setcolorspace <</ImageType 1/Width {width}/Height {height}/BitsPerComponent 8/Interpolate true\n\
             /Decode[{decode}]/ImageMatrix[{width} 0 0 -{height} 0 {height}]/DataSource {name}d>>image}}bind def\n"
        );
        out.extend_from_slice(end.as_bytes());
    }
}

/// As [`file::Paint::Cmyk`] says.
fn in_inks(rgb: [u8; 3]) -> [u8; 4] {
    let brightest = rgb.into_iter().max().unwrap_or(0);
    let share = |c: u8| {
        let (missing, all) = (u16::from(brightest - c), u16::from(brightest.max(1)));
        ((missing * 255 + all / 2) / all) as u8
    };
    let [r, g, b] = rgb;
    [share(r), share(g), share(b), 255 - brightest]
}

/// What the chunks of image data of a PNG hold together (ISO/IEC 15948 §5.3): one stream of zlib.
fn data(png: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut rest = png.get(8..).unwrap_or_default();
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some((data, next)) = body.split_at_checked(length) else {
            break;
        };
        if kind == *b"IDAT" {
            all.extend_from_slice(data);
        }
        // A checksum follows.
        rest = next.get(4..).unwrap_or_default();
    }
    all
}

/// Pixels of a whole row of base 85: 4 bytes are 5 characters.
const ROW: usize = 4 * 20;

/// ASCII base-85 (PostScript language reference, third edition, §3.13.3).
fn base_85(bytes: &[u8], out: &mut Vec<u8>) {
    for row in bytes.chunks(ROW) {
        // Two percent signs at the start of a line would be a comment.
        out.push(b' ');
        for four in row.chunks(4) {
            let mut padded = [0; 4];
            padded[..four.len()].copy_from_slice(four);
            let mut rest = u32::from_be_bytes(padded);
            let mut digits = [b'!'; 5];
            for digit in digits.iter_mut().rev() {
                *digit += (rest % 85) as u8;
                rest /= 85;
            }
            out.extend_from_slice(&digits[..=four.len()]);
        }
        out.push(b'\n');
    }
    out.extend_from_slice(b"~>\n");
}
