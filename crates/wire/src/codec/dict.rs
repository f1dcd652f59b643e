use super::{Mark, Writer};
use crate::fields::Id;
use crate::{EncodeError, Identity, Text, Value};

/// An options or details dictionary under writing: absent entries are left out, the rest counted.
pub(crate) struct DictWriter<'w, W> {
    out: &'w mut W,
    mark: Mark,
    length: usize,
}

impl<'w, W: Writer> DictWriter<'w, W> {
    #[inline]
    pub(crate) fn begin(out: &'w mut W) -> Self {
        let mark = out.begin_dict(None);
        Self {
            out,
            mark,
            length: 0,
        }
    }

    #[inline]
    pub(crate) fn end(self) {
        self.out.end_dict(self.mark, self.length);
    }

    /// Writes a key; the caller writes its value next.
    #[inline]
    pub(crate) fn name(&mut self, key: &'static str) -> &mut W {
        self.length += 1;
        self.out.name(key);
        self.out
    }

    #[inline]
    pub(crate) fn boolean(&mut self, key: &'static str, value: Option<bool>) {
        if let Some(value) = value {
            self.name(key).boolean(value);
        }
    }

    #[inline]
    pub(crate) fn number(&mut self, key: &'static str, value: Option<u64>) {
        if let Some(value) = value {
            self.name(key).unsigned(value);
        }
    }

    pub(crate) fn id<I: Id>(&mut self, key: &'static str, value: Option<I>) {
        self.number(key, value.map(Id::number));
    }

    #[inline]
    pub(crate) fn text(
        &mut self,
        key: &'static str,
        value: Option<&Text>,
    ) -> Result<(), EncodeError> {
        match value {
            Some(value) => self.name(key).text(value),
            None => Ok(()),
        }
    }

    /// Writes a word that needs no escaping in any serializer.
    pub(crate) fn word(&mut self, key: &'static str, value: Option<&'static str>) {
        if let Some(value) = value {
            // A word never starts with NUL, the only text that a serializer refuses.
            self.name(key).text(value).unwrap_or_default();
        }
    }

    /// Writes any value but null.
    pub(crate) fn value(&mut self, key: &'static str, value: &Value) -> Result<(), EncodeError> {
        if *value == Value::Null {
            return Ok(());
        }
        value.write_to(self.name(key))
    }

    pub(crate) fn ids<I: Id + Copy>(&mut self, key: &'static str, list: Option<&[I]>) {
        let Some(list) = list else {
            return;
        };
        let out = self.name(key);
        let mark = out.begin_list(Some(list.len()));
        for id in list {
            out.unsigned(id.number());
        }
        out.end_list(mark, list.len());
    }

    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        list: Option<&[Text]>,
    ) -> Result<(), EncodeError> {
        let Some(list) = list else {
            return Ok(());
        };
        let out = self.name(key);
        let mark = out.begin_list(Some(list.len()));
        for text in list {
            out.text(text)?;
        }
        out.end_list(mark, list.len());
        Ok(())
    }

    /// Writes a disclosed peer under three keys of this dictionary.
    pub(crate) fn identity(
        &mut self,
        keys: &[&'static str; 3],
        identity: Option<&Identity>,
    ) -> Result<(), EncodeError> {
        let Some(identity) = identity else {
            return Ok(());
        };
        let [session, authid, authrole] = *keys;
        self.id(session, identity.session);
        self.text(authid, identity.authid.as_ref())?;
        self.text(authrole, identity.authrole.as_ref())
    }

    /// Writes a list of peers, each a dictionary; an empty one is left out.
    pub(crate) fn identities(
        &mut self,
        key: &'static str,
        list: &[Identity],
    ) -> Result<(), EncodeError> {
        if list.is_empty() {
            return Ok(());
        }
        let out = self.name(key);
        let mark = out.begin_list(Some(list.len()));
        for identity in list {
            let mut item = DictWriter::begin(out);
            item.identity(&Identity::LINK, Some(identity))?;
            item.end();
        }
        out.end_list(mark, list.len());
        Ok(())
    }
}
