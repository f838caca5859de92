use crate::{
    peripherals::{Kind, Level, testbed::Testbed},
    svd::Svd,
};

/// A clock by its name.
fn hz(rcc: &Testbed, kind: &str, domain: &str) -> u32 {
    let index = Kind::find(kind).unwrap().clocks.iter().position(|name| *name == domain);
    rcc.clocks().unwrap().domains[index.expect("the kind has this clock")]
}

fn core(rcc: &Testbed) -> u32 {
    rcc.clocks().unwrap().core
}

#[test]
fn every_family_starts_on_its_internal_oscillator() {
    for (kind, clock) in [
        ("stm32f0-rcc", 8_000_000),
        ("stm32f1-rcc", 8_000_000),
        ("stm32f3-rcc", 8_000_000),
        ("stm32f4-rcc", 16_000_000),
        ("stm32l1-rcc", 2_097_152),
        ("stm32l4-rcc", 4_000_000),
    ] {
        let rcc = Testbed::new(kind);
        assert_eq!(core(&rcc), clock, "{kind}");
        assert_eq!(hz(&rcc, kind, "apb1-timer"), clock, "{kind}");
        assert_eq!(hz(&rcc, kind, "rtc"), 0, "{kind}");
        assert_eq!(rcc.clocks().unwrap().domains.len(), Kind::find(kind).unwrap().clocks.len());
    }
}

#[test]
fn ready_bits_follow_the_enables() {
    let mut rcc = Testbed::new("stm32f4-rcc");
    assert_eq!(rcc.read(0), 0x83);
    rcc.write(0, 0x0101_0083);
    assert_eq!(rcc.read(0), 0x0303_0083);
    rcc.write(0, 0x0100_0083);
    assert_eq!(rcc.read(0), 0x0300_0083);
}

#[test]
fn without_a_crystal_nothing_gets_ready() {
    let mut rcc = Testbed::with_options("stm32f4-rcc", &[("hse", 0)]);
    rcc.write(4, 0x2440_3010);
    rcc.write(0, 0x0101_0083);
    assert_eq!(rcc.read(0), 0x0101_0083, "neither HSE nor the PLL behind it");
    rcc.write(8, 1);
    assert_eq!(rcc.read(8), 1, "the system clock stays where it is");
    assert_eq!(core(&rcc), 16_000_000);
}

#[test]
fn a_discovery_board_runs_at_168_mhz() {
    let kind = "stm32f4-rcc";
    let mut rcc = Testbed::new(kind);
    rcc.write(0, 0x0001_0083);
    rcc.write(4, 7 << 24 | 1 << 22 | 336 << 6 | 8); // M 8, N 336, P 2, Q 7
    rcc.write(0, 0x0101_0083);
    rcc.write(8, 4 << 13 | 5 << 10 | 2);
    assert_eq!(rcc.read(8) & 0xc, 8, "SWS");
    assert_eq!(core(&rcc), 168_000_000);
    for (domain, expected) in [
        ("apb1", 42_000_000),
        ("apb2", 84_000_000),
        ("apb1-timer", 84_000_000),
        ("apb2-timer", 168_000_000),
        ("rng", 48_000_000),
    ] {
        assert_eq!(hz(&rcc, kind, domain), expected, "{domain}");
    }
    rcc.write(0, 0x83);
    assert_eq!(rcc.read(0), 0x0303_0083, "what drives the system clock stays on");
    rcc.write(4, 0);
    assert_eq!(core(&rcc), 168_000_000, "the settings of a PLL that is on cannot be changed");
    rcc.write(0x8c, 1 << 24);
    assert_eq!(hz(&rcc, kind, "apb1-timer"), 168_000_000, "TIMPRE");
}

