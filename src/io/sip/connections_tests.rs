//! The bound on all connections together.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::{Connections, Listener, StreamSetup, websocket};
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::sip::api::{FlowId, StreamEvent, Transmit, Transport};

const TCP: FlowId = FlowId(1);
const PATIENCE: Duration = Duration::from_secs(60);

fn start(most: usize) -> (Connections, SocketAddr) {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    socket.set_nonblocking(true).expect("no waiting");
    let at = socket.local_addr().expect("an address");
    let (_, websockets) = websocket::door(FlowId(2));
    let listeners = vec![Listener { flow: TCP, transport: Transport::Tcp, socket }];
    let setup = StreamSetup { listeners, websockets, tls: None, idle: PATIENCE, runtime: Handle::current() };
    let mut connections = Connections::start(setup, Clock::start()).expect("connections");
    connections.most = most;
    (connections, at)
}

/// The next thing that became of a connection.
async fn next(connections: &mut Connections) -> StreamEvent {
    let mut turn = Vec::new();
    while turn.is_empty() {
        timeout(PATIENCE, connections.ready()).await.expect("something in time");
        connections.take(&mut turn);
    }
    assert_eq!(turn.len(), 1);
    match turn.remove(0).0 {
        Input::Stream { event, .. } => event,
        other => panic!("{other:?}"),
    }
}

fn has_ended(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    matches!(stream.read(&mut [0]), Ok(0) | Err(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_bound_none_is_accepted_and_none_is_made_until_one_ends() {
    let (mut connections, at) = start(1);
    let first = TcpStream::connect(at).expect("a connection");
    assert!(matches!(next(&mut connections).await, StreamEvent::Opened { .. }));
    let mut second = TcpStream::connect(at).expect("the system accepts it");
    timeout(PATIENCE, connections.ready()).await.expect("it is told of");
    assert!(connections.take(&mut Vec::new()), "and that is all");
    assert!(has_ended(&mut second));
    let to_nobody = Transmit { flow: TCP, to: at, domain: None, bytes: Bytes::from_static(b"OPTIONS") };
    assert!(!connections.send(to_nobody), "no room for one of ours either");
    let input = connections.poll_input();
    assert!(matches!(input, Some(Input::Stream { event: StreamEvent::Unreachable { .. }, .. })), "{input:?}");
    drop(first);
    assert!(matches!(next(&mut connections).await, StreamEvent::Closed));
    let _third = TcpStream::connect(at).expect("a connection");
    assert!(matches!(next(&mut connections).await, StreamEvent::Opened { .. }));
}
