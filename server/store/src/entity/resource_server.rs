//! A resource server.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resource_servers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) realm_id: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Vec<u8>,
    pub(crate) identifier: String,
    pub(crate) display_name: String,
    pub(crate) scopes: String,
    pub(crate) token_format: String,
    pub(crate) algorithm: Option<String>,
    pub(crate) access_token_seconds: Option<i64>,
    pub(crate) required_acr_values: Option<String>,
    pub(crate) max_authentication_age_seconds: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
