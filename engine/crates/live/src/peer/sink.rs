//! A program that reads sockets and compares what it reads.

use super::pattern::Pattern;
use crate::cpus::pin;
use crate::ports::PortError;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// After so long a wait a reader looks whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Of a datagram socket: some hundredths of a second of small frames while the reader has no CPU.
const RECEIVE_BUFFER_BYTES: usize = 32 << 20;

/// Bytes offered to a read of a stream.
const READ_BYTES: usize = 1 << 20;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Datagrams.
    Udp,
    /// Connections, each compared with the stream that [`super::stream`] sends.
    Tcp,
}

/// Where and how to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkSettings {
    /// What.
    pub kind: SinkKind,
    /// Address and port; port 0: any.
    pub at: SocketAddr,
    /// The machine's CPU of the reader, if it is to stay on one.
    pub cpu: Option<usize>,
}

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicU64,
    bytes: AtomicU64,
    wrong_reads: AtomicU64,
    stop: AtomicBool,
}

/// A reader at work, in the network namespace of who made it. Dropped, it ends.
#[derive(Debug)]
pub struct Sink {
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
    port: u16,
}

enum Socket {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

impl Sink {
    /// Begin to read.
    ///
    /// # Errors
    /// The address is taken, or none of this host's.
    pub fn open(settings: SinkSettings) -> Result<Sink, PortError> {
        let SinkSettings { kind, at, cpu } = settings;
        let failed = |error: std::io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            PortError::new(&at.to_string(), errno, error.to_string())
        };
        let (socket, port) = match kind {
            SinkKind::Udp => {
                let socket = UdpSocket::bind(at).map_err(failed)?;
                socket.set_read_timeout(Some(LOOK_EVERY)).map_err(failed)?;
                // Beyond net.core.rmem_max for those who may; what is lost for lack of room is RcvbufErrors.
                let _ = set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES);
                let port = socket.local_addr().map_err(failed)?.port();
                (Socket::Udp(socket), port)
            }
            SinkKind::Tcp => {
                let socket = TcpListener::bind(at).map_err(failed)?;
                socket.set_nonblocking(true).map_err(failed)?;
                let port = socket.local_addr().map_err(failed)?.port();
                (Socket::Tcp(socket), port)
            }
        };
        let counts = Arc::new(Counts::default());
        let work = {
            let counts = Arc::clone(&counts);
            move || {
                if let Some(cpu) = cpu {
                    pin(cpu);
                }
                match socket {
                    Socket::Udp(socket) => datagrams(&socket, &counts),
                    Socket::Tcp(socket) => connections(&socket, &counts),
                }
            }
        };
        let thread = Builder::new().name("sink".into()).spawn(work).map_err(failed)?;
        Ok(Sink { counts, thread: Some(thread), port })
    }

    /// The port it reads.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Datagrams read, or reads of streams that gave something.
    pub fn reads(&self) -> u64 {
        self.counts.reads.load(Ordering::Relaxed)
    }

    /// Bytes read.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    /// Reads of streams that gave other bytes than were sent.
    pub fn wrong_reads(&self) -> u64 {
        self.counts.wrong_reads.load(Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.counts.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn datagrams(socket: &UdpSocket, counts: &Counts) {
    let mut datagram = vec![0; 1 << 16];
    while !counts.stop.load(Ordering::Relaxed) {
        if let Ok(bytes) = socket.recv(&mut datagram) {
            counts.reads.fetch_add(1, Ordering::Relaxed);
            counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }
}

fn connections(socket: &TcpListener, counts: &Counts) {
    let pattern = Pattern::new();
    let mut bytes = vec![0; READ_BYTES];
    while !counts.stop.load(Ordering::Relaxed) {
        let Ok((mut stream, _)) = socket.accept() else {
            std::thread::sleep(LOOK_EVERY / 20);
            continue;
        };
        if stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(LOOK_EVERY))).is_err() {
            continue;
        }
        let mut position = 0;
        while !counts.stop.load(Ordering::Relaxed) {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(n) => {
                    let right = pattern.matches(position, bytes.get(..n).unwrap_or(&[]));
                    counts.wrong_reads.fetch_add(u64::from(!right), Ordering::Relaxed);
                    position += n as u64;
                    counts.reads.fetch_add(1, Ordering::Relaxed);
                    counts.bytes.fetch_add(n as u64, Ordering::Relaxed);
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(_) => break,
            }
        }
    }
}
