//! What a request that was carried out is answered.

use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;

use crate::entity_tag::entity_tag;

/// An object.
#[derive(ApiResponse)]
pub(crate) enum Shown<T: ToJSON> {
    /// The object.
    #[oai(status = 200)]
    Object(
        Json<T>,
        /// Changes with every change of the object; goes into `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl<T: ToJSON> Shown<T> {
    pub(crate) fn of(document: T) -> Self {
        let tag = entity_tag(&document);
        Self::Object(Json(document), tag)
    }
}

/// An object that was just made.
#[derive(ApiResponse)]
pub(crate) enum Created<T: ToJSON> {
    /// The object that was made.
    #[oai(status = 201)]
    Object(
        Json<T>,
        /// Where it is from now on.
        #[oai(header = "Location")]
        String,
        /// Changes with every change of the object; goes into `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl<T: ToJSON> Created<T> {
    pub(crate) fn at(location: String, document: T) -> Self {
        let tag = entity_tag(&document);
        Self::Object(Json(document), location, tag)
    }
}

/// Something that is no object with a place of its own: a page of a list, a secret.
#[derive(ApiResponse)]
pub(crate) enum Answered<T: ToJSON> {
    /// What was asked for.
    #[oai(status = 200)]
    Answer(Json<T>),
}

/// Nothing more to say.
#[derive(ApiResponse)]
pub(crate) enum Done {
    /// It is done.
    #[oai(status = 204)]
    Done,
}