#[test]
fn a_blue_pill_runs_at_72_mhz() {
    let kind = "stm32f1-rcc";
    let mut rcc = Testbed::new(kind);
    rcc.write(0, 0x0001_0083);
    rcc.write(4, 7 << 18 | 1 << 16 | 2 << 14 | 4 << 8);
    rcc.write(0, 0x0101_0083);
    rcc.write(4, rcc.peek(4) | 2);
    assert_eq!(core(&rcc), 72_000_000);
    for (domain, expected) in
        [("apb1", 36_000_000), ("apb1-timer", 72_000_000), ("apb2", 72_000_000), ("adc", 12_000_000)]
    {
        assert_eq!(hz(&rcc, kind, domain), expected, "{domain}");
    }
    rcc.write(0x20, 1);
    rcc.write(0x20, 1 | 1 << 8 | 1 << 15);
    assert_eq!((rcc.read(0x20), hz(&rcc, kind, "rtc")), (0x8103, 32_768));
    rcc.write(0x20, 1 << 16);
    assert_eq!((rcc.read(0x20), hz(&rcc, kind, "rtc")), (1 << 16, 0), "BDRST");
}

#[test]
fn the_connectivity_line_has_a_pll_behind_a_pll() {
    let mut rcc = Testbed::with_options("stm32f1-rcc", &[("hse", 25_000_000), ("variant", 1)]);
    rcc.write(0, 0x0001_0083);
    rcc.write(0x2c, 1 << 16 | 6 << 8 | 4 << 4 | 4); // PREDIV2 5, PLL2MUL 8, PREDIV1 5 from PLL2
    rcc.write(0, 0x0401_0083);
    rcc.write(4, 7 << 18 | 1 << 16);
    rcc.write(0, 0x0501_0083);
    rcc.write(4, rcc.peek(4) | 2);
    assert_eq!(core(&rcc), 72_000_000);
    rcc.write(0, 0x83);
    assert_eq!(rcc.read(0), 0x0f03_0083, "all that the system clock comes from stays on");
}

#[test]
fn an_f0_runs_at_48_mhz_and_its_usart_where_it_is_told() {
    let kind = "stm32f0-rcc";
    let mut rcc = Testbed::new(kind);
    assert_eq!(hz(&rcc, kind, "i2c1"), 8_000_000);
    rcc.write(4, 10 << 18); // HSI / 2 * 12
    rcc.write(0, 0x0100_0083);
    rcc.write(4, rcc.peek(4) | 4 << 8 | 2);
    assert_eq!(
        (core(&rcc), hz(&rcc, kind, "usart1"), hz(&rcc, kind, "apb2")),
        (48_000_000, 24_000_000, 24_000_000)
    );
    rcc.write(0x30, 1 | 1 << 4);
    assert_eq!((hz(&rcc, kind, "usart1"), hz(&rcc, kind, "i2c1")), (48_000_000, 48_000_000));
    rcc.write(0x34, 1 << 16);
    rcc.write(4, rcc.peek(4) | 3);
    assert_eq!((rcc.read(4) & 0xf, core(&rcc)), (0xf, 48_000_000), "HSI48");
}

#[test]
fn an_f3_runs_its_timer_and_adc_from_the_pll() {
    let kind = "stm32f3-rcc";
    let mut rcc = Testbed::new(kind);
    rcc.write(0, 0x0001_0083);
    rcc.write(4, 7 << 18 | 1 << 16 | 4 << 8);
    rcc.write(0, 0x0101_0083);
    rcc.write(4, rcc.peek(4) | 2);
    assert_eq!(
        (core(&rcc), hz(&rcc, kind, "usart1"), hz(&rcc, kind, "usart2")),
        (72_000_000, 72_000_000, 36_000_000)
    );
    rcc.write(0x30, 1 << 8);
    rcc.write(0x2c, 0x11 << 4);
    assert_eq!((hz(&rcc, kind, "tim1"), hz(&rcc, kind, "adc")), (144_000_000, 36_000_000));
    assert_eq!((hz(&rcc, kind, "tim8"), hz(&rcc, kind, "adc3")), (72_000_000, 72_000_000));
}

#[test]
fn an_l1_runs_at_32_mhz() {
    let kind = "stm32l1-rcc";
    let mut rcc = Testbed::new(kind);
    rcc.write(0, 0x301);
    rcc.write(8, 2 << 22 | 2 << 18); // HSI * 6 / 3
    rcc.write(0, 0x0100_0301);
    rcc.write(8, rcc.peek(8) | 3);
    assert_eq!((core(&rcc), rcc.read(8) & 0xf), (32_000_000, 0xf));
    rcc.write(0, rcc.peek(0) & !0x100);
    assert_eq!(rcc.read(0) & 0x300, 0, "MSI is off");
    rcc.write(0x34, 1 << 8 | 1 << 16 | 1 << 22);
    assert_eq!(hz(&rcc, kind, "rtc"), 32_768);
    rcc.write(0x34, 1 << 23 | 1);
    assert_eq!((rcc.read(0x34), hz(&rcc, kind, "rtc")), (0x0c80_0003, 0), "RTCRST");
}

