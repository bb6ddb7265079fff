//! Schemas beside references, each said once.
//!
//! Invariant: a schema allows what it allowed.

use std::mem;

use serde_json::Value;

/// The framework writes what it adds to a reference, such as a default, twice: beside `allOf`, and as a schema within. Generators of
/// clients take the latter for a second type.
pub fn say_once(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(say_once),
        Value::Object(members) => {
            let parts = members.get_mut("allOf").and_then(Value::as_array_mut);
            if let Some(mut parts) = parts.map(mem::take) {
                let is_said = |part: &Value| {
                    let mut keywords = part.as_object().into_iter().flatten();
                    keywords.all(|(name, said)| members.get(name) == Some(said))
                };
                parts.retain(|part| !is_said(part));
                members.insert("allOf".to_owned(), Value::Array(parts));
                // All members at their own defaults: the property is optional, and that is enough.
                if members.get("default").is_some_and(Value::is_object) {
                    members.remove("default");
                }
            }
            members.values_mut().for_each(say_once);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_stands_alone_in_all_of() {
        let level = json!({ "$ref": "#/components/schemas/Level" });
        let mut document = json!({ "parameters": [{ "schema": {
            "allOf": [level, { "default": "m" }, { "default": "l" }], "default": "m",
        } }] });
        say_once(&mut document);
        let schema = json!({ "allOf": [level, { "default": "l" }], "default": "m" });
        assert_eq!(document, json!({ "parameters": [{ "schema": schema }] }));
        let all = json!({ "size": null });
        let mut options = json!({ "allOf": [level, { "default": all }], "default": all });
        say_once(&mut options);
        assert_eq!(options, json!({ "allOf": [level] }));
    }
}
