//! Bytes as lower-case hexadecimal digits.

/// Two digits for each byte.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::to_hex;

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(to_hex(&[0, 1, 0x7f, 0xff]), "00017fff");
        assert_eq!(to_hex(&[]), "");
    }
}
