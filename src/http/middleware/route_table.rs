//! The known routes at run time: which methods they take, and their metric handles.
//!
//! Invariant: a metric's route label comes from this table, so an unknown path cannot become one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

use metrics::Histogram;
use poem::http::{HeaderValue, Method, StatusCode};

use crate::{
    http::document::expectation,
    telemetry::{catalogue, handles},
};

const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "_OTHER",
];
/// Every status that the product answers with; another one is counted under its class' first code.
const STATUSES: [(u16, &str); 27] = [
    (200, "200"),
    (201, "201"),
    (204, "204"),
    (302, "302"),
    (303, "303"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (406, "406"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (411, "411"),
    (412, "412"),
    (413, "413"),
    (415, "415"),
    (422, "422"),
    (428, "428"),
    (429, "429"),
    (500, "500"),
    (501, "501"),
    (502, "502"),
    (503, "503"),
    (504, "504"),
];

/// Handles of one route, each made when it is first needed.
pub struct RouteMetrics {
    template: &'static str,
    durations: Vec<OnceLock<Histogram>>,
}

impl RouteMetrics {
    fn new(template: &'static str) -> Self {
        let durations = (0..METHODS.len() * STATUSES.len())
            .map(|_| OnceLock::new())
            .collect();
        Self {
            template,
            durations,
        }
    }

    /// As metrics and traces spell the route.
    pub const fn template(&self) -> &'static str {
        self.template
    }

    pub fn duration(&self, method: &Method, status: StatusCode) -> Option<&Histogram> {
        let m = METHODS
            .iter()
            .position(|m| *m == method.as_str())
            .unwrap_or(METHODS.len() - 1);
        let code = status.as_u16();
        let s = STATUSES
            .iter()
            .position(|(c, _)| *c == code)
            .or_else(|| STATUSES.iter().position(|(c, _)| *c == code / 100 * 100))?;
        let slot = self.durations.get(m * STATUSES.len() + s)?;
        Some(slot.get_or_init(|| {
            handles::histogram(
                &catalogue::HTTP_DURATION,
                &[METHODS[m], self.template, STATUSES[s].1],
            )
        }))
    }
}

/// One route.
pub struct Known {
    metrics: RouteMetrics,
    allow: HeaderValue,
    /// What a parameter has to be, by method (in lower case) and name.
    parameters: HashMap<(String, String), String>,
}

/// A template as the framework's router spells it: it numbers the parameters of described operations.
pub fn pattern(template: &str) -> String {
    let mut parameters = 0..;
    let segments = template
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(_) => format!(":param{}", parameters.next().unwrap_or(0)),
            None => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("/")
}

/// All routes by the framework's pattern.
pub struct RouteTable {
    known: HashMap<String, Known>,
    unmatched: RouteMetrics,
}

impl RouteTable {
    /// Of methods and templates, with `{name}` for a parameter.
    pub fn new<'r>(
        routes: impl IntoIterator<Item = &'r (&'static str, &'static str, &'static str)>,
    ) -> Self {
        let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (method, template, _) in routes {
            let methods = methods.entry(template).or_default();
            methods.insert(method);
            if *method == "GET" {
                methods.insert("HEAD");
            }
        }
        let known = methods.into_iter().map(|(template, methods)| {
            let allow = methods.into_iter().collect::<Vec<_>>().join(", ");
            let known = Known {
                metrics: RouteMetrics::new(template),
                allow: HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static("GET")),
                parameters: HashMap::new(),
            };
            (pattern(template), known)
        });
        Self {
            known: known.collect(),
            unmatched: RouteMetrics::new("<unmatched>"),
        }
    }

    /// Takes what each parameter has to be from an OpenAPI document.
    pub fn describe(&mut self, document: &serde_json::Value) {
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            let Some(known) = self.known.get_mut(&pattern(path)) else {
                continue;
            };
            for (method, operation) in operations.as_object().into_iter().flatten() {
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap_or_default();
                    let expected = expectation(document, &parameter["schema"]);
                    let place = (method.clone(), name.to_owned());
                    known.parameters.insert(place, expected);
                }
            }
        }
    }

    pub fn metrics(&self, pattern: Option<&str>) -> &RouteMetrics {
        pattern
            .and_then(|p| self.known.get(p))
            .map_or(&self.unmatched, |k| &k.metrics)
    }

    /// What a parameter of an operation has to be.
    pub fn expectation(
        &self,
        pattern: Option<&str>,
        method: &Method,
        parameter: &str,
    ) -> Option<&str> {
        let known = self.known.get(pattern?)?;
        // RFC 9110 §9.3.2: HEAD takes what GET takes.
        let method = match method.as_str() {
            "HEAD" => "get".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        let place = (method, parameter.to_owned());
        known.parameters.get(&place).map(String::as_str)
    }

    /// The `Allow` header of a 405 (RFC 9110 §15.5.6).
    pub fn allow(&self, pattern: Option<&str>) -> Option<HeaderValue> {
        pattern
            .and_then(|p| self.known.get(p))
            .map(|k| k.allow.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered() {
        assert_eq!(pattern("/api/v1/qr/{id}/image"), "/api/v1/qr/:param0/image");
        assert_eq!(pattern("/o/{org}/c/{id}"), "/o/:param0/c/:param1");
        assert_eq!(pattern("/docs"), "/docs");
    }
}
