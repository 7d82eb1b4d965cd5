//! A balancer in front of several nodes: each connection goes to the next one. Bytes are passed on as they are, so that
//! TLS is between the client and the node.

use std::io::copy;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread::spawn;

/// Listens on a port and passes connections on to the others in turn, until the process ends: on threads of its own,
/// because the tests that share it have each a runtime of their own.
pub(crate) fn balance(port: u16, nodes: Vec<u16>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    spawn(move || {
        for (client, node) in listener.incoming().zip(nodes.iter().cycle()) {
            let (client, node) = (client.unwrap(), TcpStream::connect((Ipv4Addr::LOCALHOST, *node)).unwrap());
            let (from_client, to_node) = (client.try_clone().unwrap(), node.try_clone().unwrap());
            spawn(move || carry(&from_client, &to_node));
            spawn(move || carry(&node, &client));
        }
    });
}

/// Carries bytes until a side ends.
fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    // However it ended, the other side has to know that nothing more comes.
    drop(copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}
