//! Table `codes`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub kind: String,
    pub slug: Option<String>,
    pub enabled: bool,
    pub scan_count: i64,
    pub last_scan_at_us: Option<i64>,
    pub genuine_scan_count: i64,
    pub first_genuine_scan_at_us: Option<i64>,
    pub last_genuine_scan_at_us: Option<i64>,
    pub created_at_us: i64,
    pub updated_at_us: i64,
    pub fill_color: Option<String>,
    pub back_color: Option<String>,
    pub size: Option<i16>,
    pub border: Option<i16>,
    pub error_level: Option<String>,
    pub target: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub content: Option<String>,
    pub search_text: String,
    pub look: Option<String>,
    pub plan: Option<String>,
    pub payload: Option<String>,
    pub style: Option<String>,
    pub style_name: Option<String>,
    pub tags: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
