//! A bank of registers without behaviour of its own: what an SVD file says of each bit.

use super::{
    Access, Context, Device, Peripheral, Slot,
    bank::{Bank, Contents, Policy},
    kinds::{Kind, Wiring},
};
use crate::words::BusFault;

pub(super) const KIND: Kind = Kind {
    name: "generic",
    about: "registers without behaviour, as the SVD file describes their bits",
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Generic(Bank::new(wiring.registers.iter().cloned(), Policy::Reset))))
    },
    ..Kind::PLAIN
};

struct Generic(Bank);

impl Peripheral for Generic {
    type State = Contents;

    fn read(&self, s: &mut Contents, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.0.read(s, at, cx.now)
    }

    fn write(&self, s: &mut Contents, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.0.write(s, at, value, cx.now)
    }
}

#[cfg(test)]
mod tests {
    use crate::svd::Svd;

    #[test]
    fn read_only_registers_keep_their_reset_value() {
        let xml = r#"<device><name>X</name><version>1</version><description>d</description>
            <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><peripherals>
            <peripheral><name>P</name><baseAddress>0</baseAddress><registers>
              <register><name>A</name><addressOffset>0</addressOffset><access>read-only</access>
                <resetValue>5</resetValue></register>
              <register><name>B</name><addressOffset>4</addressOffset><resetValue>6</resetValue></register>
            </registers></peripheral></peripherals></device>"#;
        let registers = Svd::parse(xml).unwrap().all_registers().cloned().collect();
        let mut bank = crate::peripherals::testbed::Testbed::with_registers("generic", registers);
        bank.write(0, 9);
        bank.write(4, 9);
        bank.write(8, 9);
        assert_eq!((bank.read(0), bank.read(4), bank.read(8), bank.read(12)), (5, 9, 9, 0));
    }
}
