use std::borrow::Cow;

/// How many decimal digits an integer beyond 64 bits may have to be converted between bases (as in Python).
pub const MAX_DIGITS: usize = 4300;

/// An integer beyond 64 bits.
pub(crate) enum Big<'f> {
    /// As JSON has it: a sign, perhaps, and decimal digits.
    Digits(&'f str),
    /// As CBOR has it: a magnitude, greatest octet first; −1 − magnitude if negative.
    Octets {
        negative: bool,
        octets: Cow<'f, [u8]>,
    },
}

impl Big<'_> {
    /// Gives the magnitude of octets if it fits.
    pub(crate) fn magnitude64(&self) -> Option<u64> {
        let Self::Octets { octets, .. } = self else {
            return None;
        };
        let octets = significant(octets);
        if octets.len() > 8 {
            return None;
        }
        Some(
            octets
                .iter()
                .fold(0, |value, &octet| value << 8 | u64::from(octet)),
        )
    }

    /// Gives the number if it fits.
    pub(crate) fn to_i128(&self) -> Option<i128> {
        match self {
            Self::Digits(digits) => digits.parse().ok(),
            Self::Octets { negative, octets } => {
                let octets = significant(octets);
                if octets.len() > 16 {
                    return None;
                }
                let value = octets
                    .iter()
                    .fold(0_u128, |value, &octet| value << 8 | u128::from(octet));
                let value = i128::try_from(value).ok()?;
                Some(if *negative { -1 - value } else { value })
            }
        }
    }

    /// Gives the sign and the decimal digits; none if there are more than [`MAX_DIGITS`].
    pub(crate) fn to_digits(&self) -> Option<String> {
        match self {
            Self::Digits(digits) => (digits.len() <= MAX_DIGITS + 1).then(|| (*digits).to_owned()),
            Self::Octets { negative, octets } => {
                let octets = significant(octets);
                // 2.41 digits an octet.
                if octets.len() > MAX_DIGITS * 100 / 241 {
                    return None;
                }
                let mut limbs = Limbs::default();
                for &octet in octets {
                    limbs.multiply_add(256, octet.into());
                }
                if *negative {
                    limbs.multiply_add(1, 1);
                }
                Some(limbs.into_digits(*negative))
            }
        }
    }

    /// Gives whether the number is negative and the magnitude that CBOR writes; none if it has too many digits.
    pub(crate) fn to_octets(&self) -> Option<(bool, Vec<u8>)> {
        match self {
            Self::Octets { negative, octets } => Some((*negative, significant(octets).to_vec())),
            Self::Digits(text) => {
                let digits = text.trim_start_matches('-');
                if digits.len() > MAX_DIGITS {
                    return None;
                }
                let negative = digits.len() != text.len();
                let mut limbs = Limbs::default();
                for digit in digits.bytes() {
                    limbs.multiply_add(10, u32::from(digit - b'0'));
                }
                Some((negative, limbs.into_octets(negative)))
            }
        }
    }
}

fn significant(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// A natural number in base 2^32, least limb first, without leading zeros.
#[derive(Default)]
struct Limbs(Vec<u32>);

impl Limbs {
    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for limb in &mut self.0 {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            *limb = low(product);
            carry = product >> 32;
        }
        if carry != 0 {
            self.0.push(low(carry));
        }
    }

    /// Divides by `divisor` and gives the remainder.
    fn divide(&mut self, divisor: u32) -> u32 {
        let divisor = u64::from(divisor);
        let mut remainder = 0;
        for limb in self.0.iter_mut().rev() {
            let value = remainder << 32 | u64::from(*limb);
            *limb = low(value / divisor);
            remainder = value % divisor;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        low(remainder)
    }

    fn into_digits(mut self, negative: bool) -> String {
        let mut digits = Vec::new();
        while !self.0.is_empty() {
            let digit = self.divide(10);
            digits.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
        if negative {
            digits.push('-');
        }
        digits.into_iter().rev().collect()
    }

    /// Gives the octets, greatest first; one less for a negative number.
    fn into_octets(mut self, negative: bool) -> Vec<u8> {
        if negative {
            for limb in &mut self.0 {
                let borrow = *limb == 0;
                *limb = limb.wrapping_sub(1);
                if !borrow {
                    break;
                }
            }
        }
        let octets: Vec<u8> = self.0.iter().rev().flat_map(|l| l.to_be_bytes()).collect();
        significant(&octets).to_vec()
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}
