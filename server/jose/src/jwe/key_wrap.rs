//! AES Key Wrap with its default initial value (RFC 3394, RFC 7518 section 4.4).

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::error::ErrorStack;
use zeroize::Zeroizing;

/// Octets that wrapping adds.
const ADDED: usize = 8;
/// Shortest content key in octets; every one is a multiple of 8.
const SHORTEST: usize = 16;
/// Longest content key in octets.
const LONGEST: usize = 64;

/// The content key, encrypted. The wrapping key has 16, 24 or 32 octets.
pub(super) fn wrap(wrapping_key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.encrypt_init(Some(cipher(wrapping_key)), Some(wrapping_key), None)?;
    let mut wrapped = Vec::with_capacity(content_key.len() + 2 * ADDED);
    context.cipher_update_vec(content_key, &mut wrapped)?;
    context.cipher_final_vec(&mut wrapped)?;
    Ok(wrapped)
}

/// The content key; nothing where it was not wrapped with this key.
pub(super) fn unwrap(wrapping_key: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let has_fitting_length =
        (SHORTEST + ADDED..=LONGEST + ADDED).contains(&wrapped.len()) && wrapped.len().is_multiple_of(8);
    if !has_fitting_length {
        return None;
    }
    let mut context = CipherCtx::new().ok()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.decrypt_init(Some(cipher(wrapping_key)), Some(wrapping_key), None).ok()?;
    let mut content_key = Zeroizing::new(Vec::with_capacity(wrapped.len() + 2 * ADDED));
    context.cipher_update_vec(wrapped, &mut content_key).ok()?;
    context.cipher_final_vec(&mut content_key).ok()?;
    Some(content_key)
}

fn cipher(wrapping_key: &[u8]) -> &'static CipherRef {
    match wrapping_key.len() {
        16 => Cipher::aes_128_wrap(),
        24 => Cipher::aes_192_wrap(),
        _ => Cipher::aes_256_wrap(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wrapping key, content key and result of RFC 3394 sections 4.1, 4.2, 4.3 and 4.6, in hexadecimal.
    const EXAMPLES: [(&str, &str, &str); 4] = [
        (
            "000102030405060708090a0b0c0d0e0f",
            "00112233445566778899aabbccddeeff",
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
        ),
        (
            "000102030405060708090a0b0c0d0e0f1011121314151617",
            "00112233445566778899aabbccddeeff",
            "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d",
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "00112233445566778899aabbccddeeff",
            "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
        ),
    ];

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        let digits = |start| u8::from_str_radix(&hexadecimal[start..start + 2], 16).unwrap();
        (0..hexadecimal.len()).step_by(2).map(digits).collect()
    }

    #[test]
    fn rfc3394_4_examples_wrap_and_unwrap_and_every_changed_bit_is_noticed() {
        for (wrapping_key, content_key, wrapped) in EXAMPLES {
            let (wrapping_key, content_key, wrapped) = (bytes(wrapping_key), bytes(content_key), bytes(wrapped));
            assert_eq!(wrap(&wrapping_key, &content_key).unwrap(), wrapped);
            assert_eq!(*unwrap(&wrapping_key, &wrapped).unwrap(), content_key);
            for index in 0..wrapped.len() {
                let mut changed = wrapped.clone();
                changed[index] ^= 0x40;
                assert_eq!(unwrap(&wrapping_key, &changed), None);
            }
        }
    }

    #[test]
    fn rfc3394_2_2_2_lengths_that_no_content_key_has_are_refused() {
        for length in [0, 1, 8, 16, 23, 25, 80, 8192] {
            assert_eq!(unwrap(&[7; 16], &vec![0; length]), None, "{length}");
        }
    }
}
