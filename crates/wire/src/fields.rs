use std::borrow::Cow;

use crate::codec::{Extent, Reader, Token};
use crate::{DecodeError, DecodeFault, Kind, MAX_ID, Place, Text, Value};

mod attributes;
mod payload;

/// What reading gives.
pub(crate) type Decoded<T> = Result<T, DecodeError>;

/// A kind of id.
pub(crate) trait Id: Sized {
    /// The least number that is allowed.
    const LEAST: u64;

    fn from_number(number: u64) -> Option<Self>;

    fn number(self) -> u64;
}

/// The elements of one message under reading. It knows where it stands, so that every fault names its place.
pub(crate) struct Fields<'f, R> {
    reader: R,
    extent: Extent,
    /// The end of the message was read.
    ended: bool,
    message: &'static str,
    element: &'static str,
    attribute: Cow<'f, str>,
}

impl<'f, R: Reader<'f>> Fields<'f, R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self {
            reader,
            extent: Extent::OPEN,
            ended: false,
            message: "",
            element: "",
            attribute: Cow::Borrowed(""),
        }
    }

    /// Opens a message and reads its type.
    #[inline]
    pub(crate) fn open(&mut self) -> Decoded<u64> {
        self.extent = match self.reader.try_list() {
            Some(extent) => extent,
            None => self.unusual_list()?,
        };
        if !self.another()? {
            return Err(DecodeFault::Empty.into());
        }
        match self.reader.try_unsigned() {
            Some(code) => Ok(code),
            None => type_code(&self.reader.token()?),
        }
    }

    #[cold]
    fn unusual_list(&mut self) -> Decoded<Extent> {
        if self.reader.frame().is_empty() {
            return Err(DecodeFault::Empty.into());
        }
        let token = self.reader.token()?;
        if let Token::List(extent) = token {
            return Ok(extent);
        }
        let found = token.kind();
        Err(DecodeFault::NotAList { found }.into())
    }

    /// Names the message, for errors.
    pub(crate) const fn name(&mut self, message: &'static str) {
        self.message = message;
    }

    /// Checks that the message ends here.
    #[inline]
    pub(crate) fn close(&mut self, most: u8) -> Decoded<()> {
        if self.another()? {
            return Err(DecodeFault::TooManyElements {
                message: self.message,
                most,
            }
            .into());
        }
        Ok(self.reader.end()?)
    }

    /// Steps to the next element, if there is one.
    #[inline]
    pub(crate) fn optional(&mut self, element: &'static str) -> Decoded<bool> {
        self.element = element;
        self.another()
    }

    #[inline]
    pub(crate) fn id<I: Id>(&mut self, element: &'static str) -> Decoded<I> {
        self.step(element)?;
        let token = match self.reader.try_unsigned() {
            Some(number) => Token::Unsigned(number),
            None => self.reader.token()?,
        };
        self.to_id(&token)
    }

    pub(crate) fn number(&mut self, element: &'static str, most: u64) -> Decoded<u64> {
        let token = self.element(element)?;
        self.to_number(&token, most)
    }

    #[inline]
    pub(crate) fn text(&mut self, element: &'static str) -> Decoded<Text> {
        self.step(element)?;
        if let Some(range) = self.reader.try_text() {
            return Ok(Text::trusted(self.reader.frame().slice(range)));
        }
        let token = self.reader.token()?;
        self.to_text(token)
    }

    pub(crate) fn text_or_null(&mut self, element: &'static str) -> Decoded<Option<Text>> {
        let token = self.element(element)?;
        if matches!(token, Token::Null) {
            return Ok(None);
        }
        self.to_text(token).map(Some)
    }

    /// Reads a dictionary; `each` takes the key and must read the value. Null stands for an empty one.
    #[inline]
    pub(crate) fn dict(
        &mut self,
        element: &'static str,
        each: impl FnMut(&str, &mut Self) -> Decoded<()>,
    ) -> Decoded<()> {
        self.step(element)?;
        if self.reader.try_empty_dict() {
            return Ok(());
        }
        let token = self.reader.token()?;
        self.rest_of_dict(&token, each)
    }

    /// Reads a dictionary whole; null as an empty one.
    pub(crate) fn dict_value(&mut self, element: &'static str) -> Decoded<Value> {
        let token = self.element(element)?;
        let dict = self.dict_from(token)?;
        Ok(dict.unwrap_or_else(|| Value::Dict(Vec::new())))
    }

    #[inline]
    fn another(&mut self) -> Decoded<bool> {
        if !self.ended {
            self.ended = !self.reader.item(&mut self.extent)?;
        }
        Ok(!self.ended)
    }

    /// Reads the first token of a mandatory element.
    #[inline]
    fn element(&mut self, element: &'static str) -> Decoded<Token<'f>> {
        self.step(element)?;
        Ok(self.reader.token()?)
    }

    /// Steps to a mandatory element.
    #[inline]
    fn step(&mut self, element: &'static str) -> Decoded<()> {
        if self.optional(element)? {
            return Ok(());
        }
        Err(self.missing())
    }

    /// Reads the entries of a dictionary whose first token was read, if that is not null.
    #[inline]
    fn rest_of_dict(
        &mut self,
        token: &Token<'f>,
        mut each: impl FnMut(&str, &mut Self) -> Decoded<()>,
    ) -> Decoded<()> {
        let Token::Dict(mut extent) = *token else {
            return self.null_or(DICT, token);
        };
        while self.reader.entry(&mut extent)? {
            let token = self.reader.key()?;
            let Token::Text(key) = token else {
                return Err(self.key_not_text(&token));
            };
            self.attribute = key.clone();
            each(&key, self)?;
        }
        self.attribute = Cow::Borrowed("");
        Ok(())
    }

    /// Reads the rest of a dictionary, or null.
    fn dict_from(&mut self, token: Token<'f>) -> Decoded<Option<Value>> {
        if !matches!(token, Token::Dict(_)) {
            return self.null_or(DICT, &token).map(|()| None);
        }
        Ok(Some(crate::value::read_rest(&mut self.reader, token)?))
    }

    #[inline]
    fn to_text(&self, token: Token<'f>) -> Decoded<Text> {
        if let Token::Text(text) = token {
            return Ok(match text {
                Cow::Borrowed(text) => Text::cut(self.reader.frame(), text),
                Cow::Owned(text) => Text::from(text),
            });
        }
        Err(self.wrong(TEXT, token.kind()))
    }

    #[inline]
    fn to_id<I: Id>(&self, token: &Token<'f>) -> Decoded<I> {
        match whole(token).and_then(I::from_number) {
            Some(id) => Ok(id),
            None => Err(self.bad_number(token, I::LEAST, MAX_ID)),
        }
    }

    fn to_number(&self, token: &Token<'f>, most: u64) -> Decoded<u64> {
        whole(token)
            .filter(|number| *number <= most)
            .ok_or_else(|| self.bad_number(token, 0, most))
    }

    /// Takes null; anything else is the wrong type.
    #[cold]
    fn null_or(&self, expected: &'static str, token: &Token<'f>) -> Decoded<()> {
        if matches!(token, Token::Null) {
            return Ok(());
        }
        Err(self.wrong(expected, token.kind()))
    }

    #[cold]
    fn missing(&self) -> DecodeError {
        let place = self.place();
        DecodeFault::Missing { place }.into()
    }

    #[cold]
    fn bad_number(&self, token: &Token<'f>, least: u64, most: u64) -> DecodeError {
        let found = match token {
            Token::Unsigned(number) => number.to_string(),
            Token::Negative(number) => (-1 - i128::from(*number)).to_string(),
            Token::Float(number) => number.to_string(),
            Token::Digits(digits) => digits.chars().take(40).collect(),
            Token::Null
            | Token::Bool(_)
            | Token::Text(_)
            | Token::Binary(_)
            | Token::List(_)
            | Token::Dict(_)
            | Token::Extension(..)
            | Token::Tag(_)
            | Token::Simple(_) => return self.wrong("an integer", token.kind()),
        };
        DecodeFault::OutOfRange {
            place: self.place(),
            least,
            most,
            found: found.into(),
        }
        .into()
    }

    /// Says that a mandatory key of the element that was just read is absent.
    #[cold]
    pub(crate) fn missing_key(&self, key: &str) -> DecodeError {
        let mut place = self.place();
        place.attribute = Some(key.into());
        DecodeFault::Missing { place }.into()
    }

    #[cold]
    fn wrong(&self, expected: &'static str, found: Kind) -> DecodeError {
        DecodeFault::WrongType {
            place: self.place(),
            expected,
            found,
        }
        .into()
    }

    #[cold]
    fn key_not_text(&self, token: &Token<'f>) -> DecodeError {
        DecodeFault::KeyNotText {
            place: Place {
                attribute: None,
                ..self.place()
            },
            found: token.kind(),
        }
        .into()
    }

    #[cold]
    fn place(&self) -> Place {
        let attribute = self.attribute.as_ref();
        Place {
            message: self.message,
            element: self.element,
            attribute: (!attribute.is_empty()).then(|| attribute.into()),
        }
    }
}

/// Reads a message's type.
fn type_code(token: &Token<'_>) -> Decoded<u64> {
    whole(token).ok_or_else(|| {
        let found = token.kind();
        DecodeFault::TypeNotInteger { found }.into()
    })
}

/// Reads a number without a sign, also one that JavaScript wrote as a float.
#[inline]
fn whole(token: &Token<'_>) -> Option<u64> {
    if let Token::Unsigned(number) = token {
        return Some(*number);
    }
    if let Token::Float(number) = token {
        return from_float(*number);
    }
    None
}

/// Gives the integer that a float stands for, up to 2^53.
fn from_float(number: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    if !(0.0..=LIMIT).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    // In decimal digits, since there is no checked conversion from a float. The sum turns -0.0 into 0.0.
    format!("{:.0}", number + 0.0).parse().ok()
}

const DICT: &str = "a dictionary";
const TEXT: &str = "a string";
