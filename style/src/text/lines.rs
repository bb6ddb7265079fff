//! Lines that fit into a box.
//!
//! Sizes are found by halving: what fits is measured, never estimated. Lengths are in ems unless said otherwise.

use std::ops::Range;

use super::{Cluster, EM, Kind, shape::visual};
use crate::geometry::{MODULE, Point};

/// Words are broken only if one is longer than a line at this share of the largest size.
const SMALLEST: f64 = 0.4;
/// From one baseline to the next, at least.
const PITCH: f64 = 1.16;
/// Between what is drawn in two lines, at least.
const GAP: f64 = 0.06;
/// Halvings of a range. The last one is 1/1000 of the first.
const STEPS: u32 = 10;
/// Kept free for rounding, in modules.
const SLACK: f64 = 4.0 / MODULE as f64;

pub(super) struct Lines<'a> {
    clusters: &'a [Cluster],
    words: Vec<Word>,
    /// How far a cluster is drawn beyond its advance, on both sides together.
    overhang: f64,
}

struct Word {
    clusters: Range<usize>,
    width: f64,
    /// Width of the space before it. `None`: it begins a line.
    space: Option<f64>,
}

/// Where each cluster's origin lies, in ems of `size` modules.
pub(super) struct Placed<'a> {
    pub size: f64,
    pub clusters: Vec<(&'a Cluster, f64, f64)>,
}

impl Cluster {
    fn ink(&self) -> Option<[(f64, f64); 2]> {
        let ems = |p: Point| (f64::from(p.x) / EM, f64::from(p.y) / EM);
        self.ink.map(|corners| corners.map(ems))
    }
}

impl<'a> Lines<'a> {
    pub fn new(clusters: &'a [Cluster]) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let mut space = None;
        let mut is_open = false;
        let (mut left, mut right) = (0.0_f64, 0.0_f64);
        for (number, cluster) in clusters.iter().enumerate() {
            if let Some([min, max]) = cluster.ink() {
                left = left.max(-min.0);
                right = right.max(max.0 - cluster.advance);
            }
            match (cluster.kind, words.last_mut()) {
                (Kind::Letter, Some(word)) if is_open => {
                    word.clusters.end = number + 1;
                    word.width += cluster.advance;
                }
                (Kind::Letter, _) => words.push(Word {
                    clusters: number..number + 1,
                    width: cluster.advance,
                    space: space.take(),
                }),
                (Kind::Space, Some(_)) if is_open => space = Some(cluster.advance),
                (Kind::Space, _) => {}
                (Kind::Break, _) => space = None,
            }
            is_open = cluster.kind == Kind::Letter;
        }
        Self {
            clusters,
            words,
            overhang: left + right,
        }
    }

