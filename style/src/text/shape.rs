//! From characters to clusters of glyphs. The one file that knows harfrust and unicode-bidi.

use std::{fmt, sync::Arc};

use harfrust::{
    Buffer, BufferFlags, Direction, Font, GlyphId, GlyphInfo, GlyphPosition, Script, ShapeOptions,
    ShapePlan, ShaperFont,
    font::{
        Blob,
        glyph::outline::{DrawMemory, DrawOptions, PathSink},
    },
    shape,
    unicode::{self, Decomposed},
};
use unicode_bidi::{BidiInfo, Level};

use super::{Cluster, EM, Kind, Unshaped, bounds};
use crate::geometry::{Contour, Outline, Point, Segment};

/// Width of a space, in ems: of Noto Sans Bold.
const SPACE: f64 = 0.26;
/// No point of a glyph lies farther from its origin, in ems. So a strange font cannot overflow a sum.
const FARTHEST: f64 = 64.0;

const EMBEDDED: [&[u8]; 3] = [
    include_bytes!("../../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../../fonts/NotoSansArabic-Bold.ttf"),
];

/// Fonts in the order in which a character is looked up. Cheap to clone.
#[derive(Clone)]
pub struct Fonts(Arc<[Font]>);

/// Bytes that hold no font with characters and outlines: the number of the extra font, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFont(pub usize);

impl fmt::Display for NotAFont {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "extra font {} holds no characters with outlines", self.0)
    }
}

impl std::error::Error for NotAFont {}

impl Fonts {
    /// Noto Sans Bold for Latin, Greek, Cyrillic, Hebrew and Arabic, then `extra`: TrueType or OpenType files.
    ///
    /// # Errors
    ///
    /// [`NotAFont`] for the first extra one that is none.
    pub fn new(extra: Vec<Arc<[u8]>>) -> Result<Self, NotAFont> {
        let embedded = EMBEDDED.into_iter().map(Blob::Static);
        let extra = extra.into_iter().map(|bytes| Blob::Shared(Arc::new(bytes)));
        let fonts = embedded.chain(extra).enumerate().map(|(number, blob)| {
            Font::new(blob, 0)
                .filter(|font| font.charmap().has_unicode() && !font.outline_glyphs().is_empty())
                .ok_or(NotAFont(number.saturating_sub(EMBEDDED.len())))
        });
        Ok(Self(fonts.collect::<Result<_, _>>()?))
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fonts").field(&self.0.len()).finish()
    }
}

/// Whether a font draws a character, by itself or in parts.
fn has(font: &Font, codepoint: u32) -> bool {
    font.charmap().map_unicode(codepoint).is_some()
        || match unicode::decompose(codepoint) {
            Some(Decomposed::Singleton(part)) => has(font, part),
            Some(Decomposed::Pair(base, mark)) => has(font, base) && has(font, mark),
            None => false,
        }
}

/// A character and how it is shaped. Neighbours that are alike are shaped together.
#[derive(Clone, Copy)]
struct Letter {
    c: char,
    level: Level,
    script: Script,
    /// Its number among the fonts.
    font: usize,
}

impl Letter {
    fn is_space(self) -> bool {
        let keeps_together = ['\u{a0}', '\u{2007}', '\u{202f}'].contains(&self.c);
        self.c == '\u{200b}' || self.c.is_whitespace() && !keeps_together
    }

    /// A script without spaces: a line may end at each character.
    fn is_ideograph(self) -> bool {
        [Script::HAN, Script::HIRAGANA, Script::KATAKANA].contains(&self.script)
            && unicode::combining_class(u32::from(self.c)) == 0
    }

    fn joins(&self, next: &Self) -> bool {
        (self.level, self.script, self.font) == (next.level, next.script, next.font)
            && self.is_space() == next.is_space()
            && !(self.is_ideograph() && next.is_ideograph())
    }
}

