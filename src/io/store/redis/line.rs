//! A connection to Redis that its owner writes and reads by itself: what is asked is with the kernel when `flush` returns, and an answer is
//! there in the turn in which it comes. It tries nothing twice: whatever it cannot do, `Redis::ask` does.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use redis::{ConnectionAddr, ConnectionInfo, RedisConnectionInfo, Value};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::resp::{self, Reply};
use super::{CONNECT_TIMEOUT, SILENT_CONNECTION, Shared, answer, ask};
use crate::intents::{StoreError, StoreReply, StoreRequest};

/// The line, and what is on its way over it.
pub struct Line {
    shared: Arc<Shared>,
    socket: Socket,
    /// What the kernel has not taken yet.
    out: Vec<u8>,
    /// What came and is no whole answer yet.
    came: Vec<u8>,
}

enum Socket {
    None,
    Making(JoinHandle<Option<TcpStream>>),
    Open(TcpStream),
}

/// The connection is gone, and what was not answered will not be.
#[derive(Debug)]
pub struct Cut;

/// One answer, which belongs to the oldest request that has none.
pub struct LineReply(Reply);

const READ_AT_ONCE: usize = 8 * 1024;
/// What no answer is longer than.
const ANSWER_MAX: usize = 16 << 20;

impl Line {
    pub(super) fn new(shared: Arc<Shared>) -> Line {
        Line { shared, socket: Socket::None, out: Vec::new(), came: Vec::new() }
    }

    /// Has a connection made if there is none and none is being made.
    pub fn connect(&mut self) {
        if matches!(self.socket, Socket::None) {
            let info = self.shared.client.get_connection_info().clone();
            let made = async move { timeout(CONNECT_TIMEOUT, make(&info)).await.ok().flatten() };
            self.socket = Socket::Making(tokio::spawn(made));
        }
    }

    /// Takes the request for the next `flush`; false when this is not the way for it, or the line is not there.
    pub fn put(&mut self, request: &StoreRequest) -> bool {
        self.connect();
        if !matches!(self.socket, Socket::Open(_)) || !is_for_the_line(request) {
            return false;
        }
        let (Some(script), Ok(arguments)) =
            (self.shared.scripts.of(request), ask::arguments(request, self.shared.intents_max, false))
        else {
            return false;
        };
        let head = ["EVALSHA", script.get_hash(), "1", &self.shared.tag];
        let words: Vec<&str> = head.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        resp::command(&mut self.out, &words);
        true
    }

    /// Gives the kernel what it takes now.
    pub fn flush(&mut self) -> Result<(), Cut> {
        let Socket::Open(stream) = &self.socket else { return Ok(()) };
        while !self.out.is_empty() {
            match stream.try_write(&self.out) {
                Ok(count) => drop(self.out.drain(..count)),
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(self.cut()),
            }
        }
        Ok(())
    }

    /// Ready when something came, a connection has been made, or there is room for what waits. It may be ready for nothing.
    pub async fn ready(&mut self) {
        poll_fn(|context| self.poll_ready(context)).await;
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.socket {
            Socket::None => Poll::Pending,
            Socket::Making(made) => Pin::new(made).poll(context).map(|made| {
                self.socket = made.ok().flatten().map_or(Socket::None, Socket::Open);
            }),
            Socket::Open(stream) => {
                let has_room = !self.out.is_empty() && stream.poll_write_ready(context).is_ready();
                if stream.poll_read_ready(context).is_ready() || has_room { Poll::Ready(()) } else { Poll::Pending }
            }
        }
    }

    /// Takes what came, without waiting.
    pub fn receive(&mut self) -> Result<(), Cut> {
        let Socket::Open(stream) = &mut self.socket else { return Ok(()) };
        loop {
            match read(stream, &mut self.came) {
                // Less than there was room for: the next look would find nothing.
                Poll::Ready(Ok(1..READ_AT_ONCE)) | Poll::Pending => return Ok(()),
                Poll::Ready(Ok(READ_AT_ONCE..)) if self.came.len() < ANSWER_MAX => {}
                Poll::Ready(Ok(_) | Err(_)) => return Err(self.cut()),
            }
        }
    }

