//! What usvg may see. It aborts the process on deep nesting and on circles, follows each `use` anew, reads an inherited
//! attribute again for each element below it, and compares attributes in pairs.
//!
//! Invariant: of a checked document usvg makes at most [`NODES`] nodes, [`DEPTH`] deep, from at most [`WORK`] bytes.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};
use simplecss::{AttributeOperator, Declaration, DeclarationTokenizer, PseudoClass, StyleSheet};

use super::value::{numbers, references, strokes};
use crate::Refused;

/// Levels of elements, where those that a reference leads to lie inside of the one that refers.
const DEPTH: usize = 64;
/// Elements, and those that references lead to once for each reference.
const NODES: usize = 10_000;
/// `use` elements, counted as [`NODES`].
const USES: usize = 2_000;
/// Bytes of attributes, once for each element that may inherit them.
const WORK: usize = 4_000_000;
/// Rules of style sheets times [`NODES`].
const MATCHES: usize = 200_000;
/// A class list is divided anew for each rule.
const CLASS_BYTES: usize = 256;
/// Stops are copied into each shape, and compared for each pixel.
const STOPS: usize = 64;
/// Attributes of an element, and declarations of namespaces of a document: both are compared in pairs.
const ATTRIBUTES: usize = 256;
const NAMESPACES: usize = 64;
/// Style sheets, and bytes of them times declarations: their reader finds its line anew for each declaration.
const SHEETS: usize = 16;
const SHEET_WORK: usize = 4_000_000;
/// Bytes of a `style` attribute times declarations count for this much less.
const STYLE_SHARE: usize = 8;
/// What a byte of path data and a round shape count for, in bytes: by themselves, for arcs, and for outlines of strokes.
const ARCS: usize = 10;
const STROKES: usize = 30;
/// As well, where each control point mirrors the one before: they run away.
const MIRRORED: usize = 70;
const ROUND: usize = 400;
const ROUND_STROKED: usize = 2_400;

const SVG: &str = "http://www.w3.org/2000/svg";
const DRAWN: [&str; 21] = [
    "a",
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "metadata",
    "path",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "title",
];
/// Refused in any namespace; in SVG's own so is all that is not drawn.
const REFUSED: [&str; 8] = [
    "filter",
    "foreignObject",
    "image",
    "marker",
    "mask",
    "pattern",
    "script",
    "text",
];
/// Attributes and properties that stand for a refused element.
const REFUSED_PROPERTIES: [&str; 6] = [
    "filter",
    "marker",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
];

/// Before the parser of XML sees it.
pub fn check_text(text: &str) -> Result<(), Refused> {
    let crowded = text
        .split('<')
        .any(|tag| tag.matches('=').count() > ATTRIBUTES);
    if crowded || text.matches("xmlns").count() > NAMESPACES {
        return Err(Refused::new(
            "the SVG has an element of too many attributes; simplify it",
        ));
    }
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(Refused::new("the SVG has a DOCTYPE; remove it"));
    }
    Ok(())
}

pub fn check(document: &Document) -> Result<(), Refused> {
    let mut guard = Guard {
        ids: HashMap::new(),
        sheet: StyleSheet::new(),
        stroked: false,
        known: HashMap::new(),
    };
    let mut sheets = Vec::new();
    let elements = || document.descendants().filter(Node::is_element);
    for node in elements() {
        check_name(node)?;
        guard.stroked |= node.attributes().any(|attribute| match attribute.name() {
            "stroke" => attribute.value() != "none",
            "style" => strokes(attribute.value()),
            _ => false,
        });
        for attribute in node.attributes().filter(|a| a.name() == "id") {
            guard.ids.entry(attribute.value()).or_default().push(node);
        }
        if node.tag_name().name() == "style" {
            let text = node.text().unwrap_or_default();
            guard.stroked |= strokes(text);
            sheets.push(text);
        }
    }
    guard.add_sheets(&sheets)?;
    if guard.sheet.rules.len() * elements().count() > MATCHES {
        return Err(too_much());
    }
    // One by one, because `use` may lead to an element that lies in one that is not drawn.
    let total = guard.cost(document.root_element(), 1)?;
    if guard.sheet.rules.len() * total.nodes > MATCHES {
        return Err(too_much());
    }
    Ok(())
}

