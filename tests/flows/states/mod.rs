//! The state matrix: whatever changes between the beginning of a grant and its redemption is seen by the one place that
//! issues. Every grant of the server has a column, everything that it may rest on a row; each cell says what the answer is,
//! that a refusal wrote no token, and what introspection, userinfo and revocation say of tokens that were issued before.

mod changes;
mod grants;
mod matrix;
mod outcomes;
mod world;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use signet_core::protocol::names::GrantType;

use changes::Change;
use grants::Driver;
use matrix::{AFTERWARDS, REDEMPTION};
use outcomes::{Afterwards, Held, Outcome};
use world::World;

use crate::support::databases::{Kind, TestDatabase};
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

/// What holds tokens and what they rest on. Access tokens have no rows.
const TOKEN_TABLES: [&str; 4] = ["refresh_families", "authorizations", "sessions", "session_participants"];

/// A column against a row.
#[derive(Debug, Clone, Copy)]
struct Cell {
    driver: Driver,
    change: Change,
    outcome: Outcome,
    afterwards: Afterwards,
}

/// The cells of a column in which there is something to try.
fn column(driver: Driver) -> Vec<Cell> {
    let place = Driver::ALL.iter().position(|other| *other == driver).expect("every driver has a column");
    let rows = REDEMPTION.iter().zip(AFTERWARDS);
    let cells = rows.map(|((change, outcomes), (_, afterwards))| {
        let (outcome, afterwards) = (outcomes[place], afterwards[place]);
        Cell { driver, change: *change, outcome, afterwards }
    });
    cells.filter(|cell| cell.outcome != Outcome::NotApplicable).collect()
}

impl Cell {
    async fn check(self, server: &Arc<Server>) {
        let Self { driver, change, outcome, afterwards } = self;
        let mut world = World::on(server).await;
        let begun = driver.begin(&mut world).await;
        let held = Held::of(driver, &driver.redeem(&world, begun).await);
        let begun = driver.begin(&mut world).await;
        change.apply(&mut world, driver).await;
        let before = token_rows(&world).await;
        let redeemed = driver.redeem(&world, begun).await;
        outcome.check(&redeemed);
        if outcome.is_refusal() {
            let after = token_rows(&world).await;
            for ((table, before), after) in TOKEN_TABLES.iter().zip(before).zip(after) {
                assert!(after <= before, "{table} has {after} rows, and had {before} before the refusal");
            }
        }
        afterwards.check(&world, (change, driver), &held).await;
    }
}

/// How many rows each of the tables has.
async fn token_rows(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TOKEN_TABLES {
        counts.push(world.count(table, "TRUE").await);
    }
    counts
}

/// Tries cells one after the other, and names all that are not as the matrix says.
async fn check_all(server: &Arc<Server>, cells: Vec<Cell>) {
    let mut wrong = Vec::new();
    for cell in cells {
        if AssertUnwindSafe(cell.check(server)).catch_unwind().await.is_err() {
            wrong.push(cell);
        }
    }
    assert!(wrong.is_empty(), "cells that are not as the matrix says: {wrong:#?}");
}

async fn check_column(driver: Driver) {
    check_all(&Server::start(Configuration::default()).await, column(driver)).await;
}

/// One state of each grant: its user is gone, or for a client's own token the client.
async fn one_state_of_each_grant_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let configuration = Configuration { database: Some(database.url.clone()), ..Configuration::default() };
    let server = Server::start(configuration).await;
    let representative = |cell: &Cell| match cell.driver {
        Driver::ClientCredentials => cell.change == Change::ClientReturned,
        Driver::Refresh => cell.change == Change::SignedOut,
        Driver::Device => cell.change == Change::ConsentRevoked,
        Driver::Uma => cell.change == Change::SharingEnded,
        _ => cell.change == Change::UserDisabled,
    };
    let cells: Vec<Cell> = Driver::ALL.into_iter().flat_map(column).filter(representative).collect();
    assert_eq!(cells.len(), Driver::ALL.len());
    check_all(&server, cells).await;
    drop(server);
    database.remove().await;
}

/// A test for each column.
macro_rules! columns {
    ($($test:ident: $driver:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                check_column(Driver::$driver).await;
            }
        )*

        /// The columns that have a test.
        const TESTED: &[Driver] = &[$(Driver::$driver),*];
    };
}

columns! {
    state_matrix_of_authorization_codes: Code,
    state_matrix_of_refresh_tokens: Refresh,
    state_matrix_of_refresh_tokens_for_offline_access: OfflineRefresh,
    state_matrix_of_client_credentials: ClientCredentials,
    state_matrix_of_device_codes: Device,
    state_matrix_of_backchannel_requests: Ciba,
    state_matrix_of_backchannel_requests_whose_client_is_told_to_poll: CibaPing,
    state_matrix_of_backchannel_requests_whose_client_is_sent_its_tokens: CibaPush,
    state_matrix_of_exchanges: Exchange,
    state_matrix_of_exchanges_of_foreign_tokens: ForeignExchange,
    state_matrix_of_assertions: JwtBearer,
    state_matrix_of_permission_tickets: Uma,
    state_matrix_of_responses_through_the_browser: FrontChannel,
    state_matrix_of_pushed_requests: Pushed,
}

#[tokio::test]
async fn state_matrix_has_a_column_for_every_grant_and_a_row_for_every_change() {
    assert_eq!(TESTED, Driver::ALL);
    let driven = Driver::grant_types();
    for grant_type in GrantType::ALL {
        assert!(
            driven.contains(&grant_type.as_str()),
            "{grant_type:?} has no driver: what its tokens rest on is untried"
        );
    }
    let world = World::on(&Server::shared().await).await;
    let listed = world.realm.discovery().await["grant_types_supported"].clone();
    let mut listed: Vec<&str> = listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, driven, "the realm of the matrix lists every grant of the server");
    let plain = Realm::new().await.discovery().await;
    assert!(plain["grant_types_supported"].as_array().unwrap().len() < listed.len());
    let rows = |index: usize| (REDEMPTION[index].0, AFTERWARDS[index].0);
    assert_eq!(REDEMPTION.len(), AFTERWARDS.len());
    for index in 0..REDEMPTION.len() {
        let (change, again) = rows(index);
        assert_eq!(change, again, "the rows of both tables are the same");
        assert!(REDEMPTION[..index].iter().all(|(other, _)| *other != change), "{change:?} stands twice");
    }
}

#[tokio::test]
async fn state_matrix_holds_for_each_grant_on_postgres() {
    one_state_of_each_grant_on(Kind::Postgres).await;
}

#[tokio::test]
async fn state_matrix_holds_for_each_grant_on_mariadb() {
    one_state_of_each_grant_on(Kind::MariaDb).await;
}
