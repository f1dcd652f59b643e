//! HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE.

use super::draft::Draft;
use super::roles::{CLIENT, ROUTER, UNWRITTEN};
use super::table::{Slot, Table, Words, slot};
use super::{Tabled, lacking, refuse, word_number};
use crate::fields::Decoded;
use crate::{Abort, Authenticate, Challenge, EncodeError, Goodbye, Hello, Text, Value, Welcome};

/// `Hello`
mod hello {
    use super::{Slot, slot};

    pub(super) const ROLES: Slot = slot(1, "roles");
    pub(super) const REALM: Slot = slot(2, "realm");
    pub(super) const AUTHMETHODS: Slot = slot(3, "authmethods");
    pub(super) const AUTHID: Slot = slot(4, "authid");
    pub(super) const AUTHROLE: Slot = slot(5, "authrole");
    pub(super) const AUTHEXTRA: Slot = slot(6, "authextra");
}

impl Tabled for Hello {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let roles = match table.table(hello::ROLES)? {
            Some(roles) => CLIENT.read(&roles)?,
            None => UNWRITTEN,
        };
        if roles.is_empty() {
            return Err(table.missing(hello::ROLES));
        }
        let methods = table.words(hello::AUTHMETHODS, METHODS)?;
        Ok(Self {
            realm: table.text(hello::REALM)?,
            roles,
            agent: None,
            authmethods: methods.into_iter().map(Text::from_static).collect(),
            authid: table.text(hello::AUTHID)?,
            authrole: table.text(hello::AUTHROLE)?,
            authextra: read_map(table, hello::AUTHEXTRA)?.unwrap_or_default(),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.table(hello::ROLES, CLIENT.draft(&self.roles));
        draft.text(hello::REALM, self.realm.as_deref());
        if !self.authmethods.is_empty() {
            let methods = self.authmethods.iter().map(|method| match &**method {
                ANONYMOUS => Ok(0),
                method => word_number("this authentication method", METHODS, method),
            });
            let methods: Vec<u8> = methods.collect::<Result<_, _>>()?;
            draft.octets(hello::AUTHMETHODS, methods.into());
        }
        draft.text(hello::AUTHID, self.authid.as_deref());
        draft.text(hello::AUTHROLE, self.authrole.as_deref());
        if let Some(extra) = draft_map(&self.authextra)? {
            draft.table(hello::AUTHEXTRA, extra);
        }
        Ok(draft)
    }
}

/// `Welcome`
mod welcome {
    use super::{Slot, slot};

    pub(super) const SESSION: Slot = slot(0, "session");
    pub(super) const ROLES: Slot = slot(1, "roles");
    pub(super) const REALM: Slot = slot(2, "realm");
    pub(super) const AUTHID: Slot = slot(3, "authid");
    pub(super) const AUTHROLE: Slot = slot(4, "authrole");
    pub(super) const AUTHMETHOD: Slot = slot(5, "authmethod");
    pub(super) const AUTHPROVIDER: Slot = slot(6, "authprovider");
    pub(super) const AUTHEXTRA: Slot = slot(7, "authextra");
}

impl Tabled for Welcome {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let roles = table.table(welcome::ROLES)?;
        let roles = roles.map(|roles| ROUTER.read(&roles)).transpose()?;
        let method = table.optional_word(welcome::AUTHMETHOD, METHODS)?;
        Ok(Self {
            session: table.id(welcome::SESSION)?,
            realm: table.text(welcome::REALM)?,
            roles: roles.unwrap_or_default(),
            agent: None,
            authid: table.text(welcome::AUTHID)?,
            authrole: table.text(welcome::AUTHROLE)?,
            authmethod: method.map(Text::from_static),
            authprovider: table.text(welcome::AUTHPROVIDER)?,
            authextra: read_map(table, welcome::AUTHEXTRA)?.unwrap_or_default(),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(welcome::SESSION, self.session);
        draft.table(welcome::ROLES, ROUTER.draft(&self.roles));
        draft.text(welcome::REALM, self.realm.as_deref());
        draft.text(welcome::AUTHID, self.authid.as_deref());
        draft.text(welcome::AUTHROLE, self.authrole.as_deref());
        // What authenticated the session is known to it: a method without a number is left out.
        let method = self.authmethod.as_deref().map_or(0, |method| {
            word_number("this authentication method", METHODS, method).unwrap_or(0)
        });
        draft.number8(welcome::AUTHMETHOD, method, 0);
        draft.text(welcome::AUTHPROVIDER, self.authprovider.as_deref());
        if let Ok(Some(extra)) = draft_map(&self.authextra) {
            draft.table(welcome::AUTHEXTRA, extra);
        }
        Ok(draft)
    }
}

/// `Abort`
mod abort {
    use super::{Slot, slot};

