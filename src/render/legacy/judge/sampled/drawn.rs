//! For tests: files as an arm makes them, but asked for more than a request can say: another mask, one version.

use proptest::prelude::*;
use symbol::{
    Options, Symbol,
    file::{Canvas, Ink, Inks, Length, Picture, jpeg, png, svg, webp},
};

use crate::render::{
    Color, Colors, Facts, Format, Level, Physical, Rendered, Request, Size, Spec, Unit, fit,
    layout::CanvasLayout,
};

/// What the request asks for.
pub fn options(spec: &Spec) -> Options {
    fit::options(spec)
}

pub fn symbol(spec: &Spec, options: &Options) -> Symbol {
    symbol::encode(str::from_utf8(&spec.content).unwrap(), options).unwrap()
}

pub fn layout(spec: &Spec, symbol: &Symbol) -> CanvasLayout {
    let modules = u32::try_from(symbol.matrix().modules()).unwrap();
    match spec.format {
        Format::Svg => CanvasLayout::vector(spec, modules),
        _ => CanvasLayout::raster(spec, modules),
    }
}

/// Dark, light, data dark, data light.
pub fn inks(colors: &Colors) -> [[u8; 3]; 4] {
    let data = [colors.data_dark(), colors.data_light()];
    [colors.dark, colors.light, data[0], data[1]].map(|color| color.rgb)
}

/// Without a logo.
pub fn draw(spec: &Spec, options: &Options) -> Rendered {
    let request = Request::new(spec.clone()).unwrap();
    let symbol = symbol(&request, options);
    let layout = layout(&request, &symbol);
    let modules = symbol.matrix().modules();
    let [dark, light, data_dark, data_light] = inks(&request.colors).map(Ink::opaque);
    let picture = Picture {
        dark: symbol.matrix(),
        data: symbol.data_area(),
        canvas: Canvas::new(modules, layout.width, layout.scale, layout.offset).unwrap(),
        inks: Inks {
            dark,
            light,
            data_dark,
            data_light,
        },
        dpi: match &request.size {
            Size::Pixels(_) => None,
            Size::Physical(physical) => Some(physical.density(layout.width)),
        },
    };
    let mut file = Vec::new();
    match request.format {
        Format::Png => png::write(&picture, &mut file),
        Format::Jpeg => jpeg::write(&picture, request.quality.unwrap(), &mut file).unwrap(),
        Format::Webp => webp::write(&picture, &mut file).unwrap(),
        _ => vector(&request, &picture, &mut file),
    }
    let width_px = match (request.format, &request.size) {
        (Format::Svg, Size::Physical(physical)) => physical.pixels(96),
        _ => layout.width,
    };
    let facts = Facts {
        version: symbol.version(),
        level: symbol.level(),
        mask: symbol.mask(),
        width_px,
        height_px: width_px,
        report: crate::render::grades::plain(&request, &layout, symbol.version()),
    };
    Rendered::new(&request, "drawn", facts, file)
}

fn vector(request: &Request, picture: &Picture, file: &mut Vec<u8>) {
    let size = match &request.size {
        Size::Pixels(_) => svg::Size::Pixels,
        Size::Physical(physical) => {
            svg::Size::Paper(Length::new(physical.width, physical.unit).unwrap())
        }
    };
    let label = svg::Label::Texts {
        title: request.title.as_deref().unwrap_or_default(),
        description: request.description.as_deref().unwrap_or_default(),
        id: "drawn",
    };
    let options = svg::Options {
        size,
        label,
        extra: "",
    };
    svg::write(picture, &options, file);
}

/// Any request for a symbol that can be made out: colours that differ, and a JPEG that is not coarse.
pub fn any_spec() -> impl Strategy<Value = Spec> {
    let size = prop_oneof![
        (1_u32..=300).prop_map(Size::Pixels),
        (2.0_f64..=9.0, 72_u16..=96).prop_map(|(width, dpi)| Size::Physical(Physical {
            width: width / 3.0,
            unit: Unit::Cm,
            dpi,
        })),
    ];
    let kind = (
        prop::sample::select(Format::ON_SCREENS.to_vec()),
        prop::sample::select(Level::ALL.to_vec()),
        prop::sample::select(vec![None, Some(100)]),
    );
    let colors = any::<[[u8; 3]; 4]>().prop_map(|colors| {
        let [dark, light, data_dark, data_light] = colors.map(|rgb| Color { rgb });
        Colors {
            dark,
            light,
            data_dark: Some(data_dark),
            data_light: Some(data_light),
        }
    });
    let colors = prop_oneof![Just(Colors::default()), colors];
    let text = proptest::option::of("[ -~é]{0,20}");
    ("[ -~]{1,90}", size, kind, 0_u8..=20, colors, text)
        .prop_map(
            |(content, size, (format, level, quality), border, colors, title)| Spec {
                level,
                format,
                size,
                border,
                quality,
                colors,
                title,
                ..Spec::new(content)
            },
        )
        .prop_filter("visible", is_visible)
}

/// Whether the colours differ enough for the format.
pub fn is_visible(spec: &Spec) -> bool {
    let [dark, light, data_dark, data_light] = inks(&spec.colors);
    let least = if spec.format == Format::Jpeg { 120 } else { 0 };
    let pairs = [
        (dark, light),
        (data_dark, data_light),
        (data_dark, light),
        (dark, data_light),
    ];
    Request::new(spec.clone()).is_ok() && pairs.iter().all(|(a, b)| super::apart(*a, *b) > least)
}
