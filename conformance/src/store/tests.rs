//! The store as a real MongoDB driver sees it, over TCP.

use super::Store;
use bson::{Bson, Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::ReturnDocument;
use mongodb::{Client, Collection, Database, IndexModel};

struct Running {
    _folder: tempfile::TempDir,
    _store: Store,
    database: Database,
}

async fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::start(folder.path().to_owned()).await.unwrap();
    let client = Client::with_uri_str(store.uri("test_suite")).await.unwrap();
    Running { _folder: folder, _store: store, database: client.database("test_suite") }
}

async fn all(collection: &Collection<Document>, filter: Document) -> Vec<Document> {
    let mut cursor = collection.find(filter).await.unwrap();
    let mut found = Vec::new();
    while cursor.advance().await.unwrap() {
        found.push(cursor.deserialize_current().unwrap());
    }
    found
}

#[tokio::test]
async fn the_suites_start_commands_are_answered() {
    let running = running().await;
    let admin = running.database.client().database("admin");
    assert_eq!(admin.run_command(doc! { "ping": 1 }).await.unwrap(), doc! { "ok": 1.0 });
    assert!(admin.run_command(doc! { "buildInfo": 1 }).await.unwrap().get_str("version").is_ok());
    let parameter = admin.run_command(doc! { "getParameter": 1, "featureCompatibilityVersion": 1 }).await.unwrap();
    assert_eq!(parameter.get_document("featureCompatibilityVersion").unwrap(), &doc! { "version": "6.0" });

    let plans = running.database.collection::<Document>("TEST_PLAN");
    let text = doc! { "certificationProfileName": "text", "description": "text", "planName": "text" };
    plans.create_index(IndexModel::builder().keys(text).build()).await.unwrap();
    let names = plans.list_index_names().await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(!names.contains(&"$**_text".to_owned()));
}

#[tokio::test]
async fn an_unknown_command_is_command_not_found() {
    let running = running().await;
    let error = running.database.run_command(doc! { "mapReduce": "X" }).await.unwrap_err();
    let ErrorKind::Command(error) = *error.kind else { panic!("{error}") };
    assert_eq!((error.code, error.code_name.as_str()), (59, "CommandNotFound"));
}

#[tokio::test]
async fn a_run_is_noted_in_its_plan_through_array_filters() {
    let running = running().await;
    let plans = running.database.collection::<Document>("TEST_PLAN");
    let plan = doc! { "_id": "plan", "modules": [
        { "testModule": "server", "variant": { "response_type": "code", "client_auth_type": "client_secret_basic" }, "instances": [] },
        { "testModule": "server", "variant": { "response_type": "code", "client_auth_type": "client_secret_post" }, "instances": [] },
    ] };
    let saved = plans.replace_one(doc! { "_id": "plan" }, &plan).upsert(true).await.unwrap();
    assert_eq!(saved.upserted_id, Some(Bson::String("plan".into())));

    let module = doc! {
        "module.variant.response_type": "code", "module.variant.client_auth_type": "client_secret_post",
        "module.testModule": "server",
    };
    let push = doc! { "$push": { "modules.$[module].instances": "run-1" } };
    let result = plans.update_one(doc! { "_id": "plan" }, push).array_filters([module]).await.unwrap();

    assert_eq!((result.matched_count, result.modified_count), (1, 1));
    let stored = plans.find_one(doc! { "_id": "plan" }).await.unwrap().unwrap();
    let modules = stored.get_array("modules").unwrap();
    assert!(modules[0].as_document().unwrap().get_array("instances").unwrap().is_empty());
    assert_eq!(modules[1].as_document().unwrap().get_array("instances").unwrap(), &[Bson::String("run-1".into())]);
}

#[tokio::test]
async fn a_long_log_is_read_in_batches_sorted_and_projected() {
    let running = running().await;
    let log = running.database.collection::<Document>("EVENT_LOG");
    log.create_index(IndexModel::builder().keys(doc! { "testId": 1 }).build()).await.unwrap();
    let entry = |number: i64| doc! { "_id": format!("t1-{number}"), "testId": "t1", "time": 1000 - number, "msg": "m" };
    log.insert_many((0..250).map(entry)).await.unwrap();
    log.insert_one(doc! { "_id": "t2-0", "testId": "t2", "time": 5_i64 }).await.unwrap();

    let filter = doc! { "testId": "t1", "time": { "$gt": 760_i64 } };
    let options = log.find(filter).sort(doc! { "time": 1 }).projection(doc! { "time": 1 }).batch_size(100);
    let mut cursor = options.await.unwrap();
    let mut times = Vec::new();
    while cursor.advance().await.unwrap() {
        let entry = cursor.deserialize_current().unwrap();
        assert_eq!(entry.keys().collect::<Vec<_>>(), ["_id", "time"]);
        times.push(entry.get_i64("time").unwrap());
    }
    assert_eq!(times, (761..=1000).collect::<Vec<_>>());
    assert_eq!(log.count_documents(doc! { "testId": "t1" }).await.unwrap(), 250);
    assert_eq!(log.count_documents(doc! { "testId": "t3" }).await.unwrap(), 0);
}

#[tokio::test]
async fn a_placeholder_is_filled_once() {
    let running = running().await;
    let log = running.database.collection::<Document>("EVENT_LOG");
    log.insert_one(doc! { "_id": "t1-a", "testId": "t1", "result": "REVIEW", "upload": "shot" }).await.unwrap();
    let filter = doc! { "$and": [{ "testId": "t1" }, { "result": "REVIEW" }, { "upload": "shot" }] };
    let update = doc! { "$set": { "page_source": "<p>" }, "$unset": { "upload": 1 } };

    let fill = || log.find_one_and_update(filter.clone(), update.clone()).return_document(ReturnDocument::After);
    let filled = fill().await.unwrap().unwrap();

    assert_eq!(filled, doc! { "_id": "t1-a", "testId": "t1", "result": "REVIEW", "page_source": "<p>" });
    assert!(fill().await.unwrap().is_none());
    assert!(all(&log, doc! { "testId": "t1", "upload": { "$exists": true } }).await.is_empty());
}

#[tokio::test]
async fn a_favourite_is_stored_once_and_a_token_is_unique() {
    let running = running().await;
    let favourites = running.database.collection::<Document>("FAVORITE_PLAN");
    let owner = doc! { "sub": "developer", "iss": "https://developer.com" };
    let filter = doc! { "owner": owner.clone(), "planName": "p" };
    for identifier in ["a", "b"] {
        let update = doc! { "$setOnInsert": { "_id": identifier, "owner": owner.clone(), "planName": "p" } };
        favourites.update_one(filter.clone(), update).upsert(true).await.unwrap();
    }
    assert_eq!(all(&favourites, doc! { "owner": owner }).await.len(), 1);

    let tokens = running.database.collection::<Document>("API_TOKEN");
    let unique = mongodb::options::IndexOptions::builder().unique(true).build();
    tokens.create_index(IndexModel::builder().keys(doc! { "token": 1 }).options(unique).build()).await.unwrap();
    tokens.insert_one(doc! { "_id": "1", "token": "x" }).await.unwrap();
    assert!(tokens.insert_one(doc! { "_id": "2", "token": "x" }).await.is_err());
    assert_eq!(tokens.delete_many(doc! { "_id": { "$in": ["1", "2"] } }).await.unwrap().deleted_count, 1);
}
