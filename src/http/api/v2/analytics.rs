//! `GET /api/v2/qr/analytics`.

use std::{collections::BTreeMap, sync::Arc};

use poem::Result;
use poem_openapi::{Object, OpenApi, payload::Json};

use super::counts::{Counts, Told};
use crate::{
    http::{api::Group, may::May},
    identity::act,
};

pub struct Analytics {
    counts: Arc<Counts>,
}

impl Analytics {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }
}

/// How often a word was asked for.
type Words = BTreeMap<String, u64>;

/// What styled symbols are made of.
#[derive(Object)]
#[oai(rename = "StyleAnalytics", rename_all = "camelCase")]
struct Answer {
    success: bool,
    /// Symbols that were asked for in a style, drawn or refused for their grade
    total: u64,
    /// By feature (`pattern`, `eye-border`, `eye-center`, `gradient`, `logo`, `frame`, `effect`, `stroke`) and word
    features: BTreeMap<String, Words>,
    /// Of what was drawn
    grades: Words,
    /// Of what was refused, because a better grade was asked for
    refused: Words,
}

#[OpenApi(tag = "Group::Symbols")]
impl Analytics {
    /// How often each feature of a style is used
    ///
    /// Of this node, since its start; `qr_style_features_total` has all nodes.
    #[oai(
        path = "/api/v2/qr/analytics",
        method = "get",
        operation_id = "get_style_analytics"
    )]
    #[allow(clippy::unused_async)] // poem-openapi's signature
    async fn analytics(&self, _may: May<act::ViewAnalytics>) -> Result<Json<Answer>> {
        let [grades, refused] = self.counts.grades();
        let features = self.counts.features().into_iter();
        Ok(Json(Answer {
            success: true,
            total: grades.iter().chain(&refused).map(|(_, count)| count).sum(),
            features: features
                .map(|(feature, words)| (feature.to_owned(), shown(words)))
                .collect(),
            grades: shown(grades),
            refused: shown(refused),
        }))
    }
}

fn shown(told: Told) -> Words {
    let words = told.into_iter();
    words
        .map(|(word, count)| (word.to_owned(), count))
        .collect()
}
