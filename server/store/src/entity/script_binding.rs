//! Where a script package decides. `client_id` is empty for the whole realm.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "script_bindings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) realm_id: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) client_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) package: String,
    pub(crate) active: Vec<u8>,
    pub(crate) previous: Option<Vec<u8>>,
    pub(crate) shadow: Option<Vec<u8>>,
    pub(crate) shadow_percent: Option<i64>,
    pub(crate) position: i64,
    pub(crate) revision: i64,
    pub(crate) updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
