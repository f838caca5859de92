//! Between a chunk in memory and its body in the file (before compression).

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::{
    Problem,
    chunk::{Channel, Chunk, Item},
    digests,
    varint::{Cursor, length, put, unzigzag, zigzag},
};
use crate::words::Icount;

/// Encodes chunks; kept because it keeps its allocations.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    numbers: HashMap<Channel, u32>,
    channels: Vec<Statistics>,
    of_item: Vec<u32>,
    codes: Vec<u8>,
    icounts: Vec<u8>,
    values: Vec<u8>,
    runs: Vec<u8>,
    body: Vec<u8>,
}

/// What is known of a channel while a chunk is encoded.
#[derive(Clone, Copy, Debug)]
struct Statistics {
    channel: Channel,
    last: u64,
    plain: u64,
    relative: u64,
}

impl Encoder {
    /// The body of a chunk.
    pub fn encode(&mut self, chunk: &Chunk) -> &[u8] {
        self.find_channels(chunk.items());
        self.fill_columns(chunk.items());
        self.body.clear();
        put(&mut self.body, self.channels.len() as u64);
        for channel in &self.channels {
            self.body = extend(std::mem::take(&mut self.body), &channel.channel);
            self.body.push(channel.is_relative().into());
        }
        for column in [&self.codes, &self.icounts, &self.values, &self.runs] {
            put(&mut self.body, column.len() as u64);
            self.body.extend_from_slice(column);
        }
        put(&mut self.body, chunk.rare_events().len() as u64);
        for event in chunk.rare_events() {
            self.body = extend(std::mem::take(&mut self.body), event);
        }
        digests::encode(chunk.digests(), &mut self.body);
        &self.body
    }

    /// Numbers the channels in the order in which they appear, and finds which way their values are shorter.
    fn find_channels(&mut self, items: &[Item]) {
        self.numbers.clear();
        self.channels.clear();
        self.of_item.clear();
        for item in items {
            let number = *self.numbers.entry(item.channel).or_insert_with(|| {
                let channel = item.channel;
                self.channels.push(Statistics { channel, last: 0, plain: 0, relative: 0 });
                self.channels.len() as u32 - 1
            });
            self.of_item.push(number);
            let known = &mut self.channels[number as usize];
            known.plain += u64::from(length(item.value));
            known.relative += u64::from(length(zigzag(item.value.wrapping_sub(known.last))));
            known.last = item.value;
        }
        for known in &mut self.channels {
            known.last = 0;
        }
    }

    fn fill_columns(&mut self, items: &[Item]) {
        for column in [&mut self.codes, &mut self.icounts, &mut self.values, &mut self.runs] {
            column.clear();
        }
        let mut icount = items.first().map_or(0, |item| item.icount);
        for (item, &number) in items.iter().zip(&self.of_item) {
            put(&mut self.codes, u64::from(number) << 1 | u64::from(item.count > 1));
            put(&mut self.icounts, item.icount.wrapping_sub(icount));
            icount = item.last_icount();
            let known = &mut self.channels[number as usize];
            match Values::of(item.channel, known.is_relative()) {
                Values::Relative => {
                    put(&mut self.values, zigzag(item.value.wrapping_sub(known.last)));
                    known.last = item.value;
                }
                Values::Plain => put(&mut self.values, item.value),
                Values::Fixed => self.values.extend_from_slice(&item.value.to_le_bytes()),
                Values::None | Values::Rare | Values::Digest => {}
            }
            if item.count > 1 {
                put(&mut self.runs, item.stride.into());
                put(&mut self.runs, u64::from(item.count) - 2);
            }
        }
    }
}

impl Statistics {
    fn is_relative(&self) -> bool {
        self.relative < self.plain
    }
}

/// How a channel's values are stored.
#[derive(Clone, Copy)]
enum Values {
    None,
    Plain,
    Relative,
    Fixed,
    Rare,
    Digest,
}

impl Values {
    fn of(channel: Channel, relative: bool) -> Values {
        match channel {
            Channel::Read { .. } | Channel::Write { .. } | Channel::WriteFault { .. } | Channel::Sleep => {
                if relative {
                    Values::Relative
                } else {
                    Values::Plain
                }
            }
            Channel::BareDigest => Values::Fixed,
            Channel::Digest => Values::Digest,
            Channel::ReadFault { .. } | Channel::Raised { .. } | Channel::Lowered { .. } | Channel::Reset => {
                Values::None
            }
            Channel::Rare => Values::Rare,
        }
    }
}

/// What is known of a channel while a chunk is decoded.
struct Known {
    channel: Channel,
    values: Values,
    narrow: bool,
    last: u64,
}