    /// The next whole answer of those that were received.
    pub fn poll_reply(&mut self) -> Result<Option<LineReply>, Cut> {
        let mut rest = self.came.as_slice();
        let Ok(reply) = resp::reply(&mut rest) else { return Err(self.cut()) };
        let taken = self.came.len() - rest.len();
        self.came.drain(..taken);
        Ok(reply.map(LineReply))
    }

    /// Closes the connection.
    pub fn cut(&mut self) -> Cut {
        self.socket = Socket::None;
        self.out = Vec::new();
        self.came = Vec::new();
        Cut
    }
}

impl LineReply {
    /// What it says to this request; `None` when it is to be asked by `Redis::ask`, which can do something about a refusal.
    pub fn read(self, request: &StoreRequest) -> Option<Result<StoreReply, StoreError>> {
        match self.0 {
            Reply::Value(value) => Some(answer::read(value, request.now())),
            Reply::Refused => None,
        }
    }
}

/// Numbers may have to be seeded again for a registration; a list of all promises is long; `Ping` is no script.
fn is_for_the_line(request: &StoreRequest) -> bool {
    match request {
        StoreRequest::Get { .. }
        | StoreRequest::Amend { .. }
        | StoreRequest::Withdraw { .. }
        | StoreRequest::Find { .. }
        | StoreRequest::Claim { .. }
        | StoreRequest::Finish { .. }
        | StoreRequest::Promise { .. }
        | StoreRequest::Recall { .. }
        | StoreRequest::Unrecall { .. }
        | StoreRequest::Unpromise { .. }
        | StoreRequest::TryPin { .. } => true,
        StoreRequest::Seed { .. }
        | StoreRequest::Register { .. }
        | StoreRequest::Promises { .. }
        | StoreRequest::Ping { .. } => false,
    }
}

/// How many octets came. Whoever waits for more is woken by `poll_ready`.
fn read(stream: &mut TcpStream, came: &mut Vec<u8>) -> Poll<io::Result<usize>> {
    let begin = came.len();
    came.resize(begin + READ_AT_ONCE, 0);
    let mut buffer = ReadBuf::new(came.get_mut(begin..).unwrap_or_default());
    let polled = Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
    let count = buffer.filled().len();
    came.truncate(begin + count);
    polled.map_ok(|()| count)
}

/// `None` where there is no Redis that would have us; the error is told by whoever asks it next.
async fn make(info: &ConnectionInfo) -> Option<TcpStream> {
    let ConnectionAddr::Tcp(host, port) = info.addr() else { return None };
    let mut stream = TcpStream::connect((host.as_str(), *port)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    SockRef::from(&stream).set_tcp_user_timeout(Some(SILENT_CONNECTION)).ok()?;
    greet(&mut stream, info.redis_settings()).await?;
    Some(stream)
}

/// The first words, and their answers.
async fn greet(stream: &mut TcpStream, settings: &RedisConnectionInfo) -> Option<()> {
    let (mut out, database) = (Vec::new(), settings.db().to_string());
    let mut expected = 1;
    if let Some(password) = settings.password() {
        let words: Vec<&str> = ["AUTH"].into_iter().chain(settings.username()).chain([password]).collect();
        resp::command(&mut out, &words);
        expected += 1;
    }
    resp::command(&mut out, &["SELECT", &database]);
    stream.write_all(&out).await.ok()?;
    let mut came = Vec::new();
    while expected > 0 {
        if stream.read_buf(&mut came).await.ok()? == 0 {
            return None;
        }
        let mut rest = came.as_slice();
        while let Some(reply) = resp::reply(&mut rest).ok()? {
            matches!(reply, Reply::Value(Value::SimpleString(word)) if word == "OK").then_some(())?;
            expected -= 1;
        }
        came = rest.to_vec();
    }
    Some(())
}
