//! What outlives a connection, and what ends it.

use std::time::Duration;

use crate::{
    harness::{CONTINUE, Client, Served, at},
    scripted::{FAULT, Scripted},
};

#[test]
fn a_reconnect_finds_the_position_and_none_of_the_old_breakpoints() {
    let (served, mut gdb) = at(Scripted::replay(), 40);
    gdb.ask("Z1,100,2");
    gdb.monitor("arm-seek 3");
    drop(gdb);
    let mut gdb = Client::connect(&served);
    assert_eq!(gdb.icount(), 40);
    assert_eq!(gdb.resume(CONTINUE), "T0bthread:p01.01;", "the fault at 900, no breakpoint before");
    assert_eq!(gdb.ask("D;1"), "OK");
    assert!(gdb.is_closed());
    let mut gdb = Client::connect(&served);
    assert_eq!(gdb.icount(), FAULT);
    drop(gdb);
    std::thread::sleep(Duration::from_millis(100));
    let (_, log) = served.finish();
    let texts: Vec<&str> =
        log.iter().filter_map(|line| line.split_once(": ").map(|(_, text)| text)).collect();
    assert_eq!(texts, ["gdb closed the connection", "gdb detached", "gdb closed the connection"]);
}

#[test]
fn a_lost_connection_stops_a_running_machine() {
    let (served, mut gdb) = at(Scripted::live(u64::MAX), 1000);
    gdb.tell(CONTINUE);
    served.wait_until_running();
    drop(gdb);
    let mut gdb = Client::connect(&served);
    assert!(gdb.icount() > 1000);
    served.finish();
}

#[test]
fn the_server_ends_after_one_session_if_asked_and_on_shutdown_while_running() {
    let served = Served::with(Scripted::replay().at(40), true);
    // Who only tries whether the port is open is not the session that was meant.
    drop(std::net::TcpStream::connect(served.address).unwrap());
    drop(Client::connect(&served));
    assert_eq!(served.join().0.icount(), 40);

    let (served, mut gdb) = at(Scripted::live(u64::MAX), 1000);
    gdb.tell(CONTINUE);
    served.wait_until_running();
    let (_, log) = served.finish();
    assert!(log.last().unwrap().ends_with("the server ends"), "{log:?}");
}

#[test]
fn run_starts_again_at_reset_and_kill_kills_nothing() {
    let (served, mut gdb) = at(Scripted::replay(), 40);
    assert_eq!(gdb.ask("!"), "OK");
    assert_eq!(gdb.ask("qAttached:1"), "1");
    assert_eq!(gdb.ask("vKill;1"), "OK");
    assert_eq!(gdb.icount(), 40);
    assert_eq!(gdb.ask("vRun;"), "T05thread:p01.01;");
    assert_eq!(gdb.icount(), 0);
    assert_eq!(gdb.ask("vAttach;1"), "T05thread:p01.01;");
    served.finish();
}
