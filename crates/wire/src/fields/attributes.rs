//! Values of options and details. Null, which some clients send for "unset", reads as absent everywhere.

use super::{DICT, Decoded, Fields, Id, TEXT};
use crate::codec::{Reader, Token};
use crate::{DecodeError, DecodeFault, MAX_ID, Text, Value};

impl<'f, R: Reader<'f>> Fields<'f, R> {
    /// Reads the entries of a dictionary within another.
    #[inline]
    pub(crate) fn entries(
        &mut self,
        each: impl FnMut(&str, &mut Self) -> Decoded<()>,
    ) -> Decoded<()> {
        let token = self.reader.token()?;
        let outer = self.attribute.clone();
        let read = self.rest_of_dict(&token, each);
        let read = read.map_err(|fault| fault.below(&outer));
        self.attribute = outer;
        read
    }

    /// Reads the items of a list; says whether it is there.
    pub(crate) fn items(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Decoded<()>,
    ) -> Decoded<bool> {
        let Some(token) = self.present()? else {
            return Ok(false);
        };
        let Token::List(mut extent) = token else {
            return Err(self.wrong("a list", token.kind()));
        };
        while self.reader.item(&mut extent)? {
            each(self)?;
        }
        Ok(true)
    }

    pub(crate) fn skip(&mut self) -> Decoded<()> {
        Ok(self.reader.skip()?)
    }

    pub(crate) fn boolean(&mut self, slot: &mut Option<bool>) -> Decoded<()> {
        let token = self.reader.token()?;
        if let Token::Bool(value) = token {
            *slot = Some(value);
            return Ok(());
        }
        *slot = None;
        self.null_or("a boolean", &token)
    }

    /// Reads a boolean if one stands here, and anything else as absent.
    pub(crate) fn flag(&mut self) -> Decoded<bool> {
        let token = self.reader.token()?;
        if let Token::Bool(value) = token {
            return Ok(value);
        }
        self.reader.skip_rest(token)?;
        Ok(false)
    }

    pub(crate) fn string(&mut self, slot: &mut Option<Text>) -> Decoded<()> {
        let token = self.present()?;
        *slot = token.map(|token| self.to_text(token)).transpose()?;
        Ok(())
    }

    pub(crate) fn identifier<I: Id>(&mut self, slot: &mut Option<I>) -> Decoded<()> {
        let token = self.present()?;
        *slot = token.map(|token| self.to_id(&token)).transpose()?;
        Ok(())
    }

    pub(crate) fn unsigned(&mut self, slot: &mut Option<u64>) -> Decoded<()> {
        let token = self.present()?;
        *slot = token
            .map(|token| self.to_number(&token, MAX_ID))
            .transpose()?;
        Ok(())
    }

    pub(crate) fn unsigned32(&mut self, slot: &mut Option<u32>) -> Decoded<()> {
        let token = self.present()?;
        let number = token
            .map(|token| self.to_number(&token, u32::MAX.into()))
            .transpose()?;
        *slot = number.and_then(|number| u32::try_from(number).ok());
        Ok(())
    }

    /// Reads one of the words that `allowed` lists; `parse` knows exactly these.
    pub(crate) fn word<T>(
        &mut self,
        slot: &mut Option<T>,
        allowed: &'static [&'static str],
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Decoded<()> {
        *slot = None;
        let token = self.reader.token()?;
        let Token::Text(word) = token else {
            return self.null_or(TEXT, &token);
        };
        let Some(value) = parse(&word) else {
            return Err(DecodeFault::UnknownWord {
                place: self.place(),
                allowed,
                found: word.into(),
            }
            .into());
        };
        *slot = Some(value);
        Ok(())
    }

    pub(crate) fn strings(&mut self, slot: &mut Option<Vec<Text>>) -> Decoded<()> {
        let mut list = Vec::new();
        let present = self.items(|fields| {
            let token = fields.reader.token()?;
            list.push(fields.to_text(token)?);
            Ok(())
        })?;
        *slot = present.then_some(list);
        Ok(())
    }

    pub(crate) fn identifiers<I: Id>(&mut self, slot: &mut Option<Vec<I>>) -> Decoded<()> {
        let mut list = Vec::new();
        let present = self.items(|fields| {
            let token = fields.reader.token()?;
            list.push(fields.to_id(&token)?);
            Ok(())
        })?;
        *slot = present.then_some(list);
        Ok(())
    }

    /// Reads a dictionary whole.
    pub(crate) fn dictionary(&mut self, slot: &mut Value) -> Decoded<()> {
        let token = self.reader.token()?;
        if !matches!(token, Token::Dict(_)) {
            *slot = Value::Null;
            return self.null_or(DICT, &token);
        }
        *slot = self.dict_from(token)?.unwrap_or_default();
        Ok(())
    }

    fn present(&mut self) -> Result<Option<Token<'f>>, DecodeError> {
        let token = self.reader.token()?;
        Ok((!matches!(token, Token::Null)).then_some(token))
    }
}
