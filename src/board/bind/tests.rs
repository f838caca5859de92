use crate::{
    board::{Answers, Board, Named},
    svd::Svd,
    words::Width,
};

/// A chip that nobody has heard of: a UART and a timer whose registers are known ones, and something else.
const SVD: &str = r#"<device><name>Z1</name><version>1</version><description>d</description>
    <cpu><name>CM3</name><revision>r1p1</revision><endian>little</endian><mpuPresent>false</mpuPresent>
      <fpuPresent>false</fpuPresent><nvicPrioBits>3</nvicPrioBits><vendorSystickConfig>false</vendorSystickConfig></cpu>
    <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
    <peripherals>
    <peripheral><name>SERIAL7</name><baseAddress>0x4000A000</baseAddress>
      <addressBlock><offset>0</offset><size>0x400</size><usage>registers</usage></addressBlock>
      <interrupt><name>SERIAL7_IRQ</name><value>9</value></interrupt>
      <registers>
        <register><name>SERIAL_SR</name><addressOffset>0</addressOffset><resetValue>0xC0</resetValue></register>
        <register><name>SERIAL_DR</name><addressOffset>4</addressOffset></register>
        <register><name>SERIAL_BRR</name><addressOffset>8</addressOffset></register>
        <register><name>SERIAL_CR1</name><addressOffset>0xC</addressOffset></register>
        <register><name>SERIAL_CR2</name><addressOffset>0x10</addressOffset></register>
        <register><name>SERIAL_CR3</name><addressOffset>0x14</addressOffset></register>
        <register><name>SERIAL_GTPR</name><addressOffset>0x18</addressOffset></register>
      </registers></peripheral>
    <peripheral><name>FLUX</name><baseAddress>0x4000B000</baseAddress>
      <addressBlock><offset>0</offset><size>0x400</size><usage>registers</usage></addressBlock>
      <registers><register><name>STATE</name><addressOffset>8</addressOffset><resetValue>0x55</resetValue>
      </register></registers></peripheral>
    </peripherals></device>"#;

const CHIP: &str = "
name: Z
variants:
- name: Z1
  cores:
  - name: main
    type: armv7m
    core_access_options: !Arm
      ap: !v1 0
  memory_map:
  - !Nvm
    range: { start: 0x00400000, end: 0x00440000 }
    cores: [main]
  - !Ram
    range: { start: 0x20000000, end: 0x20004000 }
    cores: [main]
";

fn board() -> Board {
    let directory = tempfile::tempdir().unwrap();
    let (svd, description) = (directory.path().join("z.svd"), directory.path().join("z.yaml"));
    std::fs::write(&svd, SVD).unwrap();
    std::fs::write(&description, CHIP).unwrap();
    let named = Named { chip: None, description: Some(description), svd: Some(svd) };
    Board::for_chip(&named).unwrap()
}

#[test]
fn a_chip_of_which_nothing_is_known_gets_models_by_its_registers() {
    let board = board();
    let answers: Vec<(&str, &Answers)> =
        board.bindings().iter().map(|binding| (binding.peripheral.as_str(), &binding.answers)).collect();
    let uart = Answers::Model { kind: "stm32-usart", device: "serial7".to_owned() };
    assert_eq!(answers, [("SERIAL7", &uart), ("FLUX", &Answers::Generic)]);
    assert_eq!(board.console(), Some("serial7"));
    let config = board.config();
    assert_eq!((config.interrupts, config.priority_bits, config.vector_table), (10, 3, 0x40_0000));
    assert_eq!(
        board.interrupts().find(|(irq, _)| *irq == 9).map(|(_, name)| name).as_deref(),
        Some("SERIAL7_IRQ")
    );
    assert_eq!(board.bus().peek(0x4000_b008, Width::Word, 0), Ok(0x55));
    assert_eq!(board.bus().peek(0x4003_0000, Width::Word, 0), Ok(0), "what nobody knows is no bus fault");
}

#[test]
fn a_trace_keeps_an_svd_file_of_the_users_and_what_was_bound() {
    let board = board();
    let again = Board::from_sources(board.sources().clone()).unwrap();
    assert_eq!(again.svd().map(|svd| &**svd), Some(&Svd::parse(SVD).unwrap()));
    assert_eq!(again.bus().save(), board.bus().save());
    assert_eq!(again.config(), board.config());
}

#[test]
fn a_chip_is_identified_by_its_digits() {
    let parts = ["nRF52840_xxAA", "nRF51822", "STM32F103RB", "any"].map(super::part);
    assert_eq!(parts, [Some(0x5_2840), Some(0x5_1822), Some(0x32), None]);
}

#[test]
fn a_chip_of_the_nrf_family_has_its_models_wired() {
    let board = Board::find("nrf52840dk").unwrap();
    let generic: Vec<&str> = board
        .bindings()
        .iter()
        .filter(|binding| binding.answers == Answers::Generic)
        .map(|binding| binding.peripheral.as_str())
        .collect();
    for modelled in
        ["CLOCK", "UARTE0", "SPIM3", "TWIM1", "GPIOTE", "P0", "P1", "PPI", "EGU5", "RTC2", "TIMER4"]
    {
        assert!(!generic.contains(&modelled), "{modelled}");
    }
    let mut bus = board.bus();
    let mut memory = crate::peripherals::testbed::NoMemory;
    let mut write = |address, value| bus.write(address, Width::Word, value, 0, &mut memory).unwrap();
    // EGU0 triggers a toggle of P1.02 by the PPI.
    write(0x4000_6510, 3 | 34 << 8 | 3 << 16);
    write(0x4001_f510, 0x4001_4100);
    write(0x4001_f514, 0x4000_6000);
    write(0x4001_f504, 1);
    write(0x4001_4000, 1);
    assert_eq!(bus.peek(0x4001_4100, Width::Word, 0), Ok(1), "the event");
    bus.write(0x5000_0a08, Width::Word, 0, 0, &mut crate::peripherals::testbed::NoMemory).unwrap();
    assert_eq!(bus.peek(0x5000_0810, Width::Word, 0), Ok(1 << 2), "IN of P1");
    assert_eq!(bus.peek(0x1000_0100, Width::Word, 0), Ok(0x5_2840), "FICR.INFO.PART");
}

#[test]
fn the_common_register_of_an_l1_is_wired_to_its_converter() {
    let board = Board::find("nucleo-l152re").unwrap();
    let common = board.bindings().iter().find(|binding| binding.peripheral == "ADC_Common").unwrap();
    let device = "adc_common".to_owned();
    assert_eq!(common.answers, Answers::Board { kind: "stm32-adc-common".to_owned(), device });
    let mut bus = board.bus();
    let mut write = |address, value| {
        bus.write(address, Width::Word, value, 0, &mut crate::peripherals::testbed::NoMemory).unwrap();
    };
    // HSI16 and the converter on.
    write(0x4002_3800, 0x301);
    write(0x4002_3820, 1 << 9);
    write(0x4001_2704, 2 << 16);
    write(0x4001_2408, 1);
    assert_eq!(bus.peek(0x4001_2704, Width::Word, 0), Ok(2 << 16), "CCR");
    bus.wake(1 << 20, &mut crate::peripherals::testbed::NoMemory);
    assert_eq!(bus.peek(0x4001_2700, Width::Word, 1 << 20), Ok(1 << 6), "CSR.ADONS1");
}
