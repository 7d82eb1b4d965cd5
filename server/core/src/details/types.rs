//! The types of a realm, ready to check with.

use super::Schema;
use crate::failure::Fault;
use crate::model::AuthorizationDetailsType;

/// A type of authorization details, its schema read.
pub struct DetailsType {
    /// The type as stored.
    pub stored: AuthorizationDetailsType,
    pub(crate) schema: Schema,
}

impl DetailsType {
    /// Whether a member is a list of rights.
    pub(crate) fn is_additive(&self, member: &str) -> bool {
        self.stored.definition.additive.iter().any(|name| name == member)
    }

    /// Whether a member is filled in after the consent.
    pub(crate) fn is_enriched(&self, member: &str) -> bool {
        self.stored.definition.enriched.iter().any(|name| name == member)
    }
}

/// The types of a realm.
#[derive(Default)]
pub struct DetailsTypes(Vec<DetailsType>);

impl DetailsTypes {
    /// Reads the schemas.
    pub(crate) fn load(stored: Vec<AuthorizationDetailsType>) -> Result<Self, Fault> {
        let read = |stored: AuthorizationDetailsType| match Schema::read(&stored.definition.schema) {
            Ok(schema) => Ok(DetailsType { stored, schema }),
            Err(error) => Err(Fault::internal("a stored schema of authorization details does not read", error)),
        };
        stored.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The type of a name.
    pub fn find(&self, name: &str) -> Option<&DetailsType> {
        self.0.iter().find(|kind| kind.stored.name == name)
    }

    /// The names of all types.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|kind| kind.stored.name.as_str())
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}