/// Of a whole text, in the order of reading.
pub(super) fn clusters(text: &str, fonts: &Fonts) -> Result<Vec<Cluster>, Unshaped> {
    let mut shaper = Shaper {
        fonts: &fonts.0,
        plans: Vec::new(),
        clusters: Vec::new(),
    };
    for line in text.lines() {
        let letters = shaper.letters(line);
        let mut was_ideograph = false;
        for run in letters.chunk_by(Letter::joins) {
            let Some(&first) = run.first() else { continue };
            if first.is_space() {
                let is_wide = run.iter().any(|letter| letter.c != '\u{200b}');
                shaper.part(Kind::Space, first.level, if is_wide { SPACE } else { 0.0 });
            } else {
                if was_ideograph && first.is_ideograph() {
                    shaper.part(Kind::Space, first.level, 0.0);
                }
                shaper.run(run, first)?;
            }
            was_ideograph = first.is_ideograph();
        }
        shaper.part(Kind::Break, Level::ltr(), 0.0);
    }
    Ok(shaper.clusters)
}

struct Shaper<'a> {
    fonts: &'a [Font],
    plans: Vec<(usize, ShapePlan)>,
    clusters: Vec<Cluster>,
}

impl Shaper<'_> {
    fn part(&mut self, kind: Kind, level: Level, advance: f64) {
        self.clusters.push(Cluster {
            kind,
            level: level.number(),
            advance,
            outline: Outline::default(),
            ink: None,
        });
    }

    fn letters(&self, line: &str) -> Vec<Letter> {
        let levels = BidiInfo::new(line, None).levels;
        let is_neutral = |script: Script| [Script::COMMON, Script::INHERITED].contains(&script);
        let mut scripts = line.chars().map(|c| unicode::script(u32::from(c)));
        let first = scripts.find(|&script| !is_neutral(script));
        let mut script = first.unwrap_or(Script::COMMON);
        let mut font = 0;
        let letter = |(at, c): (usize, char)| {
            let codepoint = u32::from(c);
            let own = unicode::script(codepoint);
            // Accents stay with their letter, and punctuation too where its font has it.
            let stays = unicode::combining_class(codepoint) != 0
                || is_neutral(own) && self.fonts.get(font).is_some_and(|f| has(f, codepoint));
            if !stays {
                let first = self.fonts.iter().position(|font| has(font, codepoint));
                font = first.unwrap_or(font);
            }
            if !is_neutral(own) {
                script = own;
            }
            Letter {
                c,
                // unicode-bidi gives one per byte.
                level: levels.get(at).copied().unwrap_or(Level::ltr()),
                script,
                font,
            }
        };
        line.char_indices().map(letter).collect()
    }

    fn run(&mut self, run: &[Letter], first: Letter) -> Result<(), Unshaped> {
        let Some(font) = self.fonts.get(first.font) else {
            return Err(Unshaped::Missing(first.c));
        };
        let direction = if first.level.is_rtl() {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        };
        let mut buffer = Buffer::new();
        for (number, letter) in run.iter().enumerate() {
            buffer.push(letter.c.into(), number as u32);
        }
        buffer.set_direction(direction);
        buffer.set_script(Some(first.script));
        buffer.set_flags(BufferFlags::DO_NOT_INSERT_DOTTED_CIRCLE);
        let same = |(number, plan): &(usize, ShapePlan)| {
            (*number, plan.direction(), plan.script())
                == (first.font, direction, Some(first.script))
        };
        let number = self.plans.iter().position(same).unwrap_or_else(|| {
            let plan = ShapePlan::new(font, direction, Some(first.script), None, &[]);
            self.plans.push((first.font, plan));
            self.plans.len() - 1
        });
        let plan = self.plans.get(number).map(|(_, plan)| plan);
        let options = ShapeOptions::new().plan(plan);
        shape(&ShaperFont::new(font), &mut buffer, options)
            .map_err(|_| Unshaped::Missing(first.c))?;

        let glyphs: Vec<_> = (buffer.glyph_infos().iter())
            .zip(buffer.glyph_positions())
            .collect();
        let groups = glyphs.chunk_by(|(a, _), (b, _)| a.cluster == b.cluster);
        let mut groups: Vec<_> = groups.collect();
        if first.level.is_rtl() {
            groups.reverse();
        }
        for group in groups {
            let cluster = cluster(font, first.level, group);
            self.clusters.push(checked(font, run, group, cluster)?);
        }
        Ok(())
    }
}

