//! The port of scopes that resource servers make up within patterns.

use signet_core::model::{ResourceDescription, ResourceKeeper, SpontaneousScope, UmaResource};
use signet_core::ports::{Changes, Realms, ScopeLimits, ScopesOfPatterns, ScopesOutcome, Uma, UmaResourceFilter};
use signet_protocol::identifiers::UmaResourceId;

use super::fixtures::{NOW, World};
use super::uma::resource;
use crate::support::databases::TestDatabase;

on_every_database!(
    scopes_of_patterns_are_made_read_and_last_longer,
    um_006_nobody_else_makes_scopes_and_none_of_other_patterns,
    what_a_pattern_made_ends_with_the_pattern,
    of_many_at_once_each_scope_is_made_once,
    scopes_of_patterns_are_bounded,
    scopes_of_patterns_go_when_they_have_ended_and_with_their_resource,
);

const USERS: &str = "^/user/.+$";
const GROUPS: &str = "^/group/.+$";

/// A resource with two patterns.
async fn with_patterns(world: &World, number: u8) -> UmaResource {
    let plain = resource(world, number);
    let scope_patterns = [USERS, GROUPS].map(str::to_owned).to_vec();
    let description = ResourceDescription { scope_patterns, ..plain.description.clone() };
    let resource = UmaResource { description, ..plain };
    assert!(world.store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    resource
}

fn made(scope: &str, pattern: &str, seconds: i64) -> SpontaneousScope {
    SpontaneousScope { scope: scope.to_owned(), pattern: pattern.to_owned(), expires_at: NOW.plus(seconds) }
}

fn of(number: u8, scopes: &[SpontaneousScope]) -> ScopesOfPatterns {
    ScopesOfPatterns { resource_id: UmaResourceId([number; 16]), scopes: scopes.to_vec() }
}

/// What leaves those as they are that are there for so many seconds more.
fn fresh(seconds: i64) -> ScopeLimits {
    ScopeLimits { now: NOW, fresh: NOW.plus(seconds), most: 3 }
}

async fn make(world: &World, scopes: &[ScopesOfPatterns], limits: ScopeLimits) -> ScopesOutcome {
    let keeper = resource(world, 1).keeper;
    world.store.make_uma_scopes(world.realm.id, &keeper, (scopes, limits), &[]).await.unwrap()
}

async fn read(world: &World, number: u8) -> Vec<SpontaneousScope> {
    let found = world.store.uma_resource(world.realm.id, UmaResourceId([number; 16])).await.unwrap();
    found.unwrap().spontaneous_scopes
}

async fn scopes_of_patterns_are_made_read_and_last_longer(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    for number in [1, 2] {
        with_patterns(&world, number).await;
    }
    let both = [made("/group/Größe \u{1f512}", GROUPS, 60), made("/user/1", USERS, 60)];
    assert_eq!(make(&world, &[of(2, &both[1..]), of(1, &both)], fresh(30)).await, ScopesOutcome::Made);
    assert_eq!(read(&world, 1).await, both);
    assert_eq!(read(&world, 2).await, both[1..]);
    let listed = world.store.uma_resources(world.realm.id, &UmaResourceFilter::default(), (None, 10)).await.unwrap();
    let counts: Vec<usize> = listed.iter().map(|resource| resource.spontaneous_scopes.len()).collect();
    assert_eq!(counts, [2, 1]);

    // What is there for long enough is left; what is not lasts longer.
    let longer = [made("/user/1", USERS, 90)];
    assert_eq!(make(&world, &[of(1, &longer)], fresh(59)).await, ScopesOutcome::Known);
    assert_eq!(read(&world, 1).await, both);
    assert_eq!(make(&world, &[of(1, &longer), of(2, &both[..1])], fresh(60)).await, ScopesOutcome::Made);
    assert_eq!(read(&world, 1).await, [both[0].clone(), longer[0].clone()]);
    assert_eq!(read(&world, 2).await, both);
    // So does one that has ended and was not cleaned away.
    let late = ScopeLimits { now: NOW.plus(100), fresh: NOW.plus(130), most: 1 };
    assert_eq!(make(&world, &[of(2, &[made("/user/1", USERS, 160)])], late).await, ScopesOutcome::Made);
}

async fn um_006_nobody_else_makes_scopes_and_none_of_other_patterns(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let resource = with_patterns(&world, 1).await;
    let scopes = [of(1, &[made("/user/1", USERS, 60)])];
    let servers = ResourceKeeper { owner: None, ..resource.keeper.clone() };
    let others = ResourceKeeper { server: "APP".parse().unwrap(), ..resource.keeper };
    for foreign in [&servers, &others] {
        let outcome = world.store.make_uma_scopes(world.realm.id, foreign, (&scopes, fresh(30)), &[]).await.unwrap();
        assert_eq!(outcome, ScopesOutcome::Gone);
    }
    assert_eq!(make(&world, &[of(9, &[made("/user/1", USERS, 60)])], fresh(30)).await, ScopesOutcome::Gone);
    // All are made, or none.
    let mixed = [of(1, &[made("/user/1", USERS, 60), made("/other/1", "^/other/.+$", 60)])];
    assert_eq!(make(&world, &mixed, fresh(30)).await, ScopesOutcome::Gone);
    assert_eq!(database.count("uma_spontaneous_scopes").await, 0);
}

async fn what_a_pattern_made_ends_with_the_pattern(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let mut resource = with_patterns(&world, 1).await;
    with_patterns(&world, 2).await;
    let both = [made("/group/1", GROUPS, 60), made("/user/1", USERS, 60)];
    assert_eq!(make(&world, &[of(1, &both), of(2, &both)], fresh(30)).await, ScopesOutcome::Made);
    let which = (resource.id, &resource.keeper.clone());
    let mut describe = async |patterns: &[&str]| {
        resource.description.scope_patterns = patterns.iter().map(ToString::to_string).collect();
        let described = (&resource.description, NOW.plus(1));
        assert!(world.store.describe_uma_resource(world.realm.id, which, described, &[]).await.unwrap());
    };
    describe(&[USERS, "^new$"]).await;
    assert_eq!(read(&world, 1).await, both[1..]);
    describe(&[]).await;
    describe(&[USERS, GROUPS]).await;
    assert_eq!(read(&world, 1).await, [], "they do not come back");
    assert_eq!(read(&world, 2).await, both);
}

async fn of_many_at_once_each_scope_is_made_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    for number in [1, 2] {
        with_patterns(&world, number).await;
    }
    let wanted = made("/user/1", USERS, 60);
    let one_way = [of(1, std::slice::from_ref(&wanted)), of(2, std::slice::from_ref(&wanted))];
    let other_way = [one_way[1].clone(), one_way[0].clone()];
    let attempts =
        (0..16_u8).map(|number| make(&world, if number.is_multiple_of(2) { &one_way } else { &other_way }, fresh(30)));
    let outcomes = futures_util::future::join_all(attempts).await;
    let won = outcomes.iter().filter(|outcome| **outcome == ScopesOutcome::Made).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, ScopesOutcome::Made | ScopesOutcome::Known)));
    assert_eq!(database.count("uma_spontaneous_scopes").await, 2);
}

