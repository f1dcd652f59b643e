use crate::codec::Writer;
use crate::codec::dispatch::{self, Writing};
use crate::{EncodeError, Format, Payload, Value};

/// A dictionary that carries the payload of another message, as the history of events does.
#[derive(Clone, Copy, Debug)]
pub struct Record<'v> {
    /// The first entries.
    pub entries: &'v [(String, Value)],
    /// What follows as `args` and `kwargs`, where there is any.
    pub payload: &'v Payload,
}

impl Record<'_> {
    /// Encodes the dictionary. The payload's octets are copied if they are in `format`, else transcoded.
    ///
    /// # Errors
    /// Says what `format` cannot express.
    pub fn encode(&self, format: Format) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(ENTRIES + self.payload.len());
        dispatch::write(format, &mut out, self)?;
        Ok(out)
    }
}

impl Writing for Record<'_> {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        let parts = [
            ("args", &self.payload.args),
            ("kwargs", &self.payload.kwargs),
        ];
        let parts = parts.into_iter().filter(|(_, part)| !part.is_empty());
        let length = self.entries.len() + parts.clone().count();
        let mark = out.begin_dict(Some(length));
        for (key, value) in self.entries {
            out.key(key);
            value.write(out)?;
        }
        for (key, part) in parts {
            out.name(key);
            self.payload.write_part(part, out)?;
        }
        out.end_dict(mark, length);
        Ok(())
    }
}

impl Payload {
    /// Makes a payload whose one positional argument is a list of values that are encoded in `format`.
    ///
    /// # Errors
    /// Says what of the keyword arguments `format` cannot express.
    pub fn listing(
        format: Format,
        values: &[Vec<u8>],
        kwargs: &[(String, Value)],
    ) -> Result<Self, EncodeError> {
        let mut args = Vec::with_capacity(values.iter().map(|value| value.len() + 1).sum());
        dispatch::write(format, &mut args, &Listing(values))?;
        let kwargs = Self::new(format, &[], kwargs)?.kwargs;
        Ok(Self {
            format,
            args: args.into(),
            kwargs,
        })
    }
}

struct Listing<'v>(&'v [Vec<u8>]);

impl Writing for Listing<'_> {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        let args = out.begin_list(Some(1));
        let list = out.begin_list(Some(self.0.len()));
        for value in self.0 {
            out.raw(value);
        }
        out.end_list(list, self.0.len());
        out.end_list(args, 1);
        Ok(())
    }
}

/// The octets that the first entries take, about.
const ENTRIES: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p15_records_carry_payloads_of_every_serializer_in_every_other() {
        let args = [Value::from(1_u64), Value::from("ü")];
        let kwargs = [("k".to_owned(), Value::List(vec![Value::Null]))];
        let entries = [("publication".to_owned(), Value::from(5_u64))];
        let formats = Format::ALL;
        for from in formats {
            let payload = Payload::new(from, &args, &kwargs).unwrap();
            for to in formats {
                let record = Record {
                    entries: &entries,
                    payload: &payload,
                };
                let record = record.encode(to).unwrap();
                let empty = Record {
                    entries: &entries,
                    payload: &Payload::EMPTY,
                };
                let empty = empty.encode(to).unwrap();
                let more = [("more".to_owned(), Value::Bool(true))];
                let listing = Payload::listing(to, &[record, empty], &more).unwrap();
                let [list] = &listing.args().unwrap()[..] else {
                    panic!("one argument");
                };
                let [full, bare] = list.as_list().unwrap() else {
                    panic!("two records");
                };
                assert_eq!(full.get("publication"), Some(&Value::from(5_u64)));
                assert_eq!(full.get("args"), Some(&Value::List(args.to_vec())));
                assert_eq!(full.get("kwargs"), Some(&Value::Dict(kwargs.to_vec())));
                assert_eq!(*bare, Value::Dict(entries.to_vec()));
                assert_eq!(listing.kwargs().unwrap(), more.to_vec());
            }
        }
        let none = Payload::listing(Format::Json, &[], &[]).unwrap();
        assert_eq!(&none.args[..], b"[[]]");
    }
}
