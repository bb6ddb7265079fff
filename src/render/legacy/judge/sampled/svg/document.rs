//! The elements of a document, from the first to the last: what they paint, and what they say.
//!
//! Invariant: every element and every attribute is known, and so is what it does.

use sha2::{Digest as _, Sha256};

use super::{
    super::Unclear,
    attributes::{self, Length},
    markup::{Markup, Piece, Tag, unescaped},
    path::{self, Rule},
    shape::{Paint, Rect, SHAPES, Shape, Transform},
    texts::Texts,
};

/// Elements within each other; symbols need three.
const DEPTH: usize = 16;

pub struct Document {
    /// Equal in both directions.
    pub width: Length,
    /// What of the plane is to be seen.
    pub canvas: Rect,
    /// From bottom to top, in the units of `canvas`.
    pub shapes: Vec<Shape>,
    pub texts: Texts,
}

/// # Errors
/// `Broken` or `Unknown`.
pub fn read(text: &str) -> Result<Document, Unclear> {
    let mut markup = Markup::new(text);
    let Some(Piece::Open(root)) = markup.next()? else {
        return Err(markup.unknown("a document that does not begin with a tag"));
    };
    let document = root_of(&root).ok_or_else(|| markup.unknown("a root like this one"))?;
    let mut interpreter = Interpreter {
        markup,
        document,
        open: vec![("svg", Transform::NONE)],
    };
    while !interpreter.open.is_empty() {
        interpreter.step()?;
    }
    match interpreter.markup.next()? {
        Some(Piece::Text(space)) if !space.trim().is_empty() => {
            Err(interpreter.markup.unknown("text behind the document"))
        }
        Some(Piece::Open(_) | Piece::Close(_)) => {
            Err(interpreter.markup.unknown("a tag behind the document"))
        }
        _ => Ok(interpreter.document),
    }
}

fn root_of(tag: &Tag) -> Option<Document> {
    let (mut width, mut height, mut canvas) = (None, None, None);
    let mut texts = Texts::default();
    for &(name, value) in &tag.attributes {
        match name {
            "xmlns" if value == "http://www.w3.org/2000/svg" => {}
            "shape-rendering" => {}
            "width" => width = Some(attributes::length(value)?),
            "height" => height = Some(attributes::length(value)?),
            "viewBox" => canvas = Some(attributes::view_box(value)?),
            "role" => texts.role = unescaped(value)?.into(),
            "aria-label" => texts.label = unescaped(value)?.into(),
            "aria-labelledby" => texts.labelled_by = unescaped(value)?.into(),
            _ => return None,
        }
    }
    let (width, canvas) = (width?, canvas?);
    let is_square =
        (canvas.right - canvas.left).to_bits() == (canvas.bottom - canvas.top).to_bits();
    let is_right = tag.name == "svg" && !tag.is_empty && is_square && height? == width;
    is_right.then(|| Document {
        width,
        canvas,
        shapes: Vec::new(),
        texts,
    })
}

struct Interpreter<'a> {
    markup: Markup<'a>,
    document: Document,
    /// Elements that have begun, and how what is in them is transformed.
    open: Vec<(&'a str, Transform)>,
}

impl<'a> Interpreter<'a> {
    fn step(&mut self) -> Result<(), Unclear> {
        match self.markup.next()? {
            None => Err(Unclear::Broken("an element has no end")),
            Some(Piece::Close(name)) => match self.open.pop() {
                Some((open, _)) if open == name => Ok(()),
                _ => Err(Unclear::Broken("an element ends that did not begin")),
            },
            Some(Piece::Text(text)) if text.trim().is_empty() => Ok(()),
            Some(Piece::Text(text)) => self.said(text).ok_or(self.markup.unknown("text like this")),
            Some(Piece::Open(tag)) => {
                let outer = self.open.last().map_or(Transform::NONE, |&(_, t)| t);
                let element = self.element(&tag, &outer);
                let inner =
                    element.ok_or(self.markup.unknown("an element like the one before this"))?;
                if !tag.is_empty {
                    self.open.push((tag.name, inner));
                }
                if self.open.len() > DEPTH || self.document.shapes.len() > SHAPES {
                    return Err(self.markup.unknown("more than a symbol needs"));
                }
                Ok(())
            }
        }
    }

