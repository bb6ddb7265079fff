//! A symbol as characters, for terminals.

use symbol::{
    Symbol,
    file::terminal::{self, Terminal as Look},
};

use super::NAME;
use crate::render::{Facts, Rendered, Request, Terminal, grades, layout::CanvasLayout};

/// Its width and height are those of the text: characters and lines.
pub(super) fn render(request: &Request, symbol: &Symbol) -> Rendered {
    let look = match request.terminal {
        Terminal::Light => Look::DarkOnLight,
        Terminal::Dark => Look::LightOnDark,
        Terminal::Color => Look::Coloured {
            dark: request.colors.dark.rgb,
            light: request.colors.light.rgb,
        },
    };
    let mut file = Vec::new();
    terminal::write(symbol.matrix(), request.border, look, &mut file);
    let modules = u32::try_from(symbol.matrix().modules()).unwrap_or(u32::MAX);
    let layout = CanvasLayout::new(0, modules, request.border);
    let facts = Facts {
        version: symbol.version(),
        level: symbol.level(),
        mask: symbol.mask(),
        width_px: layout.width,
        height_px: layout.width.div_ceil(2),
        report: grades::plain(request, &layout, symbol.version()),
    };
    Rendered::new(request, NAME, facts, file)
}
