//! `GET /api/v2/payloads`: which kinds there are, and their fields.

use poem::Result;
use poem_openapi::{
    Object, OpenApi,
    payload::Json,
    registry::Registry,
    types::{Any, Type as _},
};
use serde_json::Value;

use super::{examples::examples, kinds::Kinds};
use crate::{
    http::{api::Group, may::Public},
    identity::act,
    kernel::Error,
};

/// Where a schema names another one.
const REFERENCE: &str = "#/components/schemas/";

pub struct Payloads;

/// What may stand in the place of `data`.
#[derive(Object)]
#[oai(rename = "PayloadKinds")]
struct Answer {
    kinds: Vec<Kind>,
}

#[derive(Object)]
#[oai(rename = "PayloadKind")]
#[allow(clippy::struct_field_names)] // the dialect's names
struct Kind {
    kind: String,
    description: String,
    /// Fields that must be given, beside `kind`
    required: Vec<String>,
    /// Of all fields (JSON Schema)
    schema: Any<Value>,
    /// A payload that can be sent as it is
    example: Any<Value>,
}

#[OpenApi(tag = "Group::Symbols")]
impl Payloads {
    /// List kinds of payloads
    ///
    /// A payload stands in the place of `data` wherever a symbol is drawn.
    #[oai(
        path = "/api/v2/payloads",
        method = "get",
        operation_id = "list_payload_kinds"
    )]
    #[allow(clippy::unused_async)] // what the framework calls
    async fn list(&self, _may: Public<act::Render>) -> Result<Json<Answer>> {
        Ok(Json(answer()?))
    }
}

/// # Errors
/// `Internal` if a schema cannot be written.
fn answer() -> Result<Answer, Error> {
    let mut registry = Registry::new();
    Kinds::register(&mut registry);
    let unwritten = |e| Error::caused(crate::kernel::Kind::Internal, "a schema has no JSON", e);
    let schemas = serde_json::to_value(&registry.schemas).map_err(unwritten)?;
    let kinds = examples().into_iter().map(|example| {
        let kind = example["kind"].as_str().unwrap_or_default().to_owned();
        // Of the union: which schema a kind has.
        let mapping = &schemas["Payload"]["discriminator"]["mapping"][&kind];
        let variant = mapping
            .as_str()
            .and_then(|name| name.strip_prefix(REFERENCE));
        let mut schema = schemas[variant.unwrap_or_default()]["allOf"][1].clone();
        resolve(&mut schema, &schemas);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        Kind {
            kind,
            description: schema["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            required: (required.iter().filter_map(Value::as_str))
                .map(str::to_owned)
                .collect(),
            schema: Any(schema),
            example: Any(example),
        }
    });
    Ok(Answer {
        kinds: kinds.collect(),
    })
}

/// Puts schemas in the place of references to them. None of them refers to itself.
fn resolve(schema: &mut Value, all: &Value) {
    let name = schema["$ref"]
        .as_str()
        .and_then(|at| at.strip_prefix(REFERENCE));
    if let Some(name) = name {
        *schema = all[name].clone();
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(|field| resolve(field, all)),
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, all)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_with_its_fields() {
        let told = answer().unwrap().kinds;
        let kinds: Vec<_> = told.iter().map(|kind| kind.kind.as_str()).collect();
        assert_eq!(kinds, Kinds::WORDS);
        for kind in told {
            let fields = &kind.schema.0["properties"];
            assert!(!kind.description.is_empty(), "{}", kind.kind);
            assert!(kind.required.iter().all(|field| fields[field].is_object()));
            let example = kind.example.0.as_object().unwrap();
            let mut given = example.keys().filter(|field| *field != "kind");
            assert!(given.all(|field| fields[field].is_object()), "{example:?}");
            assert!(!kind.schema.0.to_string().contains("$ref"));
        }
    }
}
