use super::*;
use crate::peripherals::testbed::Testbed;

fn core_hz(sysctl: &Testbed) -> u32 {
    sysctl.clocks().unwrap().core
}

/// What StellarisWare writes for 50 MHz from a crystal of 8 MHz.
fn start_pll(sysctl: &mut Testbed) {
    sysctl.write(MISC, PLLLRIS);
    sysctl.write(RCC, 0x078e_3b80 | BYPASS | PWRDN);
    sysctl.write(RCC, 0x078e_0b80 | BYPASS);
}

#[test]
fn after_reset_the_internal_oscillator_is_the_clock() {
    let sysctl = Testbed::new("lm3s-sysctl");
    assert_eq!(core_hz(&sysctl), 12_000_000);
    assert_eq!((sysctl.peek(RCC), sysctl.peek(RCC2)), (0x078e_3ad1, 0x0780_2810));
    assert_eq!(sysctl.peek(PLLCFG), 0x1902, "a crystal of 6 MHz");
}

#[test]
fn the_pll_locks_after_half_a_millisecond() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    start_pll(&mut sysctl);
    assert_eq!((core_hz(&sysctl), sysctl.read(RIS)), (8_000_000, 0));
    sysctl.run_until(3999);
    assert_eq!(sysctl.read(RIS), 0);
    sysctl.run_until(4000);
    assert_eq!(sysctl.read(RIS), PLLLRIS);
    sysctl.write(RCC, 0x01ce_1380);
    assert_eq!((core_hz(&sysctl), sysctl.read(RCC)), (50_000_000, 0x01ce_1380));
    sysctl.write(MISC, PLLLRIS);
    assert_eq!(sysctl.read(RIS), 0);
}

#[test]
fn the_lock_interrupts() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    sysctl.write(IMC, PLLLRIS);
    start_pll(&mut sysctl);
    assert_eq!(sysctl.next_wake(), Some(4000));
    sysctl.run_until(4000);
    assert_eq!((sysctl.irq_lines(), sysctl.read(MISC)), (1, PLLLRIS));
}

#[test]
fn the_pll_is_not_the_clock_before_it_has_locked() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    sysctl.write(RCC, 0x078e_0380);
    assert_eq!((core_hz(&sysctl), sysctl.next_wake()), (8_000_000, Some(4000)));
    sysctl.run_until(1000);
    sysctl.write(RCC, 0x03ce_0380);
    assert_eq!(
        (core_hz(&sysctl), sysctl.next_wake()),
        (1_000_000, Some(1000 + 375)),
        "the time that is left"
    );
    sysctl.run_until(1375);
    assert_eq!((core_hz(&sysctl), sysctl.read(RIS)), (25_000_000, PLLLRIS));
    sysctl.write(RCC, 0x03ce_2380);
    assert_eq!(core_hz(&sysctl), 1_000_000, "powered down");
}

#[test]
fn rcc2_wins_when_it_is_told_to() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    sysctl.write(RCC2, USERCC2 | BYPASS | PWRDN | 9 << 23 | 2 << 4);
    assert_eq!(core_hz(&sysctl), 3_000_000);
    sysctl.write(RCC, 0x078e_3ad1 | USESYSDIV);
    assert_eq!(core_hz(&sysctl), 300_000);
    sysctl.write(RCC2, USERCC2 | BYPASS | PWRDN | 7 << 4);
    assert_eq!(core_hz(&sysctl), 32_768);
}

#[test]
fn causes_of_resets_add_up() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    sysctl.device.reset();
    assert_eq!(sysctl.read(RESC), POR | SW);
    sysctl.write(RESC, 0);
    sysctl.wire(0, Level::High);
    sysctl.device.reset();
    assert_eq!(sysctl.read(RESC), WDT);
}

#[test]
fn protection_bits_can_be_cleared_only() {
    let mut sysctl = Testbed::new("lm3s-sysctl");
    sysctl.write(FMPPE0, 0xffff_0000);
    sysctl.write(FMPPE, u32::MAX);
    assert_eq!((sysctl.read(FMPPE0), sysctl.read(FMPPE)), (0xffff_0000, 0xffff_0000));
}