/// Places of a line's levels from left to right.
pub(super) fn visual(levels: impl Iterator<Item = u8>) -> Vec<usize> {
    let levels = levels.map(|level| Level::new(level).unwrap_or(Level::ltr()));
    BidiInfo::reorder_visual(&levels.collect::<Vec<_>>())
}

/// A cluster that its font can draw.
fn checked(
    font: &Font,
    run: &[Letter],
    group: &[(&GlyphInfo, &GlyphPosition)],
    cluster: Cluster,
) -> Result<Cluster, Unshaped> {
    let number = group.first().map_or(0, |(info, _)| info.cluster);
    let mut letters = run.iter().skip(number as usize).map(|letter| letter.c);
    let Some(first) = letters.next() else {
        return Ok(cluster);
    };
    let is_missing = group.iter().any(|(info, _)| info.glyph_id == 0);
    // Glyphs that are pictures have an advance and no outline.
    let is_blank = cluster.ink.is_none() && cluster.advance > 0.0 && !first.is_whitespace();
    if is_missing {
        let all = std::iter::once(first).chain(letters);
        let culprit = all.into_iter().find(|&c| !has(font, c.into()));
        return Err(Unshaped::Missing(culprit.unwrap_or(first)));
    }
    if is_blank {
        return Err(Unshaped::Missing(first));
    }
    Ok(cluster)
}

/// Glyphs side by side, from left to right.
fn cluster(font: &Font, level: Level, group: &[(&GlyphInfo, &GlyphPosition)]) -> Cluster {
    let per_em = f64::from(font.units_per_em().max(1));
    let mut outline = Outline::default();
    let mut pen = 0.0;
    for (info, position) in group {
        let mut glyph = Glyph {
            scale: EM / per_em,
            x: pen + f64::from(position.x_offset),
            y: f64::from(position.y_offset),
            outline: Outline::default(),
        };
        if let Some(source) = font.outline_glyphs().get(GlyphId::new(info.glyph_id)) {
            // A glyph that cannot be drawn stays blank, and that is an error above.
            let _ = source.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut glyph);
        }
        outline = outline.and(glyph.clockwise());
        pen += f64::from(position.x_advance);
    }
    Cluster {
        kind: Kind::Letter,
        level: level.number(),
        advance: (pen / per_em).clamp(-FARTHEST, FARTHEST),
        ink: bounds(&outline),
        outline,
    }
}

/// Takes a glyph's curves: font units with y upwards become 1/65536 em with y downwards.
struct Glyph {
    scale: f64,
    x: f64,
    y: f64,
    outline: Outline,
}

impl Glyph {
    fn at(&self, x: f32, y: f32) -> Point {
        let unit = |v: f64| {
            (v * self.scale)
                .clamp(-FARTHEST * EM, FARTHEST * EM)
                .round() as i32
        };
        Point::new(unit(self.x + f64::from(x)), unit(-self.y - f64::from(y)))
    }

    fn add(&mut self, segment: Segment) {
        if let Some(contour) = self.outline.contours.last_mut() {
            contour.segments.push(segment);
        }
    }

    /// TrueType contours are clockwise already; those of PostScript go the other way.
    fn clockwise(self) -> Outline {
        let area = |contour: &Contour| {
            let ends = contour.segments.iter().map(Segment::end);
            let next = ends.clone().chain([contour.start]);
            let all = std::iter::once(contour.start).chain(ends);
            let cross = |(a, b): (Point, Point)| {
                i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y)
            };
            all.zip(next).map(cross).sum::<i64>()
        };
        if self.outline.contours.iter().map(area).sum::<i64>() < 0 {
            Outline::default().without(&self.outline)
        } else {
            self.outline
        }
    }
}

impl PathSink for Glyph {
    fn move_to(&mut self, x: f32, y: f32) {
        self.outline.contours.push(Contour {
            start: self.at(x, y),
            segments: Vec::new(),
        });
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.add(Segment::Line(self.at(x, y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.add(Segment::Quadratic(self.at(cx, cy), self.at(x, y)));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.add(Segment::Cubic(
            self.at(ax, ay),
            self.at(bx, by),
            self.at(x, y),
        ));
    }

    fn close(&mut self) {}
}