#[test]
fn an_l4_runs_at_80_mhz() {
    let kind = "stm32l4-rcc";
    let mut rcc = Testbed::new(kind);
    rcc.write(0x18, 1 << 5);
    rcc.write(0x0c, 40 << 8 | 1); // MSI * 40 / 2
    rcc.write(0, 0x0100_0063);
    assert_eq!((rcc.irq_lines(), rcc.read(0x1c)), (1, 1 << 5));
    rcc.write(0x20, 1 << 5);
    assert_eq!((rcc.irq_lines(), rcc.read(0x1c), rcc.read(0x20)), (0, 0, 0));
    rcc.write(8, 3);
    assert_eq!(rcc.read(8), 3, "PLLREN is off");
    rcc.write(0x0c, rcc.peek(0x0c) | 1 << 24);
    assert_eq!((rcc.read(8), core(&rcc)), (0xf, 80_000_000));
    rcc.write(0, 0x0100_0163);
    rcc.write(0x88, 2 << 2 | 1 << 12);
    assert_eq!((hz(&rcc, kind, "usart2"), hz(&rcc, kind, "i2c1")), (16_000_000, 80_000_000));
    rcc.write(0, 0x0100_017b);
    rcc.write(0, 0x0100_0173);
    assert_eq!(core(&rcc), 160_000_000, "MSIRGSEL stays set, and MSI has 8 MHz");
}

#[test]
fn an_svd_file_without_a_running_oscillator_is_not_believed() {
    let xml = r#"<device><name>X</name><version>1</version><description>d</description>
        <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
        <peripherals><peripheral><name>RCC</name><baseAddress>0</baseAddress><registers>
          <register><name>CR</name><addressOffset>0</addressOffset></register>
        </registers></peripheral></peripherals></device>"#;
    let registers = Svd::parse(xml).unwrap().all_registers().cloned().collect();
    let rcc = Testbed::with_registers("stm32l4-rcc", registers);
    assert_eq!((rcc.peek(0), core(&rcc)), (0x63, 4_000_000));
}

#[test]
fn a_ready_interrupt_is_cleared_by_its_clear_bit() {
    let mut rcc = Testbed::new("stm32f4-rcc");
    rcc.write(0x0c, 1 << 11);
    rcc.write(0, 0x0001_0083);
    assert_eq!(rcc.irq_lines(), 1);
    rcc.write(0x0c, 1 << 11 | 1 << 19);
    assert_eq!((rcc.irq_lines(), rcc.read(0x0c)), (0, 1 << 11));
}

#[test]
fn reset_flags_are_removed() {
    for (kind, csr, remove, before, after) in
        [("stm32f1-rcc", 0x24, 1 << 24, 0x0c00_0000, 0), ("stm32l4-rcc", 0x94, 1 << 23, 0x0c00_0600, 0x600)]
    {
        let mut rcc = Testbed::new(kind);
        assert_eq!(rcc.read(csr), before, "{kind}");
        rcc.write(csr, remove | after);
        assert_eq!(rcc.read(csr), after, "{kind}");
    }
}

#[test]
fn flags_tell_what_has_reset_the_chip() {
    let mut rcc = Testbed::new("stm32f4-rcc");
    rcc.write(0x70, 1); // LSEON
    assert_eq!((rcc.read(0x74), rcc.read(0x70)), (0x0e00_0000, 3), "power-on");
    rcc.write(0x74, 1 << 24);
    rcc.device.reset();
    assert_eq!((rcc.read(0x74), rcc.read(0x70)), (0x1400_0000, 3), "software; the backup domain is kept");
    rcc.wire(0, Level::High);
    rcc.device.reset();
    assert_eq!(rcc.read(0x74), 0x3400_0000, "the watchdog, and the flag before it");
    rcc.write(0x74, 1 << 24);
    rcc.device.reset();
    assert_eq!(rcc.read(0x74), 0x1400_0000, "not the watchdog again");
}
