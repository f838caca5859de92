//! `periph` and `mmio` on the wire. The scripted device is where the board mps2-an385 has UART0.STATE.

use std::sync::atomic::Ordering;

use crate::{
    harness::{Client, Served},
    scripted::Scripted,
};

fn at(icount: u64) -> (Served, Client) {
    let served = Served::on_board(Scripted::replay().at(icount), "mps2-an385");
    let client = Client::connect(&served);
    (served, client)
}

#[test]
fn all_peripherals_of_the_board_are_listed() {
    let (served, mut gdb) = at(375);
    let list = gdb.monitor("periph");
    let line = |name: &str| {
        let line = list.lines().find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {list}")).split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("UART0")[1..3], ["0x40004000", "cmsdk-uart"]);
    assert!(list.contains(" generic"), "{list}");
    let columns: Vec<usize> = list.lines().filter_map(|line| line.find("0x")).collect();
    assert!(columns.iter().all(|column| *column == columns[0]), "{list}");
    served.finish();
}

#[test]
fn in_the_past_it_is_told_what_crossed_the_pins_last() {
    let (served, mut gdb) = at(375);
    let told = gdb.monitor("periph uart0");
    let mut lines = told.lines();
    let title = "UART0 (0x40004000, cmsdk-uart), what last crossed the pins before icount 375:";
    assert_eq!(lines.next(), Some(title));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0].join(" "), "DATA 0x00000000 not accessed (reset value)", "{told}");
    assert_eq!(rows[1].join(" "), "STATE 0x00000002 last read at icount 300 RXFULL=1", "{told}");
    let told = gdb.monitor("periph UART0.state");
    let title = "UART0.STATE (0x40004004): 0x00000002, last read at icount 300\n";
    assert_eq!(
        told,
        format!(
            "{title}  [0]  TXFULL     0\n  [1]  RXFULL     1\n  [2]  TXOVERRUN  0\n  [3]  RXOVERRUN  0\n"
        )
    );
    gdb.monitor("seek 381");
    assert!(gdb.monitor("per uart0.STATE").contains("0x00000003, last written at icount 380\n"));
    served.finish();
}

#[test]
fn what_the_model_can_tell_is_told_as_it_is_now() {
    // The script answers to a look at 0x40000000, where the board has a timer.
    let (served, mut gdb) = at(375);
    let told = gdb.monitor("periph TIMER0");
    assert!(told.starts_with("TIMER0 (0x40000000, cmsdk-timer), now:\n  CTRL "), "{told}");
    assert!(told.contains("0xaaaaaaaa"), "{told}");
    served.finish();
}

#[test]
fn accesses_are_listed_and_are_answers() {
    let (served, mut gdb) = at(375);
    let list = "@1  icount 200  0x00000100  read   UART0.STATE  0x00000000  TXFULL 1->0\n\
                @2  icount 280  0x00000100  write  UART0.STATE  0x00000002  RXFULL 0->1\n\
                @3  icount 300  0x00000200  read   UART0.STATE  0x00000002\n";
    assert_eq!(gdb.monitor("mmio UART0.STATE last 3"), list);
    assert_eq!(gdb.icount(), 375, "a question does not move");
    gdb.monitor("seek @2");
    assert_eq!(gdb.icount(), 280);
    let all = gdb.monitor("mmio uart0");
    assert!(all.starts_with("@4  icount 0    "), "{all}");
    assert_eq!(all.lines().count(), 5, "{all}");
    gdb.monitor("seek end");
    assert_eq!(gdb.monitor("mm uart0").lines().count(), 10);
    assert_eq!(gdb.monitor("mmio 0x40004004 last 1000").lines().count(), 20);
    for (line, told) in [
        ("mmio", "usage: monitor mmio"),
        ("mmio uart0 last", "usage: monitor mmio"),
        ("mmio uart0 last 0", "usage: monitor mmio"),
        ("mmio uart0 last 1001", "usage: monitor mmio"),
        ("mmio uart0 last -1", "usage: monitor mmio"),
        ("mmio urt0", "the board has no peripheral \"urt0\", did you mean "),
        ("mmio uart0.STAT", "UART0 has no register \"STAT\", did you mean INTSTATUS or STATE"),
        ("mmio uart1", "nothing accessed UART1 between reset and icount 1000\n"),
        (
            "mmio 0xe000e010",
            "nothing accessed 0xe000e010 between reset and icount 1000: the core's own registers",
        ),
        ("periph nothing.at.all", "the board has no peripheral \"nothing\""),
    ] {
        assert!(gdb.monitor(line).starts_with(told), "{line}: {}", gdb.console);
    }
    served.finish();
}

#[test]
fn without_a_board_there_are_only_addresses() {
    let served = Served::new(Scripted::replay().at(375));
    let mut gdb = Client::connect(&served);
    assert!(gdb.monitor("periph").starts_with("the board of this run is not known"), "{}", gdb.console);
    assert!(gdb.monitor("mmio uart0").starts_with("the board of this run is not known"), "{}", gdb.console);
    let only = "@1  icount 300  0x00000200  read  0x40004004  0x00000002\n";
    assert_eq!(gdb.monitor("mmio 0x40004004 last 1"), only);
    served.finish();
}

#[test]
fn ctrl_c_ends_the_look_into_the_past() {
    for (line, told) in [
        ("periph uart0", "interrupted: before icount 187 nobody has looked, and the position is as it was\n"),
        ("mmio uart0", "nothing accessed UART0 before icount 375\ninterrupted: before icount 187 nobody"),
    ] {
        let mut scripted = Scripted::replay();
        scripted.endless_past = true;
        let served = Served::on_board(scripted.at(375), "mps2-an385");
        let mut gdb = Client::connect(&served);
        gdb.tell_monitor(line);
        served.wait_until_running();
        gdb.raw(b"\x03");
        let said = gdb.told_by_monitor();
        assert!(said.contains(told), "{line}: {said}");
        assert!(
            !line.starts_with("periph") || said.contains("STATE      0x........  not accessed as far"),
            "{said}"
        );
        assert_eq!(gdb.icount(), 375);
        assert!(!served.running.load(Ordering::SeqCst));
        served.finish();
    }
}
