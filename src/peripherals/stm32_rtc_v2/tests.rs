use super::*;
use crate::peripherals::testbed::Testbed;

const PIN: u32 = 1;

fn unlock(rtc: &mut Testbed) {
    rtc.write(WPR, KEYS[0]);
    rtc.write(WPR, KEYS[1]);
}

/// A second takes ten cycles. It is 12:34:56 on Wednesday, the 28th of January 24.
fn rtc() -> Testbed {
    let mut rtc = Testbed::new("stm32-rtc-v2");
    rtc.clocked(1, 1);
    unlock(&mut rtc);
    rtc.write(ISR, u32::MAX);
    assert_eq!(rtc.read(ISR) & INITF, 0);
    rtc.run_until(2);
    assert_eq!(rtc.read(ISR) & INITF, INITF);
    rtc.write(PRER, 9);
    rtc.write(TR, 0x12_3456);
    rtc.write(DR, 0x24_6128);
    rtc.write(ISR, !INIT);
    rtc
}

/// Time from when it was set.
fn after(rtc: &mut Testbed, cycles: Cycle) {
    rtc.run_until(2 + cycles);
}

#[test]
fn time_and_date_go_on_in_bcd() {
    let mut rtc = rtc();
    after(&mut rtc, 45);
    assert_eq!((rtc.read(SSR), rtc.read(TR), rtc.read(DR)), (4, 0x12_3500, 0x24_6128));
    after(&mut rtc, 10 * 86_400);
    assert_eq!((rtc.read(TR), rtc.read(DR)), (0x12_3456, 0x24_8129), "a day later it is Thursday");
    assert_eq!(rtc.read(ISR) & INITS, INITS);
}

#[test]
fn locked_registers_ignore_writes() {
    let mut rtc = Testbed::new("stm32-rtc-v2");
    rtc.write(WUTR, 5);
    assert_eq!(rtc.read(WUTR), 0xffff);
    rtc.write(WPR, KEYS[0]);
    rtc.write(WPR, 0);
    rtc.write(WPR, KEYS[1]);
    rtc.write(WUTR, 5);
    assert_eq!(rtc.read(WUTR), 0xffff);
    unlock(&mut rtc);
    rtc.write(WUTR, 5);
    assert_eq!(rtc.read(WUTR), 5);
    rtc.write(BKP0R + 4, 0x1234_5678);
    assert_eq!(rtc.read(BKP0R + 4), 0x1234_5678);
}

#[test]
fn shadow_registers_are_consistent_until_the_date_is_read() {
    let mut rtc = rtc();
    after(&mut rtc, 5);
    assert_eq!(rtc.read(ISR) & RSF, RSF);
    assert_eq!(rtc.read(SSR), 4);
    after(&mut rtc, 25);
    assert_eq!((rtc.read(TR), rtc.read(DR)), (0x12_3456, 0x24_6128), "as they were with the subseconds");
    assert_eq!(rtc.read(TR), 0x12_3458);
    let cr = Cr::new().with_bypshad(true);
    rtc.write(CR, cr.into());
    assert_eq!((rtc.read(ISR) & RSF, rtc.read(SSR)), (0, 4));
    after(&mut rtc, 35);
    assert_eq!(rtc.read(TR), 0x12_3459);
}

#[test]
fn synchronization_can_be_waited_for() {
    let mut rtc = rtc();
    after(&mut rtc, 5);
    rtc.write(ISR, !(RSF | INIT));
    assert_eq!(rtc.read(ISR) & RSF, 0);
    after(&mut rtc, 7);
    assert_eq!(rtc.read(ISR) & RSF, RSF);
}

