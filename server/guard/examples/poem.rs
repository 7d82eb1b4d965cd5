//! An API of poem that takes JWT access tokens.
//!
//! `cargo run -p signet-guard --features poem --example poem -- ISSUER BASE`, such as
//! `https://localhost:8443/realms/demo http://127.0.0.1:3000`. A private authority is trusted by `SSL_CERT_FILE`.
#![expect(clippy::disallowed_types, reason = "an API uses the HTTP client that it has")]
#![expect(clippy::print_stderr, reason = "an API has a log")]

use std::error::Error;
use std::sync::Arc;

use poem::listener::TcpListener;
use poem::web::{Data, Json};
use poem::{EndpointExt as _, Route, Server, get, handler};
use serde_json::{Value, json};
use signet_guard::jose::SystemRandom;
use signet_guard::{AccessToken, BoxError, Denial, Dpop, Guard, JwtCheck, Protection, Requirement};

#[handler]
fn accounts(Data(token): Data<&Arc<AccessToken>>) -> Json<Value> {
    Json(json!({ "owner": token.subject(), "accounts": [] }))
}

async fn keys(request: reqwest::RequestBuilder) -> Result<Vec<u8>, BoxError> {
    Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(issuer), Some(base)) = (arguments.next(), arguments.next()) else { return Err("ISSUER BASE".into()) };
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let jwks_uri = format!("{issuer}/jwks");
    let tokens = JwtCheck::new(issuer, &base, move || keys(http.get(&jwks_uri)));
    let guard = Guard::new(tokens, Dpop::default());
    let log = |denial: &Denial| eprintln!("not let through: {denial}");
    let reading = Protection::new(&base, guard, Requirement::scope("accounts"))
        .interaction_ids(Arc::new(SystemRandom::new()))
        .reporting(log);
    let paying = reading.requiring(Requirement::scope("payments").sender_constrained().and_max_age(300));
    let routes = Route::new().at("/accounts", get(accounts.with(reading))).at("/payments", get(accounts.with(paying)));
    Server::new(TcpListener::bind("127.0.0.1:3000")).run(routes).await?;
    Ok(())
}