    /// `None`: the box is too small for anything. All in modules.
    pub fn place(&self, width: f64, height: f64, largest: f64) -> Option<Placed<'a>> {
        let (width, height) = (width - SLACK, height - SLACK);
        let smallest = largest * SMALLEST;
        let longest = self.words.iter().map(|word| word.width).fold(0.0, f64::max);
        let may_break = (longest + self.overhang) * smallest > width;
        let fitted = |size: f64| {
            let lines = self.broken(width / size, may_break)?;
            (self.tall(&lines).1 * size <= height).then_some(lines)
        };
        let most = if may_break { smallest } else { largest };
        let size = largest_where(most, |size| fitted(size).is_some())?;
        let mut lines = fitted(size)?;
        if !may_break {
            // Lines of about the same length: the narrowest box with as many of them.
            let count = lines.len();
            let mut room = [0.0, width / size];
            for _ in 0..STEPS {
                let middle = f64::midpoint(room[0], room[1]);
                let narrower = self
                    .broken(middle, false)
                    .filter(|new| new.len() == count && self.tall(new).1 * size <= height);
                match narrower {
                    Some(new) => {
                        lines = new;
                        room[1] = middle;
                    }
                    None => room[0] = middle,
                }
            }
        }
        Some(self.centred(&lines, size))
    }

    /// Ranges of clusters. `None`: something is longer than a line.
    fn broken(&self, width: f64, may_break: bool) -> Option<Vec<Range<usize>>> {
        let room = width - self.overhang;
        let mut lines: Vec<Range<usize>> = Vec::new();
        let mut length = 0.0;
        for word in &self.words {
            match (word.space, lines.last_mut()) {
                (Some(space), Some(line)) if length + space + word.width <= room => {
                    line.end = word.clusters.end;
                    length += space + word.width;
                }
                _ if word.width <= room => {
                    lines.push(word.clusters.clone());
                    length = word.width;
                }
                _ if may_break => length = self.break_word(word, room, &mut lines)?,
                _ => return None,
            }
        }
        Some(lines)
    }

    /// The length of the last piece.
    fn break_word(&self, word: &Word, room: f64, lines: &mut Vec<Range<usize>>) -> Option<f64> {
        let mut line = word.clusters.start..word.clusters.start;
        let mut length = 0.0;
        for number in word.clusters.clone() {
            let advance = self.clusters.get(number)?.advance;
            if advance > room {
                return None;
            }
            if length + advance > room {
                lines.push(line);
                line = number..number;
                length = 0.0;
            }
            line.end = number + 1;
            length += advance;
        }
        lines.push(line);
        Some(length)
    }

    fn line(&self, line: &Range<usize>) -> &'a [Cluster] {
        self.clusters.get(line.clone()).unwrap_or_default()
    }

    /// From baseline to baseline, and from the top of the first line to the bottom of the last.
    fn tall(&self, lines: &[Range<usize>]) -> (f64, f64) {
        let extents = lines.iter().map(|line| {
            let inks = self.line(line).iter().filter_map(Cluster::ink);
            inks.fold((0.0_f64, 0.0_f64), |(top, bottom), [min, max]| {
                (top.max(-min.1), bottom.max(max.1))
            })
        });
        let mut pitch = PITCH;
        let mut above: Option<(f64, f64)> = None;
        let mut first = 0.0;
        for extent in extents {
            match above {
                Some((_, bottom)) => pitch = pitch.max(bottom + extent.0 + GAP),
                None => first = extent.0,
            }
            above = Some(extent);
        }
        let last = above.map_or(0.0, |(_, bottom)| bottom);
        let between = lines.len().saturating_sub(1) as f64 * pitch;
        (pitch, first + between + last)
    }

    fn centred(&self, lines: &[Range<usize>], size: f64) -> Placed<'a> {
        let (pitch, _) = self.tall(lines);
        let mut clusters = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let mut x = 0.0;
            let mut ends = [f64::MAX, f64::MIN];
            let line = self.line(line);
            let order = visual(line.iter().map(|cluster| cluster.level));
            let line = order.into_iter().filter_map(|place| line.get(place));
            let line = line.map(|cluster| {
                let at = x;
                x += cluster.advance;
                if let Some([min, max]) = cluster.ink() {
                    ends = [ends[0].min(at + min.0), ends[1].max(at + max.0)];
                }
                (cluster, at)
            });
            let line: Vec<_> = line.collect();
            let middle = f64::midpoint(ends[0], ends[1]);
            let y = number as f64 * pitch;
            clusters.extend(
                line.into_iter()
                    .map(|(cluster, x)| (cluster, x - middle, y)),
            );
        }
        Placed { size, clusters }
    }
}

/// The largest size, at most `most`, that fits. `None`: not even the smallest of 30 halvings does.
fn largest_where(most: f64, fits: impl Fn(f64) -> bool) -> Option<f64> {
    if fits(most) {
        return Some(most);
    }
    let halves = std::iter::successors(Some(most / 2.0), |size| Some(size / 2.0));
    let low = halves.take(30).find(|&size| fits(size))?;
    let mut range = [low, low * 2.0];
    for _ in 0..STEPS {
        let middle = f64::midpoint(range[0], range[1]);
        range[usize::from(!fits(middle))] = middle;
    }
    Some(range[0])
}
