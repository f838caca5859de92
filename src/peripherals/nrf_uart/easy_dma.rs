//! What the UARTE sends from memory and receives into it (nRF52840 PS 6.34).

use super::{
    Buffer, Context, ENDRX, ENDTX, NrfUart, RXD_PTR, RXSTARTED, State, TXD_PTR, TXSTARTED, TXSTOPPED,
};
use crate::words::Cycle;

impl NrfUart {
    /// The next character of a buffer begins.
    pub(super) fn send(&self, s: &mut State, buffer: Buffer, now: Cycle, cx: &mut Context<'_>) {
        let byte = buffer.read(cx);
        cx.output.fetch(&[byte]);
        s.sending = Some((buffer, now.saturating_add(self.frame(s))));
    }

    /// Tells that all was sent, or that no more will be (6.34.5).
    pub(super) fn end_transmission(&self, s: &mut State, buffer: Buffer, cx: &mut Context<'_>) {
        buffer.finish(&self.registers, &mut s.values);
        self.happen(s, ENDTX, cx);
        if std::mem::take(&mut s.stopping) {
            self.happen(s, TXSTOPPED, cx);
        }
    }

    pub(super) fn start_transmission(&self, s: &mut State, cx: &mut Context<'_>) {
        let buffer = Buffer::latch(&self.registers, &s.values, TXD_PTR);
        self.happen(s, TXSTARTED, cx);
        if buffer.count > 0 {
            self.send(s, buffer, cx.now, cx);
        } else {
            self.end_transmission(s, buffer, cx);
        }
    }

    pub(super) fn start_reception(&self, s: &mut State, cx: &mut Context<'_>) {
        let buffer = Buffer::latch(&self.registers, &s.values, RXD_PTR);
        s.receiving = true;
        self.happen(s, RXSTARTED, cx);
        if buffer.count == 0 {
            buffer.finish(&self.registers, &mut s.values);
            // Not by the shortcuts: nothing would ever come between one start and the next.
            s.values.events.happen(ENDRX, cx);
            return;
        }
        s.receiver = Some(buffer);
        // What has waited for a buffer is there at once.
        for byte in std::mem::take(&mut s.received) {
            self.receive_waiting(s, byte, cx);
        }
    }

    fn receive_waiting(&self, s: &mut State, byte: u8, cx: &mut Context<'_>) {
        match &mut s.receiver {
            Some(buffer) => {
                buffer.write(byte, cx);
                if buffer.done == buffer.count
                    && let Some(buffer) = s.receiver.take()
                {
                    buffer.finish(&self.registers, &mut s.values);
                    self.happen(s, ENDRX, cx);
                }
            }
            None => s.received.push_back(byte),
        }
    }

    /// Moves what waits in the FIFO to memory (6.34.4). Of nothing, AMOUNT does not tell.
    pub(super) fn flush(&self, s: &mut State, cx: &mut Context<'_>) {
        let mut buffer = Buffer::latch(&self.registers, &s.values, RXD_PTR);
        while buffer.done < buffer.count {
            let Some(byte) = s.received.pop_front() else { break };
            buffer.write(byte, cx);
        }
        if buffer.done > 0 {
            buffer.finish(&self.registers, &mut s.values);
        }
        s.values.events.happen(ENDRX, cx);
    }
}
