//! JSON in which a key may stand more than once: the framework writes a path once for every file that serves it,
//! and a status once for every media type that it may have. Equal keys are merged, not overwritten.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

#[derive(Default)]
pub struct Merged(pub Value);

impl<'de> Deserialize<'de> for Merged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Merged(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((key, Merged(value))) = members.next_entry::<String, Merged>()? {
            merge(&mut all, key, value);
        }
        Ok(Value::Object(all))
    }
}

fn merge(all: &mut Map<String, Value>, key: String, value: Value) {
    match (all.get_mut(&key), value) {
        (Some(Value::Object(before)), Value::Object(more)) => {
            for (key, value) in more {
                merge(before, key, value);
            }
        }
        (_, value) => drop(all.insert(key, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_keys_are_merged_at_every_depth() {
        let text = r#"{"a":{"get":{"200":{"png":1}}},"a":{"put":2,"get":{"200":{"svg":[true,null,-1.5]}}},"a":{"put":3}}"#;
        let Merged(value) = serde_json::from_str(text).unwrap();
        assert_eq!(
            value,
            json!({"a": {"get": {"200": {"png": 1, "svg": [true, null, -1.5]}}, "put": 3}})
        );
    }
}
