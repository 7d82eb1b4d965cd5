//! A realm.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "realms")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) realm_id: Vec<u8>,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) enabled: bool,
    pub(crate) settings: String,
    pub(crate) epoch: i64,
    pub(crate) timeline: i64,
    pub(crate) wrapped_data_key: Vec<u8>,
    pub(crate) root_key_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
