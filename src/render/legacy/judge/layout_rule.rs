//! Whether symbols, which need not be of one size, lie where one request puts them.

use super::{
    alike::is_coarse,
    fact::Seen,
    sampled::{Frame, is_close},
};
use crate::{kernel::limits::BORDER_MODULES, render::layout::CanvasLayout};

/// See [`blur_px`].
const BLURRED_PX: f64 = 2.0;

/// What is wrong with a candidate's place or size: it may be smaller and stronger than the control, and then has to lie
/// where the rule puts it. Each with the width and the height that its arm told.
pub fn fault(
    (control, control_px): (&Seen, [u32; 2]),
    (candidate, candidate_px): (&Seen, [u32; 2]),
) -> Option<&'static str> {
    let (a, b) = (&control.frame, &candidate.frame);
    if candidate.version > control.version {
        Some("version")
    } else if candidate.level < control.level {
        Some("level")
    } else if candidate.version < control.version {
        let told = |frame: &Frame, told: [u32; 2]| {
            frame.paper.is_some()
                || told
                    .iter()
                    .all(|px| is_close(f64::from(*px), frame.width_px))
        };
        let is_told = told(a, control_px) && told(b, candidate_px);
        let is_told = is_told && (a.paper.is_none() || control_px == candidate_px);
        (!is_told || !follows(a, b)).then_some("geometry")
    } else if control_px == candidate_px && a.agrees(b, blur_px(control, candidate)) {
        None
    } else if a.quiet_modules() == b.quiet_modules() {
        Some("geometry")
    } else {
        Some("quiet zone")
    }
}

/// Where edges are in coarse JPEGs cannot be told to the pixel.
fn blur_px(control: &Seen, candidate: &Seen) -> f64 {
    if is_coarse(control) && is_coarse(candidate) {
        BLURRED_PX
    } else {
        0.0
    }
}

/// Whether one request, in particular one border, leads to both.
fn follows(control: &Frame, candidate: &Frame) -> bool {
    if control.paper.is_some() || candidate.paper.is_some() {
        return on_paper(control, candidate);
    }
    // Asked for was the width of one of them: a canvas only ever grows, and only as far as its symbol needs.
    let widths = [control.width_px, candidate.width_px];
    let mut ways = BORDER_MODULES.flat_map(|border| widths.map(|width| (border, width)));
    ways.any(|(border, width)| {
        [control, candidate].into_iter().all(|frame| {
            // Whole, and at most `limits::IMAGE_PX`, or nothing will be equal. A cast saturates.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let layout = CanvasLayout::new(width as u32, frame.modules, border);
            is_laid_out(frame, &layout)
        })
    })
}

/// Units are modules there, so both have the border.
fn on_paper(control: &Frame, candidate: &Frame) -> bool {
    let [a, b] = [control, candidate].map(|frame| frame.margins_px.map(|px| px / frame.module_px));
    let same = Frame {
        module_px: control.module_px,
        modules: control.modules,
        margins_px: control.margins_px,
        ..*candidate
    };
    same.agrees(control, 0.0)
        && a.iter().chain(&b).all(|border| is_close(*border, a[0]))
        && is_close(a[0], a[0].round())
}

fn is_laid_out(frame: &Frame, layout: &CanvasLayout) -> bool {
    let far = layout.width - layout.offset - layout.scale * layout.modules;
    let [width, module, near, far] =
        [layout.width, layout.scale, layout.offset, far].map(f64::from);
    let laid_out = Frame {
        paper: None,
        width_px: width,
        height_px: width,
        module_px: module,
        modules: frame.modules,
        margins_px: [near, near, far, far],
    };
    laid_out.agrees(frame, 0.0)
}
