//! BJData's arrays of several axes, as it writes those of scientific software: `[$l#[U2U3]` and six numbers are two lists
//! of three each.

use super::MarkerReader;
use crate::codec::{Extent, Fault, Token};
use crate::{MAX_DEPTH, Malformation};

/// The array that is being read. There is one at a time, since it holds numbers only.
#[derive(Clone, Default)]
pub(super) struct Axes {
    /// How many items lists have, the outermost first.
    lengths: Vec<usize>,
    /// The marker of the numbers.
    of: u8,
    /// The axis whose next item is due; 0 for none.
    due: u8,
}

impl Axes {
    /// Says whether the next value is a list of this array.
    pub(super) const fn is_due(&self) -> bool {
        self.due != 0
    }

    /// Notes that a list of this axis goes on; gives what its next item begins with.
    pub(super) fn item(&mut self, axis: u8) -> u8 {
        if usize::from(axis) < self.lengths.len() {
            self.due = axis;
            AXIS
        } else {
            self.of
        }
    }
}

impl<'f, const BIG: bool> MarkerReader<'f, BIG> {
    /// Reads the lengths of all axes, behind their opening bracket; gives how many numbers there are. An array without
    /// any is the empty list, however many axes it has.
    pub(super) fn axes(&mut self, of: u8) -> Result<usize, Fault> {
        self.axes.lengths.clear();
        self.axes.of = of;
        let (mut total, mut lists): (usize, usize) = (1, 0);
        while self.peek() != Some(b']') {
            let depth = self.axes.lengths.len();
            let room = usize::try_from(MAX_DEPTH - self.cursor.depth).unwrap_or(0);
            if depth == MOST.min(room) {
                return Err(self.cursor.fault(Malformation::Depth));
            }
            let length = self.length()?;
            self.axes.lengths.push(length);
            lists = lists.saturating_add(total);
            total = total.saturating_mul(length);
        }
        self.cursor.at += 1;
        if total == 0 || self.axes.lengths.is_empty() {
            self.axes.lengths = vec![0];
            return Ok(0);
        }
        let octets = total.saturating_mul(Self::size(of).unwrap_or(0));
        if lists > MOST.max(octets.saturating_mul(LISTS)) {
            return Err(self.cursor.fault(Malformation::Length));
        }
        Ok(total)
    }

    /// Enters the outermost list of an array of `total` numbers, all of which are here.
    pub(super) fn outer_axis(&mut self, total: usize) -> Result<Token<'f>, Fault> {
        let octets = total.saturating_mul(Self::size(self.axes.of).unwrap_or(0));
        self.cursor.enter(octets)?;
        Ok(self.list_of_axis(0))
    }

    pub(super) fn inner_axis(&mut self) -> Result<Token<'f>, Fault> {
        self.cursor.enter(0)?;
        let axis = std::mem::take(&mut self.axes.due);
        Ok(self.list_of_axis(axis))
    }

    fn list_of_axis(&self, outer: u8) -> Token<'f> {
        Token::List(Extent {
            left: self.axes.lengths.get(usize::from(outer)).copied(),
            axis: outer + 1,
            ..Extent::OPEN
        })
    }
}

/// Stands for the marker of a list within an array, which has none of its own.
pub(super) const AXIS: u8 = b'#';

/// How many axes an array may have, as in NumPy.
const MOST: usize = 32;

/// How many lists an array may have an octet of its numbers: each stands in no octet of its own here, and in some elsewhere.
const LISTS: usize = 2;