    pub(super) const REASON: Slot = slot(1, "reason");
    pub(super) const MESSAGE: Slot = slot(2, "message");
}

impl Tabled for Abort {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            message: table.text(abort::MESSAGE)?,
            reason: table.required_text(abort::REASON)?,
            ..Self::default()
        })
    }

    /// What WAMP-SCRAM says is left out: the schema has no place for it.
    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(!self.payload.is_empty(), "arguments in ABORT")?;
        let mut draft = Draft::new();
        draft.text(abort::REASON, Some(&self.reason));
        draft.text(abort::MESSAGE, self.message.as_deref());
        Ok(draft)
    }
}

/// `Challenge`
mod challenge {
    use super::{Slot, slot};

    pub(super) const METHOD: Slot = slot(1, "method");
    pub(super) const EXTRA: Slot = slot(2, "extra");
}

impl Tabled for Challenge {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let method = table.word(challenge::METHOD, 0, METHODS)?;
        let extra = read_map(table, challenge::EXTRA)?;
        Ok(Self {
            method: Text::from_static(method),
            extra: extra.unwrap_or_else(|| Value::Dict(Vec::new())),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        let method = match &*self.method {
            ANONYMOUS => 0,
            method => word_number("this authentication method", METHODS, method)?,
        };
        draft.number8(challenge::METHOD, method, 0);
        if let Some(extra) = draft_map(&self.extra)? {
            draft.table(challenge::EXTRA, extra);
        }
        Ok(draft)
    }
}

/// `Authenticate`
mod authenticate {
    use super::{Slot, slot};

    pub(super) const SIGNATURE: Slot = slot(1, "signature");
    pub(super) const EXTRA: Slot = slot(2, "extra");
}

impl Tabled for Authenticate {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let extra = read_map(table, authenticate::EXTRA)?;
        Ok(Self {
            signature: table.required_text(authenticate::SIGNATURE)?,
            extra: extra.unwrap_or_else(|| Value::Dict(Vec::new())),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.text(authenticate::SIGNATURE, Some(&self.signature));
        if let Some(extra) = draft_map(&self.extra)? {
            draft.table(authenticate::EXTRA, extra);
        }
        Ok(draft)
    }
}

/// `Goodbye`
mod goodbye {
    use super::{Slot, slot};

    pub(super) const REASON: Slot = slot(1, "reason");
    pub(super) const MESSAGE: Slot = slot(2, "message");
}

impl Tabled for Goodbye {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            message: table.text(goodbye::MESSAGE)?,
            reason: table.required_text(goodbye::REASON)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.text(goodbye::REASON, Some(&self.reason));
        draft.text(goodbye::MESSAGE, self.message.as_deref());
        Ok(draft)
    }
}

/// `AuthMethod`
const METHODS: Words = &[ANONYMOUS, "ticket", "wampcra", "wamp-scram", "cryptosign"];
const ANONYMOUS: &str = "anonymous";

/// `Map`: in spite of its name, one key with its value.
mod map {
    use super::{Slot, slot};

    pub(super) const KEY: Slot = slot(0, "key");
    pub(super) const VALUE: Slot = slot(1, "value");
}

/// Reads a dictionary of one entry.
fn read_map(table: &Table<'_>, slot: Slot) -> Decoded<Option<Value>> {
    let Some(table) = table.table(slot)? else {
        return Ok(None);
    };
    let key = table.required_text(map::KEY)?;
    let value = table.text(map::VALUE)?;
    Ok(Some(Value::Dict(vec![(
        key.as_str().to_owned(),
        value.into(),
    )])))
}

/// Drafts a dictionary; none if it is empty.
fn draft_map(dict: &Value) -> Result<Option<Draft<'_>>, EncodeError> {
    if *dict == Value::Null {
        return Ok(None);
    }
    let entries = dict.as_dict().map(Vec::as_slice);
    let mut draft = Draft::new();
    match entries {
        Some([]) => return Ok(None),
        Some([(key, Value::Text(value))]) => {
            draft.text(map::KEY, Some(key));
            draft.text(map::VALUE, Some(value));
        }
        Some([(key, Value::Null)]) => draft.text(map::KEY, Some(key)),
        _ => return Err(lacking("extra attributes but one with text")),
    }
    Ok(Some(draft))
}
