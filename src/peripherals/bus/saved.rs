//! The states of all devices of a bus, as bytes.

use serde::{Deserialize, Serialize};

use super::{Bus, Contents, RestoreError};
use crate::words::Cycle;

/// Everything that changes.
#[derive(Serialize, Deserialize)]
struct Saved {
    devices: Vec<(String, Vec<u8>)>,
    contents: Contents,
    reached: Cycle,
}

impl Bus {
    /// The states of all devices, encoded.
    pub fn save(&self) -> Vec<u8> {
        let device = |mount: &super::Mount| (mount.name.clone(), mount.device.save());
        let devices = self.slots.iter().map(|slot| device(&slot.mount)).collect();
        let saved = Saved { devices, contents: self.contents.clone(), reached: self.reached };
        postcard::to_stdvec(&saved).expect("names, bytes and numbers can always be encoded")
    }

    /// Takes back what [`Bus::save`] gave. After an error the bus is as it was.
    pub fn restore(&mut self, saved: &[u8]) -> Result<(), RestoreError> {
        let saved: Saved = postcard::from_bytes(saved)
            .map_err(|cause| RestoreError::Decode { device: "the bus".to_owned(), cause })?;
        let states = saved.devices;
        if !states.iter().map(|(name, _)| name).eq(self.slots.iter().map(|slot| &slot.mount.name)) {
            let found = states.into_iter().map(|(name, _)| name).collect();
            let expected = self.slots.iter().map(|slot| slot.mount.name.clone()).collect();
            return Err(RestoreError::Devices { found, expected });
        }
        let before: Vec<Vec<u8>> = self.slots.iter().map(|slot| slot.mount.device.save()).collect();
        let mut result = Ok(());
        for (slot, (name, state)) in self.slots.iter_mut().zip(states) {
            if let Err(cause) = slot.mount.device.restore(&state) {
                result = Err(RestoreError::Decode { device: name, cause });
                break;
            }
        }
        if result.is_err() {
            for (slot, state) in self.slots.iter_mut().zip(&before) {
                slot.mount.device.restore(state).expect("a device takes back its own state");
            }
        } else {
            self.contents = saved.contents;
            self.reached = saved.reached;
        }
        self.refresh_all();
        self.remember_controls();
        // What the devices know of clocks and levels is in their states.
        self.clocks = self.controller.and_then(|index| self.slots[index].mount.device.clocks());
        result
    }
}