/// Decodes the body of a chunk with this many items, the first event at `first`, into an empty chunk.
pub(super) fn decode(body: &[u8], items: u32, first: Icount, chunk: &mut Chunk) -> Result<(), Problem> {
    let mut input = Cursor { rest: body };
    let mut known = decode_channels(&mut input, items)?;
    let mut columns = [Cursor { rest: &[] }; 4];
    for column in &mut columns {
        column.rest = input.varint().and_then(|length| input.bytes(length)).ok_or(ENDS_EARLY)?;
    }
    let [mut codes, mut icounts, mut values, mut runs] = columns;

    let rare = input.varint().ok_or(ENDS_EARLY)?;
    if rare > items.into() {
        return Err(Problem::Encoding("it has more rare events than items"));
    }
    for _ in 0..rare {
        chunk.push_rare(decode_one(&mut input)?);
    }
    let (mut rare_used, mut digests) = (0, 0);

    let mut icount = first;
    for _ in 0..items {
        let code = codes.varint().ok_or(ENDS_EARLY)?;
        let known = usize::try_from(code >> 1)
            .ok()
            .and_then(|number| known.get_mut(number))
            .ok_or(Problem::Encoding("an item has a channel that there is not"))?;
        icount = icounts
            .varint()
            .ok_or(ENDS_EARLY)?
            .checked_add(icount)
            .ok_or(Problem::Encoding("an icount does not fit 64 bits"))?;
        let value = match known.values {
            Values::Plain => values.varint().ok_or(ENDS_EARLY)?,
            Values::Relative => known.last.wrapping_add(unzigzag(values.varint().ok_or(ENDS_EARLY)?)),
            Values::Fixed => values.fixed().ok_or(ENDS_EARLY)?,
            Values::None => 0,
            Values::Rare if rare_used == rare => {
                return Err(Problem::Encoding("an item has a rare event that there is not"));
            }
            Values::Rare => {
                rare_used += 1;
                rare_used - 1
            }
            Values::Digest => {
                digests += 1;
                digests - 1
            }
        };
        if known.narrow && value > u32::MAX.into() {
            return Err(Problem::Encoding("a value of an access does not fit 32 bits"));
        }
        known.last = value;
        let mut item = Item { icount, value, channel: known.channel, count: 1, stride: 0 };
        if code & 1 != 0 {
            item.stride = small(runs.varint())?;
            item.count = small(runs.varint().and_then(|more| more.checked_add(2)))?;
            icount = (u64::from(item.count - 1) * u64::from(item.stride))
                .checked_add(icount)
                .ok_or(Problem::Encoding("an icount does not fit 64 bits"))?;
        }
        chunk.push(item);
    }
    chunk.push_digests(digests::decode(&mut input, digests as usize).ok_or(ENDS_EARLY)?);
    let columns = [codes, icounts, values, runs, input];
    if rare_used != rare || columns.iter().any(|column| !column.rest.is_empty()) {
        return Err(Problem::Encoding("it has more contents than items"));
    }
    Ok(())
}

const ENDS_EARLY: Problem = Problem::Encoding("its contents end too early");

fn decode_channels(input: &mut Cursor<'_>, items: u32) -> Result<Vec<Known>, Problem> {
    let number = input.varint().ok_or(ENDS_EARLY)?;
    if number > items.into() {
        return Err(Problem::Encoding("it has more channels than items"));
    }
    let mut known = Vec::new();
    for _ in 0..number {
        let channel: Channel = decode_one(input)?;
        let relative = match input.bytes(1) {
            Some([0]) => false,
            Some([1]) => true,
            _ => return Err(Problem::Encoding("a channel is neither relative nor not")),
        };
        let values = Values::of(channel, relative);
        known.push(Known { channel, values, narrow: channel.is_narrow(), last: 0 });
    }
    Ok(known)
}

fn small(number: Option<u64>) -> Result<u32, Problem> {
    let number = number.ok_or(ENDS_EARLY)?;
    u32::try_from(number).map_err(|_| Problem::Encoding("a run is longer than there can be"))
}

fn decode_one<T: DeserializeOwned>(input: &mut Cursor<'_>) -> Result<T, Problem> {
    let (value, rest) = postcard::take_from_bytes(input.rest)
        .map_err(|_| Problem::Encoding("a part of its contents is not what it should be"))?;
    input.rest = rest;
    Ok(value)
}

fn extend<T: serde::Serialize>(body: Vec<u8>, value: &T) -> Vec<u8> {
    postcard::to_extend(value, body).expect("plain data can be encoded and a vector takes it")
}