    /// Only titles and descriptions hold text.
    fn said(&mut self, text: &str) -> Option<()> {
        let texts = &mut self.document.texts;
        let place = match self.open.last()?.0 {
            "title" => &mut texts.title,
            "desc" => &mut texts.description,
            _ => return None,
        };
        place.content = unescaped(text)?.into();
        Some(())
    }

    /// Does what an element does, and says how what is in it is transformed.
    fn element(&mut self, tag: &Tag<'a>, outer: &Transform) -> Option<Transform> {
        let (parent, _) = self.open.last()?;
        if !matches!(*parent, "svg" | "g") {
            return None;
        }
        match tag.name {
            "g" => return group(tag, outer),
            "path" => self.path(tag, outer)?,
            "rect" => self.rect(tag, outer)?,
            "image" => self.image(tag, outer)?,
            // Of the root only, and once.
            "title" if self.open.len() == 1 => label(tag, &mut self.document.texts.title.id)?,
            "desc" if self.open.len() == 1 => label(tag, &mut self.document.texts.description.id)?,
            _ => return None,
        }
        Some(*outer)
    }

    fn path(&mut self, tag: &Tag, outer: &Transform) -> Option<()> {
        let (mut color, mut rule) = ([0; 3], Rule::NonZero);
        let mut data = "";
        for &(name, value) in &tag.attributes {
            match (name, value) {
                ("d", _) => data = value,
                ("fill", _) => color = attributes::color(value)?,
                ("fill-rule", "evenodd") => rule = Rule::EvenOdd,
                ("fill-rule", "nonzero") => rule = Rule::NonZero,
                _ => return None,
            }
        }
        let rects = path::filled(data, rule)?;
        let shapes = rects.iter().map(|rect| Shape {
            rect: outer.of(rect),
            paint: Paint::Color(color),
        });
        self.document.shapes.extend(shapes);
        Some(())
    }

    fn rect(&mut self, tag: &Tag, outer: &Transform) -> Option<()> {
        let (rect, other) = self.place(tag)?;
        let color = match other {
            None => [0; 3],
            Some(("fill", color)) => attributes::color(color)?,
            Some(_) => return None,
        };
        self.paint(outer.of(&rect), Paint::Color(color));
        Some(())
    }

    fn image(&mut self, tag: &Tag, outer: &Transform) -> Option<()> {
        let (rect, Some(("href", address))) = self.place(tag)? else {
            return None;
        };
        let picture = Sha256::digest(unescaped(address)?.as_bytes());
        self.paint(outer.of(&rect), Paint::Picture(picture.into()));
        Some(())
    }

    fn paint(&mut self, rect: Rect, paint: Paint) {
        self.document.shapes.push(Shape { rect, paint });
    }

    /// Where an element is that has a corner and a size; and its other attribute, if it has one.
    fn place<'t>(&self, tag: &Tag<'t>) -> Option<(Rect, Option<(&'t str, &'t str)>)> {
        let canvas = &self.document.canvas;
        let whole = canvas.right - canvas.left;
        let [mut x, mut y, mut width, mut height] = [0.0; 4];
        let mut other = None;
        for &(name, value) in &tag.attributes {
            let place = match name {
                "x" => &mut x,
                "y" => &mut y,
                "width" => &mut width,
                "height" => &mut height,
                _ if other.is_none() => {
                    other = Some((name, value));
                    continue;
                }
                _ => return None,
            };
            *place = attributes::number_or_share(value, whole)?;
        }
        let is_right = width >= 0.0 && height >= 0.0;
        let rect = Rect::between((x, y), (x + width, y + height));
        is_right.then_some((rect, other))
    }
}

fn group(tag: &Tag, outer: &Transform) -> Option<Transform> {
    let mut inner = *outer;
    for &(name, value) in &tag.attributes {
        match name {
            "transform" => inner = outer.after(&attributes::transform(value)?),
            "shape-rendering" => {}
            _ => return None,
        }
    }
    Some(inner)
}

fn label(tag: &Tag, id: &mut String) -> Option<()> {
    match tag.attributes[..] {
        [("id", value)] if id.is_empty() => {
            *id = unescaped(value)?.into();
            Some(())
        }
        _ => None,
    }
}
