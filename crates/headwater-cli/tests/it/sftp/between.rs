//! Somebody between the program and the server, who counts bytes and does something once so many have passed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the server.
    Down,
    /// To the server.
    Up,
}

type Act = Box<dyn FnMut() + Send>;

/// What is to be done, and when: places in the stream of all bytes of one way, in order.
struct Plan {
    way: Way,
    places: Mutex<Vec<u64>>,
    act: Mutex<Act>,
    passed: AtomicU64,
    connections: AtomicUsize,
}

/// The one in between.
pub(super) struct Between {
    pub(super) port: u16,
    plan: Arc<Plan>,
}

impl Between {
    /// Passes bytes on to a port, and acts whenever so many have gone one way in all, before the bytes go on.
    pub(super) fn start(to: u16, way: Way, places: &[u64], act: impl FnMut() + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut places = places.to_vec();
        places.sort_unstable_by(|one, other| other.cmp(one));
        let plan = Arc::new(Plan {
            way,
            places: Mutex::new(places),
            act: Mutex::new(Box::new(act)),
            passed: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", to))) else { continue };
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (up, down) = (Arc::clone(&shared), Arc::clone(&shared));
                std::thread::spawn(move || pass(near, far_too, Way::Up, &up));
                std::thread::spawn(move || pass(far, near_too, Way::Down, &down));
            }
        });
        Self { port, plan }
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.plan.connections.load(Ordering::SeqCst)
    }

    /// How often it has not acted yet.
    pub(super) fn left(&self) -> usize {
        self.plan.places.lock().unwrap().len()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, way: Way, plan: &Plan) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        if way == plan.way {
            let passed = plan.passed.fetch_add(count as u64, Ordering::SeqCst) + count as u64;
            let due = plan.places.lock().unwrap().pop_if(|place| *place <= passed).is_some();
            if due {
                (plan.act.lock().unwrap())();
            }
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
