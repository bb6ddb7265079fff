//! A drawn file as an answer.

use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ResponseContent,
    payload::{Binary, Payload},
    registry::MetaMediaType,
};

use crate::render::{self, Format};

/// A file of any format.
pub struct AnyFile(pub render::File);

impl ResponseContent for AnyFile {
    fn media_types() -> Vec<MetaMediaType> {
        let described = |format: &Format| MetaMediaType {
            content_type: format.media_type(),
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        Format::ALL.iter().map(described).collect()
    }
}

impl IntoResponse for AnyFile {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.0.media_type)
            .body(self.0.bytes)
    }
}
