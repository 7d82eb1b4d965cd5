//! A stored consent.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authorizations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) realm_id: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) authorization_id: Vec<u8>,
    pub(crate) user_id: Vec<u8>,
    pub(crate) client_id: String,
    pub(crate) slot: String,
    pub(crate) scope: String,
    pub(crate) claims: String,
    pub(crate) resources: String,
    pub(crate) details: Option<String>,
    pub(crate) epoch: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