async fn scopes_of_patterns_are_bounded(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    with_patterns(&world, 1).await;
    let scopes: Vec<SpontaneousScope> = (0..4).map(|number| made(&format!("/user/{number}"), USERS, 60)).collect();
    assert_eq!(make(&world, &[of(1, &scopes)], fresh(30)).await, ScopesOutcome::TooMany);
    assert_eq!(read(&world, 1).await, []);
    assert_eq!(make(&world, &[of(1, &scopes[..3])], fresh(30)).await, ScopesOutcome::Made);
    assert_eq!(make(&world, &[of(1, &scopes[3..])], fresh(30)).await, ScopesOutcome::TooMany);
    assert_eq!(make(&world, &[of(1, &scopes[..3])], fresh(30)).await, ScopesOutcome::Known);
    // Those that have ended do not count. Of many at once no more are made than may be.
    let ended = ScopeLimits { now: NOW.plus(60), fresh: NOW.plus(90), most: 3 };
    let attempts = (0..8).map(|number| {
        let scopes = [of(1, &[made(&format!("/user/late-{number}"), USERS, 120)])];
        let world = &world;
        async move { make(world, &scopes, ended).await }
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ScopesOutcome::Made).count(), 3, "{outcomes:?}");
}

async fn scopes_of_patterns_go_when_they_have_ended_and_with_their_resource(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let first = with_patterns(&world, 1).await;
    with_patterns(&world, 2).await;
    let short = made("/user/1", USERS, 60);
    let long = made("/user/2", USERS, 9_000);
    assert_eq!(make(&world, &[of(1, &[short, long.clone()]), of(2, &[long])], fresh(30)).await, ScopesOutcome::Made);
    world.store.clean_up(NOW.plus(60 + 900), 10).await.unwrap();
    assert_eq!(database.count("uma_spontaneous_scopes").await, 3);
    world.store.clean_up(NOW.plus(60 + 901), 10).await.unwrap();
    assert_eq!(database.count("uma_spontaneous_scopes").await, 2);
    assert!(world.store.delete_uma_resource(world.realm.id, (first.id, &first.keeper), &[]).await.unwrap());
    assert_eq!(database.count("uma_spontaneous_scopes").await, 1);
    world.store.delete_realm(world.realm.id, &[]).await.unwrap();
    assert_eq!(database.count("uma_spontaneous_scopes").await, 0);
}