/// What usvg makes of an element, of those inside, and of those that are referred to.
#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    uses: usize,
    depth: usize,
    work: usize,
}

struct Guard<'a, 'input> {
    ids: HashMap<&'a str, Vec<Node<'a, 'input>>>,
    sheet: StyleSheet<'a>,
    /// Whether anything may have a stroke.
    stroked: bool,
    /// `None` while it is being computed.
    known: HashMap<NodeId, Option<Cost>>,
}

impl<'a, 'input> Guard<'a, 'input> {
    fn add_sheets(&mut self, texts: &[&'a str]) -> Result<(), Refused> {
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let declarations: usize = texts
            .iter()
            .map(|text| text.matches([':', ';', '{']).count())
            .sum();
        if texts.len() > SHEETS || bytes * declarations > SHEET_WORK {
            return Err(too_much());
        }
        if texts.iter().any(|text| text.contains('@')) {
            return Err(Refused::new(
                "the SVG has a style sheet with @ rules; remove them",
            ));
        }
        for text in texts {
            self.sheet.parse_more(text);
        }
        let nested = |selector: String| selector.contains([' ', '>', '+', ':']);
        if self
            .sheet
            .rules
            .iter()
            .any(|rule| nested(rule.selector.to_string()))
        {
            return Err(Refused::new(
                "the SVG has a style sheet with nested selectors; use classes, or attributes instead",
            ));
        }
        Ok(())
    }

    /// Recurses at most [`DEPTH`] levels.
    fn cost(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<Cost, Refused> {
        if depth > DEPTH {
            return Err(too_deep());
        }
        match self.known.insert(node.id(), None) {
            Some(Some(known)) => {
                self.known.insert(node.id(), Some(known));
                return if depth + known.depth > DEPTH {
                    Err(too_deep())
                } else {
                    Ok(known)
                };
            }
            Some(None) => {
                return Err(Refused::new(
                    "the SVG has an element that refers to itself; remove the circle",
                ));
            }
            None => {}
        }
        let (bytes, links) = self.own(node)?;
        let uses = usize::from(node.tag_name().name() == "use");
        let mut sum = Cost {
            nodes: 1,
            uses,
            depth: 1,
            work: 0,
        };
        for inner in node.children().filter(Node::is_element).chain(links) {
            let inner = self.cost(inner, depth + 1)?;
            sum.nodes += inner.nodes;
            sum.uses += inner.uses;
            sum.depth = sum.depth.max(inner.depth + 1);
            sum.work += inner.work;
            if sum.nodes > NODES || sum.uses > USES || sum.work > WORK {
                return Err(too_much());
            }
        }
        sum.work += bytes * sum.nodes;
        if sum.work > WORK {
            return Err(too_much());
        }
        self.known.insert(node.id(), Some(sum));
        Ok(sum)
    }

    /// Bytes of its attributes and properties, and the elements that they refer to.
    fn own(&self, node: Node<'a, 'input>) -> Result<(usize, Vec<Node<'a, 'input>>), Refused> {
        let round = ["circle", "ellipse", "rect"].contains(&node.tag_name().name());
        let shape = match (round, self.stroked) {
            (true, true) => ROUND_STROKED,
            (true, false) => ROUND,
            (false, _) => 0,
        };
        let (mut bytes, mut links) = (shape, Vec::new());
        let mut add = |name: &str, value: &'a str| {
            bytes += name.len() + value.len();
            if name == "style" {
                bytes += value.len() * value.matches(':').count() / STYLE_SHARE;
            }
            if matches!(name, "d" | "points") {
                let has = |letters: [char; 2], cost| if value.contains(letters) { cost } else { 0 };
                let strokes = if self.stroked {
                    STROKES + has(['t', 'T'], MIRRORED)
                } else {
                    0
                };
                bytes += value.len() * (has(['a', 'A'], ARCS) + strokes);
            }
            for id in references(name, value).ok_or_else(elsewhere)? {
                links.extend(self.ids.get(id).into_iter().flatten().copied());
            }
            Ok(())
        };
        for attribute in node.attributes() {
            check_attribute(attribute.name(), attribute.value())?;
            add(attribute.name(), attribute.value())?;
        }
        let inline = node
            .attribute("style")
            .into_iter()
            .flat_map(DeclarationTokenizer::from);
        let matching = self
            .sheet
            .rules
            .iter()
            .filter(|rule| rule.selector.matches(&Styled(node)));
        let ruled = matching.flat_map(|rule| &rule.declarations).copied();
        for Declaration { name, value, .. } in inline.chain(ruled) {
            check_property(name, value)?;
            add(name, value)?;
        }
        Ok((bytes, links))
    }
}

fn check_name(node: Node) -> Result<(), Refused> {
    let name = node.tag_name().name();
    let own = matches!(node.tag_name().namespace(), None | Some(SVG));
    let drawn = DRAWN.contains(&name) || name == "use";
    if REFUSED.contains(&name) || (own && !drawn) || (!own && name == "style") {
        let name: String = name.chars().take(32).collect();
        return Err(Refused::new(format!(
            "the SVG has an element <{name}>, which is not drawn; convert it to paths, or send the logo as PNG"
        )));
    }
    let stops = node
        .children()
        .filter(|child| child.tag_name().name() == "stop");
    if stops.count() > STOPS {
        return Err(too_much());
    }
    Ok(())
}

fn check_attribute(name: &str, value: &str) -> Result<(), Refused> {
    if name.to_ascii_lowercase().starts_with("on") || name == "base" {
        return Err(Refused::new(
            "the SVG has a script or an xml:base in an attribute; remove it",
        ));
    }
    if name == "href" && !value.trim_start().starts_with('#') {
        return Err(elsewhere());
    }
    if name == "class" && value.len() > CLASS_BYTES {
        return Err(too_much());
    }
    check_property(name, value)
}

fn check_property(name: &str, value: &str) -> Result<(), Refused> {
    if REFUSED_PROPERTIES.contains(&name) && value.trim() != "none" {
        return Err(Refused::new(format!(
            "the SVG has a {name}, which is not drawn; remove it, or send the logo as PNG"
        )));
    }
    let relative = || {
        ["%", "em", "ex", "larger", "smaller"]
            .iter()
            .any(|unit| value.contains(unit))
    };
    let chained = matches!(name, "font" | "font-size") && relative();
    if chained || numbers(name, value).any(|(number, most)| number > most) {
        return Err(Refused::new(format!(
            "the SVG has a number of absurd size in {name:.32}; write plain numbers up to 100000"
        )));
    }
    // It would be a reference to what the parent refers to.
    if name == "clip-path" && value.trim() == "inherit" {
        return Err(Refused::new(
            "the SVG has a clip-path that is inherited; name the clipPath",
        ));
    }
    Ok(())
}

struct Styled<'a, 'input>(Node<'a, 'input>);

impl simplecss::Element for Styled<'_, '_> {
    fn parent_element(&self) -> Option<Self> {
        None
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        None
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        self.0
            .attribute(name)
            .is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, _: PseudoClass<'_>) -> bool {
        false
    }
}

fn elsewhere() -> Refused {
    Refused::new(
        "the SVG refers to something outside of it; put it inside, or send the logo as PNG",
    )
}

fn too_deep() -> Refused {
    Refused::new("the SVG is nested deeper than 64 levels; flatten it, or send the logo as PNG")
}

pub fn too_much() -> Refused {
    Refused::new("the SVG is too complex; simplify it, or send the logo as PNG")
}