#[test]
fn an_alarm_sets_its_flag_and_its_output() {
    let mut rtc = rtc();
    rtc.write(ALRMAR, 1 << 31 | 0x12_3500);
    rtc.write(CR, Cr::new().with_alarms(1).with_alarm_interrupts(1).into());
    assert_eq!((rtc.next_wake(), rtc.read(ISR) & 3), (Some(42), 2), "A cannot be changed now");
    rtc.write(ALRMAR, 0);
    after(&mut rtc, 39);
    assert_eq!(rtc.outputs(), 0);
    after(&mut rtc, 40);
    assert_eq!((rtc.outputs(), rtc.read(ISR) & ALRAF), (1, ALRAF));
    rtc.write(WPR, 0);
    rtc.write(ISR, !(ALRAF | INIT));
    assert_eq!(rtc.outputs(), 0);
}

#[test]
fn the_wakeup_timer_goes_round() {
    let mut rtc = rtc();
    rtc.write(WUTR, 4);
    let cr = Cr::new().with_wucksel(3).with_wute(true).with_wutie(true);
    rtc.write(CR, cr.into());
    for round in 1..4 {
        after(&mut rtc, round * 10 - 1);
        assert_eq!(rtc.outputs(), 0);
        after(&mut rtc, round * 10);
        assert_eq!(rtc.outputs(), 2);
        rtc.write(ISR, !(WUTF | INIT));
    }
    rtc.write(CR, cr.with_wute(false).into());
    assert_eq!((rtc.read(ISR) & 4, rtc.next_wake()), (4, None));
    rtc.write(CR, cr.with_wute(false).with_wucksel(4).into());
    rtc.write(CR, cr.with_wucksel(4).into());
    assert_eq!(rtc.next_wake(), Some(2 + 80), "five seconds, from the next one on");
}

#[test]
fn an_hour_more_or_less_is_summer_time() {
    let mut rtc = rtc();
    rtc.write(CR, Cr::new().with_add1h(true).with_bypshad(true).into());
    assert_eq!(rtc.read(TR), 0x13_3456);
    rtc.write(CR, Cr::new().with_sub1h(true).with_bypshad(true).into());
    assert_eq!((rtc.read(TR), rtc.read(CR)), (0x12_3456, 0x20));
}

#[test]
fn a_shift_delays_the_next_second() {
    let mut rtc = rtc();
    rtc.write(CR, Cr::new().with_bypshad(true).into());
    rtc.write(SHIFTR, 7);
    assert_eq!(rtc.read(SSR), 16);
    after(&mut rtc, 16);
    assert_eq!((rtc.read(SSR), rtc.read(TR)), (0, 0x12_3456));
    rtc.write(SHIFTR, 1 << 31);
    assert_eq!(rtc.read(TR), 0x12_3457);
}

#[test]
fn a_tamper_pin_clears_the_backup_registers() {
    let mut rtc = rtc();
    rtc.write(BKP0R, 7);
    rtc.write(TAFCR, 0b101 | 1 << 7);
    rtc.wire(PIN, Level::High);
    assert_eq!((rtc.read(BKP0R), rtc.outputs()), (0, 4));
    assert_eq!((rtc.read(TSTR), rtc.read(TSDR)), (0x12_3456, 0x6128));
    rtc.write(ISR, !(TAMP1F | INIT));
    assert_eq!((rtc.outputs(), rtc.read(ISR) & TSF), (0, TSF));
}

#[test]
fn the_first_time_stamp_stays() {
    let mut rtc = rtc();
    rtc.write(CR, Cr::new().with_tse(true).with_tsie(true).into());
    rtc.wire(0, Level::High);
    after(&mut rtc, 100);
    rtc.wire(0, Level::Low);
    rtc.wire(0, Level::High);
    assert_eq!((rtc.read(TSTR), rtc.read(ISR) & TSOVF, rtc.outputs()), (0x12_3456, TSOVF, 4));
}

#[test]
fn without_subseconds_there_is_no_register_of_them() {
    let mut rtc = Testbed::with_options("stm32-rtc-v2", &[("subseconds", 0)]);
    rtc.run_until(1000);
    assert_eq!(rtc.read(SSR), 0);
}
