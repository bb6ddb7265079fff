//! `GET /api/v3/qr/preview`.

use std::sync::Arc;

use ::style::{EyeShape, Pattern};
use poem::{Result, web::Data};
use poem_openapi::{OpenApi, param::Query};

use super::options::name;
use crate::{
    app::App,
    http::{
        api::{
            Group,
            v2::{
                counts::Counts,
                options::Options,
                preview::{PREVIEW_PX, Previewed, previewed},
            },
            word::Word,
        },
        bounds::{self, Within},
        may::Public,
    },
    identity::act,
    kernel::Ctx,
    render::Format,
};

pub struct Preview {
    counts: Arc<Counts>,
}

impl Preview {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }
}

#[OpenApi(tag = "Group::Symbols")]
impl Preview {
    /// Look at a style, in `snake_case`
    #[oai(
        path = "/api/v3/qr/preview",
        method = "get",
        operation_id = "preview_symbol_v3"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn preview(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        /// Content of the symbol
        data: Query<String>,
        eye_shape: Query<Option<Word<EyeShape>>>,
        data_pattern: Query<Option<Word<Pattern>>>,
        /// `#RGB` or `#RRGGBB`
        fg_color: Query<Option<String>>,
        /// `#RGB`, `#RRGGBB` or `transparent`
        bg_color: Query<Option<String>>,
        /// Width and height in pixels (200)
        size: Query<Option<Within<bounds::PreviewPx>>>,
    ) -> Result<Previewed> {
        let options = Options {
            size: Some(Within::new(size.0.map_or(PREVIEW_PX, |size| size.0))),
            eye_shape: eye_shape.0.map(Word::known),
            data_pattern: data_pattern.0,
            foreground_color: fg_color.0,
            background_color: bg_color.0,
            ..Options::default()
        };
        let named = |theirs: &str| match theirs {
            "foregroundColor" => "fg_color".to_owned(),
            "backgroundColor" => "bg_color".to_owned(),
            other => name(other).replace("customization.", ""),
        };
        let shown = previewed((&app, &ctx), &data.0, &options, named).await;
        (self.counts.parts).count(&ctx, Format::Svg, shown.is_ok());
        Ok(shown?)
    }
}
