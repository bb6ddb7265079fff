//! The counts of one code on one UTC day, and their packed format.
//!
//! Format 1 of each column: `u8` format, then entries until the end. Quarters: `u8` quarter of the day, and people,
//! genuine, head, prefetch, bot. Agents: `u8` 0 and `i64` id, little-endian, or `u8` 1 for none; people, genuine.
//! Countries: two letters; people, genuine. Counts are LEB128. Invariant: unpacking what was packed gives the same counts.

use std::collections::BTreeMap;

use sea_orm::DbErr;

use super::{DAY_US, QUARTER_US};
use crate::store::scans::{AgentId, Country, Excluded, ScanRow};

const FORMAT: u8 = 1;

/// Counts of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    pub quarters: Quarters,
    pub agents: Agents,
    pub countries: Countries,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quarter {
    pub people: u64,
    pub genuine: u64,
    pub head: u64,
    pub prefetch: u64,
    pub bot: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct People {
    pub all: u64,
    pub genuine: u64,
}

/// By quarter of an hour, 0..96.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarters(pub BTreeMap<u8, Quarter>);

/// By user agent; `None` for a scan without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agents(pub BTreeMap<Option<i64>, People>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Countries(pub BTreeMap<Country, People>);

impl Day {
    pub fn count(&mut self, row: &ScanRow) {
        let quarter = row.at.as_microsecond() % DAY_US / QUARTER_US;
        let quarter = u8::try_from(quarter).unwrap_or(0);
        let quarter = self.quarters.0.entry(quarter).or_default();
        match row.excluded {
            Some(Excluded::Head) => return quarter.head += 1,
            Some(Excluded::Prefetch) => return quarter.prefetch += 1,
            Some(Excluded::Bot) => return quarter.bot += 1,
            None => {}
        }
        let one = People {
            all: 1,
            genuine: u64::from(row.genuine),
        };
        quarter.people += one.all;
        quarter.genuine += one.genuine;
        let agent = row.agent.map(|AgentId(id)| id);
        self.agents.0.entry(agent).or_default().add(one);
        if let Some(country) = row.country {
            self.countries.0.entry(country).or_default().add(one);
        }
    }
}

impl People {
    pub fn add(&mut self, more: Self) {
        self.all += more.all;
        self.genuine += more.genuine;
    }
}

impl Quarters {
    pub fn pack(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        for (index, q) in &self.0 {
            out.push(*index);
            for n in [q.people, q.genuine, q.head, q.prefetch, q.bot] {
                put(&mut out, n);
            }
        }
        out
    }

    pub fn add_packed(&mut self, packed: &[u8]) -> Result<(), DbErr> {
        Self::each(packed, |index, more| {
            let quarter = self.0.entry(index).or_default();
            quarter.people += more.people;
            quarter.genuine += more.genuine;
            quarter.head += more.head;
            quarter.prefetch += more.prefetch;
            quarter.bot += more.bot;
        })
    }

    /// Reads without building anything: a year has up to 35 000 quarters.
    pub fn each(packed: &[u8], mut seen: impl FnMut(u8, Quarter)) -> Result<(), DbErr> {
        let mut rest = Reader::new(packed)?;
        while rest.more() {
            let [index] = rest.array()?;
            let quarter = Quarter {
                people: rest.count()?,
                genuine: rest.count()?,
                head: rest.count()?,
                prefetch: rest.count()?,
                bot: rest.count()?,
            };
            seen(index, quarter);
        }
        Ok(())
    }
}

impl Agents {
    pub fn pack(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        for (agent, people) in &self.0 {
            match agent {
                Some(id) => {
                    out.push(0);
                    out.extend_from_slice(&id.to_le_bytes());
                }
                None => out.push(1),
            }
            put_people(&mut out, *people);
        }
        out
    }

    pub fn add_packed(&mut self, packed: &[u8]) -> Result<(), DbErr> {
        let mut rest = Reader::new(packed)?;
        while rest.more() {
            let agent = match rest.array()? {
                [0] => Some(i64::from_le_bytes(rest.array()?)),
                [1] => None,
                _ => return Err(damaged()),
            };
            self.0.entry(agent).or_default().add(rest.people()?);
        }
        Ok(())
    }
}

impl Countries {
    pub fn pack(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        for (country, people) in &self.0 {
            out.extend_from_slice(&country.letters());
            put_people(&mut out, *people);
        }
        out
    }

    pub fn add_packed(&mut self, packed: &[u8]) -> Result<(), DbErr> {
        let mut rest = Reader::new(packed)?;
        while rest.more() {
            let country = Country::parse(&rest.array::<2>()?).ok_or_else(damaged)?;
            self.0.entry(country).or_default().add(rest.people()?);
        }
        Ok(())
    }
}

fn put_people(out: &mut Vec<u8>, people: People) {
    put(out, people.all);
    put(out, people.genuine);
}

/// LEB128: seven bits a byte, the lowest first.
fn put(out: &mut Vec<u8>, mut n: u64) {
    loop {
        let low = n.to_le_bytes()[0] & 0x7f;
        n >>= 7;
        if n == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn damaged() -> DbErr {
    DbErr::Type("a packed rollup cannot be read".to_owned())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn new(packed: &'a [u8]) -> Result<Self, DbErr> {
        match packed.split_first() {
            Some((&FORMAT, rest)) => Ok(Self(rest)),
            _ => Err(damaged()),
        }
    }

    fn more(&self) -> bool {
        !self.0.is_empty()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DbErr> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*head)
    }

    fn people(&mut self) -> Result<People, DbErr> {
        Ok(People {
            all: self.count()?,
            genuine: self.count()?,
        })
    }

    fn count(&mut self) -> Result<u64, DbErr> {
        // Nearly all counts are below 128.
        if let Some((&byte, rest)) = self.0.split_first()
            && byte & 0x80 == 0
        {
            self.0 = rest;
            return Ok(u64::from(byte));
        }
        let mut n = 0u64;
        for shift in (0..63).step_by(7) {
            let [byte] = self.array()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(n);
            }
        }
        // More than 63 bits cannot be a count.
        Err(damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn people() -> impl Strategy<Value = People> {
        (0u64..1 << 62, 0u64..300).prop_map(|(all, genuine)| People { all, genuine })
    }

    fn day() -> impl Strategy<Value = Day> {
        let quarter = (0u64..400, 0u64..400, 0u64..3, 0u64..200, 0u64..1 << 40).prop_map(
            |(people, genuine, head, prefetch, bot)| Quarter {
                people,
                genuine,
                head,
                prefetch,
                bot,
            },
        );
        let country = "[A-W][A-Z]".prop_map(|c| Country::parse(c.as_bytes()).unwrap());
        (
            proptest::collection::btree_map(0u8..96, quarter, 0..20),
            proptest::collection::btree_map(any::<Option<i64>>(), people(), 0..20),
            proptest::collection::btree_map(country, people(), 0..20),
        )
            .prop_map(|(quarters, agents, countries)| Day {
                quarters: Quarters(quarters),
                agents: Agents(agents),
                countries: Countries(countries),
            })
    }

    fn unpacked(quarters: &[u8], agents: &[u8], countries: &[u8]) -> Result<Day, DbErr> {
        let mut day = Day::default();
        day.quarters.add_packed(quarters)?;
        day.agents.add_packed(agents)?;
        day.countries.add_packed(countries)?;
        Ok(day)
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(day in day()) {
            let back = unpacked(&day.quarters.pack(), &day.agents.pack(), &day.countries.pack());
            prop_assert_eq!(back.unwrap(), day);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_never_a_panic(bytes in proptest::collection::vec(0u8..4, 0..60)) {
            for part in [0, 1, 2] {
                let of = |n| if n == part { &bytes[..] } else { &[FORMAT][..] };
                let _ = unpacked(of(0), of(1), of(2));
            }
        }
    }
}
