use std::sync::Arc;
use crate::support::provider::TimedProvider;
use crate::support::server::Server;
pub(crate) async fn server() -> Arc<Server> {
    let timed = TimedProvider::start().await;
    let server = Arc::clone(&timed.server);
    std::mem::forget(timed);
    server
}
