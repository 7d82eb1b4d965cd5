//! A version of a script package.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "script_packages")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) realm_id: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) version: Vec<u8>,
    pub(crate) name: String,
    pub(crate) declaration: String,
    pub(crate) files: String,
    pub(crate) created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
