//! Heads of lists and dictionaries: `$` and one marker for all values, `#` and how many there are.

use std::borrow::Cow;

use super::{MarkerReader, NO_OP};
use crate::Malformation;
use crate::codec::{Extent, Fault, Token};

/// What stands between the opening bracket and the first value.
pub(super) struct Head {
    /// The marker of all values; 0 if each has its own.
    pub(super) of: u8,
    /// How many values there are; none if a closing bracket tells.
    pub(super) count: Option<usize>,
    /// The values belong to an array of several axes.
    pub(super) axes: bool,
}

impl<'f, const BIG: bool> MarkerReader<'f, BIG> {
    /// The marker of octets: a list of this type is binary.
    pub(super) const OCTET: u8 = if BIG { b'U' } else { b'B' };

    pub(super) fn list(&mut self) -> Result<Token<'f>, Fault> {
        let head = self.head()?;
        if head.axes {
            return self.outer_axis(head.count.unwrap_or(0));
        }
        if head.of == Self::OCTET {
            let octets = self.cursor.take(head.count.unwrap_or(0))?;
            return Ok(Token::Binary(Cow::Borrowed(octets)));
        }
        self.enter_list(&head)?;
        Ok(Token::List(head.extent()))
    }

    pub(super) fn dict(&mut self) -> Result<Token<'f>, Fault> {
        let head = self.head()?;
        if head.axes {
            return Err(self.cursor.fault(Malformation::Octet(b'[')));
        }
        self.enter_dict(&head)?;
        Ok(Token::Dict(head.extent()))
    }

    /// Enters a list. Each of its values must take an octet, so that a few octets never stand for many values.
    pub(super) fn enter_list(&mut self, head: &Head) -> Result<(), Fault> {
        let count = head.count.unwrap_or(0);
        let least = self.least(head.of);
        if least == 0 && count != 0 {
            return Err(self.cursor.fault(Malformation::Length));
        }
        self.cursor.enter(count.saturating_mul(least))
    }

    /// Enters a dictionary, whose keys take two octets at least.
    pub(super) fn enter_dict(&mut self, head: &Head) -> Result<(), Fault> {
        let count = head.count.unwrap_or(0);
        let least = self.least(head.of) + 2;
        self.cursor.enter(count.saturating_mul(least))
    }

    pub(super) fn head(&mut self) -> Result<Head, Fault> {
        let mut of = 0;
        if self.peek() == Some(b'$') {
            self.cursor.at += 1;
            of = self.cursor.octet()?;
            if !self.is_type(of) {
                return Err(self.unexpected(of));
            }
            let next = self.cursor.octet()?;
            if next != b'#' {
                return Err(self.unexpected(next));
            }
        } else if self.peek() == Some(b'#') {
            self.cursor.at += 1;
        } else {
            return Ok(Head {
                of,
                count: None,
                axes: false,
            });
        }
        let number = Self::size(of).is_some_and(|size| size > 0);
        let axes = !BIG && number && self.peek() == Some(b'[');
        let count = if axes {
            self.cursor.at += 1;
            self.axes(of)?
        } else {
            self.length()?
        };
        Ok(Head {
            of,
            count: Some(count),
            axes,
        })
    }

    /// Gives how many octets values behind this marker have, where all have the same number.
    #[inline]
    pub(super) const fn size(marker: u8) -> Option<usize> {
        match marker {
            b'Z' | b'T' | b'F' => Some(0),
            b'U' | b'i' => Some(1),
            b'I' => Some(2),
            b'l' | b'd' => Some(4),
            b'L' | b'D' => Some(8),
            b'B' if !BIG => Some(1),
            b'u' | b'h' if !BIG => Some(2),
            b'm' if !BIG => Some(4),
            b'M' if !BIG => Some(8),
            _ => None,
        }
    }

    pub(super) const fn is_integer(&self, marker: u8) -> bool {
        match marker {
            b'U' | b'i' | b'I' | b'l' | b'L' => true,
            b'B' | b'u' | b'm' | b'M' => !BIG,
            _ => false,
        }
    }

    /// Says whether all values of a list or dictionary may have this marker.
    fn is_type(&self, marker: u8) -> bool {
        // BJData's `[${` begins a table of structures, which is not read here.
        Self::size(marker).is_some()
            || matches!(marker, b'C' | b'S' | b'H' | b'[')
            || (marker == b'{' && BIG)
    }

    /// Gives the least number of octets of a value in a list of this type; 0 for any type.
    const fn least(&self, of: u8) -> usize {
        match of {
            // A marker, or a closing bracket where the opening one is implied.
            0 | b'C' | b'[' | b'{' => 1,
            b'S' | b'H' => 2,
            other => match Self::size(other) {
                Some(size) => size,
                None => 1,
            },
        }
    }

    /// Steps to the next value of a list or dictionary, or past the end.
    #[inline]
    pub(super) fn next(&mut self, extent: &mut Extent, close: u8) -> Result<bool, Fault> {
        if let Some(left) = &mut extent.left {
            let more = self.cursor.count_down(left);
            if more {
                self.implied = match extent.axis {
                    0 => extent.of,
                    axis => self.axes.item(axis),
                };
            }
            return Ok(more);
        }
        self.no_ops();
        match self.peek() {
            Some(octet) if octet == close => {
                self.cursor.at += 1;
                self.cursor.depth -= 1;
                Ok(false)
            }
            Some(_) => Ok(true),
            None => Err(self.cursor.fault(Malformation::End)),
        }
    }

    /// Reads past a key, which is text without a marker.
    pub(super) fn key_text(&mut self) -> Result<Cow<'f, str>, Fault> {
        self.no_ops();
        let length = self.length()?;
        let key = self.cursor.take_text(length)?;
        // Other readers take a no-op behind a value, and none behind a key.
        if self.implied == 0 && self.peek() == Some(NO_OP) {
            return Err(self.cursor.fault(Malformation::Octet(NO_OP)));
        }
        Ok(Cow::Borrowed(key))
    }
}

impl Head {
    pub(super) const fn extent(&self) -> Extent {
        Extent {
            left: self.count,
            of: self.of,
            ..Extent::OPEN
        }
    }
}
