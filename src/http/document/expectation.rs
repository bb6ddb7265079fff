//! What a parameter has to be, as a sentence: from its schema in the document, where its bounds stand anyway.

use serde_json::Value;

/// References that lead to a schema: more are a circle.
const MOST_REFERENCES: usize = 8;

/// `schema` is a parameter's, of `document`: "must be a whole number from 1 to 100".
pub fn expectation(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, schema);
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .filter_map(|v| Some(format!("`{}`", v.as_str()?)))
            .collect();
        return format!("must be one of {}", values.join(", "));
    }
    match schema["type"].as_str() {
        Some("boolean") => "must be `true` or `false`".to_owned(),
        Some("integer") => bounded("a whole number", schema),
        Some("number") => bounded("a number", schema),
        _ => match schema["maxLength"].as_u64() {
            Some(most) => format!("must have at most {most} characters"),
            None => "must be text".to_owned(),
        },
    }
}

fn bounded(kind: &str, schema: &Value) -> String {
    let unsigned = schema["format"]
        .as_str()
        .is_some_and(|f| f.starts_with('u'));
    let least = schema["minimum"].as_f64().or(unsigned.then_some(0.0));
    match (least, schema["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!("must be {kind} from {least} to {most}"),
        (Some(least), None) => format!("must be {kind}, at least {least}"),
        (None, Some(most)) => format!("must be {kind}, at most {most}"),
        (None, None) => format!("must be {kind}"),
    }
}

fn resolved<'d>(document: &'d Value, mut schema: &'d Value) -> &'d Value {
    for _ in 0..MOST_REFERENCES {
        let whole = ["allOf", "oneOf", "anyOf"]
            .iter()
            .find_map(|k| schema[k].get(0));
        let named = schema["$ref"]
            .as_str()
            .and_then(|name| document.pointer(name.trim_start_matches('#')));
        match named.or(whole) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_is_a_sentence() {
        let document = json!({ "components": { "schemas": { "Level": { "type": "string", "enum": ["l", "m"] } } } });
        for (schema, sentence) in [
            (
                json!({ "$ref": "#/components/schemas/Level" }),
                "must be one of `l`, `m`",
            ),
            (
                json!({ "allOf": [{ "$ref": "#/components/schemas/Level" }, { "default": "m" }] }),
                "must be one of `l`, `m`",
            ),
            (
                json!({ "type": "number", "minimum": 0.1, "maximum": 100.0 }),
                "must be a number from 0.1 to 100",
            ),
            (
                json!({ "type": "integer", "format": "uint64", "maximum": 9_007_199_254_740_991_u64 }),
                "must be a whole number from 0 to 9007199254740991",
            ),
            (
                json!({ "type": "integer", "minimum": 1 }),
                "must be a whole number, at least 1",
            ),
            (json!({ "type": "boolean" }), "must be `true` or `false`"),
            (
                json!({ "type": "string", "maxLength": 100 }),
                "must have at most 100 characters",
            ),
            (json!({ "$ref": "#/nowhere" }), "must be text"),
        ] {
            assert_eq!(expectation(&document, &schema), sentence, "{schema}");
        }
    }
}
