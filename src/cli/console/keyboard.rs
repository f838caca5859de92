//! Standard input, and who gets it.

use super::{
    PIECE,
    input::{Arrival, Input},
};

/// A device that has been given more than this surely reads it.
const MOST_LENT: usize = 1 << 16;

/// Standard input. It belongs to a device until the firmware asks for it in another way, which then gets what the device,
/// surely unread, has been given so far.
pub struct Keyboard {
    pub input: Input,
    owner: Owner,
}

enum Owner {
    /// It is read by semihosting, or by nobody.
    Host,
    Device {
        name: String,
        /// What it was given.
        lent: Vec<u8>,
    },
}

impl Keyboard {
    /// `device` gets what arrives.
    pub fn new(input: Input, device: Option<String>) -> Keyboard {
        let owner = device.map_or(Owner::Host, |name| Owner::Device { name, lent: Vec::new() });
        Keyboard { input, owner }
    }

    /// The device that gets what arrives.
    pub fn device(&self) -> Option<&str> {
        match &self.owner {
            Owner::Device { name, .. } => Some(name),
            Owner::Host => None,
        }
    }

    /// From now on another device gets what arrives, or semihosting.
    pub fn hand_over(&mut self, device: Option<String>) {
        let new = device.map_or(Owner::Host, |name| Owner::Device { name, lent: Vec::new() });
        if let Owner::Device { lent, .. } = std::mem::replace(&mut self.owner, new) {
            self.input.put_back(lent);
        }
    }

    /// Input for the device.
    pub fn lend(&mut self) -> Option<(String, Vec<u8>)> {
        let Owner::Device { name, lent } = &mut self.owner else { return None };
        let bytes = self.input.take(PIECE);
        if lent.len() < MOST_LENT {
            lent.extend(&bytes);
        }
        (!bytes.is_empty()).then(|| (name.clone(), bytes))
    }

    /// Whether there is input for the device.
    pub fn arrival(&mut self) -> Arrival {
        match self.owner {
            Owner::Device { .. } => self.input.arrival(),
            Owner::Host => Arrival::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn whoever_takes_over_gets_what_was_lent() {
        let mut keyboard = Keyboard::new(Input::from_reader(&b"abc"[..]), Some("uart0".to_owned()));
        assert!(keyboard.input.wait(Duration::from_secs(60)));
        assert_eq!(keyboard.lend(), Some(("uart0".to_owned(), b"abc".to_vec())));
        keyboard.hand_over(Some("rtt0".to_owned()));
        assert_eq!(keyboard.lend(), Some(("rtt0".to_owned(), b"abc".to_vec())));
        keyboard.hand_over(None);
        assert_eq!(keyboard.lend(), None, "the device gets nothing any more");
        assert_eq!(keyboard.input.take(8), b"abc");
    }
}
