//! A chat server whose registry of connections keeps none of them open.
//!
//! ```console
//! $ cargo run --example connections -- [address]
//! ```
//!
//! A connection belongs to the thread that reads from it, and to whoever is writing to it just now. The registry finds it
//! by its number as long as it is there. When the last of them lets go it leaves the registry, and the others are told:
//! there is no list to clean up, and no way to forget it.
//!
//! Without an address the program serves three clients of its own, and prints what they read.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, process, thread};
use weakrefs::{WeakReferenceable, WeakSlot, WeakValueMap, finalize};

#[derive(WeakReferenceable)]
struct Connection {
    slot: WeakSlot,
    stream: Mutex<TcpStream>,
}

impl Connection {
    /// Writes a line. To whom nothing can be written, nothing is to be read either: the reader ends.
    fn say(&self, line: &str) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if writeln!(stream, "{line}").is_err() {
            _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[derive(Default)]
struct Server {
    connections: WeakValueMap<u64, Connection>,
    last: AtomicU64,
}

impl Server {
    /// Serves whoever comes, for ever.
    fn serve(self: &Arc<Self>, listener: &TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept()?;
            let server = Arc::clone(self);
            thread::spawn(move || {
                if let Err(error) = server.talk(stream) {
                    eprintln!("a connection ended: {error}");
                }
            });
        }
    }

    /// One connection, from its beginning to its end.
    fn talk(self: &Arc<Self>, stream: TcpStream) -> io::Result<()> {
        let number = self.last.fetch_add(1, Relaxed) + 1;
        let lines = BufReader::new(stream.try_clone()?).lines();
        let connection = Arc::new(Connection {
            slot: WeakSlot::new(),
            stream: Mutex::new(stream),
        });
        self.connections.insert(number, &connection);
        let server = Arc::downgrade(self);
        // It has left the registry when this runs.
        finalize(&connection, move || {
            if let Some(server) = server.upgrade() {
                server.tell_all(&format!("{number} has left"));
            }
        });
        let here = self.connections.len();
        connection.say(&format!("you are number {number}, {here} are here"));
        for line in lines {
            self.tell_all(&format!("{number}: {}", line?));
        }
        Ok(())
    }

    fn tell_all(&self, line: &str) {
        for connection in self.connections.values() {
            connection.say(line);
        }
    }
}

/// One who connects, reads and says something.
struct Client {
    name: &'static str,
    lines: io::Lines<BufReader<TcpStream>>,
    stream: TcpStream,
}

impl Client {
    fn connect(name: &'static str, address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        let mut client = Self {
            name,
            lines: BufReader::new(stream.try_clone()?).lines(),
            stream,
        };
        client.hear()?;
        Ok(client)
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.stream, "{line}")
    }

    /// Prints the next line that comes.
    fn hear(&mut self) -> io::Result<()> {
        let line = self.lines.next().unwrap_or_else(|| Ok("(end)".into()))?;
        println!("{} hears: {line}", self.name);
        Ok(())
    }

    fn leave(self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Both)
    }
}

/// Three who talk, one of whom leaves in between.
fn converse(address: SocketAddr) -> io::Result<()> {
    let mut ann = Client::connect("Ann", address)?;
    let mut bob = Client::connect("Bob", address)?;
    ann.say("hello")?;
    ann.hear()?;
    bob.hear()?;
    bob.leave()?;
    ann.hear()?;
    let mut cleo = Client::connect("Cleo", address)?;
    cleo.say("hello, too")?;
    ann.hear()?;
    cleo.hear()
}

/// Says what went wrong, and ends the process.
fn fail(what: &str, error: impl Display) -> ! {
    eprintln!("{what}: {error}");
    process::exit(1);
}

fn main() {
    let address = env::args().nth(1);
    let is_own = address.is_none();
    let address = address.unwrap_or_else(|| "127.0.0.1:0".into());
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| fail(&address, error));
    let bound = listener.local_addr();
    let bound = bound.unwrap_or_else(|error| fail(&address, error));
    let serve = move || {
        let served = Arc::new(Server::default()).serve(&listener);
        served.unwrap_or_else(|error| fail("serving", error));
    };
    if !is_own {
        return serve();
    }
    thread::spawn(serve);
    converse(bound).unwrap_or_else(|error| fail("talking", error));
}
