use bytes::Bytes;

use super::{DICT, Decoded, Fields};
use crate::Payload;
use crate::codec::{Extent, Reader, Token};

impl<'f, R: Reader<'f>> Fields<'f, R> {
    /// Cuts `args` and `kwargs` out. `opaque` says that one binary or text value may stand for `args`.
    #[inline]
    pub(crate) fn payload(&mut self, opaque: bool) -> Decoded<Payload> {
        let args = if self.optional("args")? {
            self.args(opaque)?
        } else {
            Bytes::new()
        };
        let kwargs = if self.optional("kwargs")? {
            self.kwargs()?
        } else {
            Bytes::new()
        };
        Ok(Payload {
            format: R::FORMAT,
            args,
            kwargs,
        })
    }

    /// Reads a list of arguments that is all there is.
    pub(crate) fn lone_args(&mut self) -> Decoded<Bytes> {
        self.element = "args";
        let args = self.args(false)?;
        self.reader.end()?;
        Ok(args)
    }

    /// Reads a dictionary of arguments that is all there is.
    pub(crate) fn lone_kwargs(&mut self) -> Decoded<Bytes> {
        self.element = "kwargs";
        let kwargs = self.kwargs()?;
        self.reader.end()?;
        Ok(kwargs)
    }

    #[inline]
    fn args(&mut self, opaque: bool) -> Decoded<Bytes> {
        let start = self.reader.position();
        match self.reader.try_list() {
            Some(extent) => self.rest_of_args(start, extent),
            None => self.unusual_args(start, opaque),
        }
    }

    fn rest_of_args(&mut self, start: usize, mut extent: Extent) -> Decoded<Bytes> {
        if !self.reader.item(&mut extent)? {
            return Ok(Bytes::new());
        }
        self.reader.skip()?;
        while self.reader.item(&mut extent)? {
            self.reader.skip()?;
        }
        Ok(self.cut(start))
    }

    #[cold]
    fn unusual_args(&mut self, start: usize, opaque: bool) -> Decoded<Bytes> {
        let token = self.reader.token()?;
        if let Token::List(extent) = token {
            return self.rest_of_args(start, extent);
        }
        if opaque && matches!(token, Token::Binary(_) | Token::Text(_)) {
            return Ok(self.cut(start));
        }
        self.null_or("a list", &token).map(|()| Bytes::new())
    }

    fn kwargs(&mut self) -> Decoded<Bytes> {
        let start = self.reader.position();
        let token = self.reader.token()?;
        let Token::Dict(mut extent) = token else {
            return self.null_or(DICT, &token).map(|()| Bytes::new());
        };
        let mut empty = true;
        while self.reader.entry(&mut extent)? {
            empty = false;
            let key = self.reader.key()?;
            if !matches!(key, Token::Text(_)) {
                return Err(self.key_not_text(&key));
            }
            self.reader.skip()?;
        }
        Ok(if empty { Bytes::new() } else { self.cut(start) })
    }

    /// Cuts what was read since `start` out of the frame.
    fn cut(&self, start: usize) -> Bytes {
        self.reader.frame().slice(start..self.reader.offset())
    }
}
