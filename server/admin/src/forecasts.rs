//! What security profiles would have refused of what clients did.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::profile;
use signet_core::protocol::identifiers::{ClientId, RealmName};
use signet_core::registry::{self, Forecast, ForecastGap, ForecastQuestion, ObservedTraffic};

use crate::administrator::Administrator;
use crate::answer::Answered;
use crate::enumerations::ProfileName;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;

/// What a security profile would have refused of a client.
#[derive(Object)]
pub(crate) struct ClientForecast {
    /// The client identifier.
    client_id: String,
    /// The profile it is held against: the one that was asked about together with what counts for the client already.
    profile: ProfileName,
    /// Days that were looked at, today included, in UTC.
    days: u32,
    /// Whether nothing would have been refused. Where there was no traffic that says little.
    clear: bool,
    /// What the client did, by kind.
    traffic: Vec<ClientTraffic>,
    /// The demands that it did not meet.
    gaps: Vec<ClientForecastGap>,
}

/// What a client did of a kind.
#[derive(Object)]
pub(crate) struct ClientTraffic {
    /// `authentication`: it proved who it is; `authorization`: it asked for authorization; `token`: it got tokens at the
    /// token endpoint.
    kind: String,
    /// Requests that were served.
    requests: u64,
    /// How many of them fail at least one demand of the profile.
    failing: u64,
}

/// A demand that a client did not meet.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ClientForecastGap {
    /// The name of the demand.
    requirement: String,
    /// The section that wants it.
    section: Option<String>,
    /// The kind of request that can fail it; absent where only a registration can.
    kind: Option<String>,
    /// Requests that fail it.
    failing: u64,
    /// The member of the registration that would have to change. While it has not, everything is refused.
    field: Option<String>,
    /// What would have to change there.
    change: Option<String>,
    /// What the client would have to do in its requests.
    in_requests: Option<String>,
}

impl ClientForecast {
    fn of(forecast: Forecast) -> Self {
        Self {
            client_id: forecast.client_id.to_string(),
            profile: forecast.profile.into(),
            days: forecast.days,
            clear: forecast.is_clear(),
            traffic: forecast.traffic.iter().map(ClientTraffic::of).collect(),
            gaps: forecast.gaps.into_iter().map(ClientForecastGap::of).collect(),
        }
    }
}

impl ClientTraffic {
    fn of(traffic: &ObservedTraffic) -> Self {
        Self { kind: traffic.kind.as_str().to_owned(), requests: traffic.requests, failing: traffic.failing }
    }
}

impl ClientForecastGap {
    fn of(gap: ForecastGap) -> Self {
        let (field, change) = gap.shortfall.map(|lacks| (lacks.field.to_owned(), lacks.change)).unzip();
        Self {
            requirement: gap.requirement.name.to_owned(),
            section: gap.section.map(|section| section.to_string()),
            kind: gap.requirement.kind().map(|kind| kind.as_str().to_owned()),
            failing: gap.failing,
            field,
            change,
            in_requests: gap.in_requests.map(str::to_owned),
        }
    }
}

/// The operations on forecasts.
pub(crate) struct Forecasts;

#[OpenApi(tag = "Tag::Clients")]
impl Forecasts {
    /// Tells what a security profile would have refused of what a client did in the last days.
    #[oai(path = "/realms/:realm/clients/:client_id/forecast", method = "get", operation_id = "forecastClient")]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path and query")]
    async fn one(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
        /// The profile; the one that counts for the client when absent.
        profile: Choice<profile::ProfileName>,
        /// Days to look back, today included, 1 to 8; 7 when absent.
        days: Choice<u32>,
    ) -> Result<Answered<ClientForecast>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let client = registry::find_client(administrator.provider(), &realm, &client_id.0).await?;
        let question = ForecastQuestion { profile: profile.0, days: days.0 };
        let found = registry::forecast(administrator.provider(), &realm, &client, question).await?;
        Ok(Answered::Answer(Json(ClientForecast::of(found))))
    }

    /// Tells it of the clients of a realm by identifier. A client that is held to a profile which excludes the one asked
    /// about is left out.
    #[oai(path = "/realms/:realm/client-forecasts", method = "get", operation_id = "listClientForecasts")]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path and query")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// The profile; for each client the one that counts when absent.
        profile: Choice<profile::ProfileName>,
        /// Days to look back, today included, 1 to 8; 7 when absent.
        days: Choice<u32>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<ClientId>,
    ) -> Result<Answered<Page<ClientForecast>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let question = ForecastQuestion { profile: profile.0, days: days.0 };
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_forecasts(administrator.provider(), &realm, question, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |forecast| Ok(ClientForecast::of(forecast)))?)))
    }
}
