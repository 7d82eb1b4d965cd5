//! One line for each request, without anything secret.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Duration;

use super::client::{one_answer, status};
use super::server::{plain, start};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Collects what the listeners of this process log, not what their libraries do. Whether an event is of interest
    /// is remembered for all threads at once, so that a log of one thread would miss some.
    fn of_this_process() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let (listener, _) = module_path!().split_once("::tests").unwrap();
        let subscriber = tracing_subscriber::fmt().json().with_env_filter(format!("{listener}=trace"));
        tracing::subscriber::set_global_default(subscriber.with_writer(move || writer.clone()).finish()).unwrap();
        log
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn every_request_is_logged_once_without_query_headers_or_body() {
    let log = Log::of_this_process();
    let listener = start(plain()).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    let request = "POST /logged/token?code=query-secret HTTP/1.1\r\nhost: a\r\nauthorization: header-secret\r\n\
                   content-length: 11\r\n\r\nbody-secret";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 200);
    stream.write_all(b"GET /logged/second?query-secret HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 400);
    listener.drain(Duration::from_secs(30)).await;

    let lines = log.lines();
    assert!(!lines.iter().any(|line| line.to_string().contains("-secret")), "{lines:#?}");
    let is_ours = |line: &&Value| line["fields"]["path"].as_str().is_some_and(|path| path.starts_with("/logged/"));
    let answered: Vec<&Value> = lines.iter().filter(is_ours).collect();
    assert_eq!(answered.len(), 2, "{answered:#?}");
    for (line, method, path, status) in
        [(answered[0], "POST", "/logged/token", 200), (answered[1], "GET", "/logged/second", 400)]
    {
        assert_eq!(line["fields"]["message"], "request answered");
        assert_eq!(line["fields"]["method"], method);
        assert_eq!(line["fields"]["path"], path);
        assert_eq!(line["fields"]["status"], status);
        assert_eq!(line["fields"]["remote"], "127.0.0.1");
        assert!(line["fields"]["duration_us"].is_u64(), "{line}");
        assert_eq!(line["span"]["request_id"].as_str().unwrap().len(), 32);
    }
    assert_ne!(answered[0]["span"]["request_id"], answered[1]["span"]["request_id"]);
}
