//! RSA keys of one broken generator, used in smart cards and security modules, whose private keys can be computed
//! ("ROCA", CVE-2017-15361). Its primes are powers of 65537 modulo a product of small primes, and so is their product.

const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const GENERATOR: u32 = 65537;

/// Whether the big-endian modulus is a power of the generator modulo every small prime. About one honest key in 2^27
/// is, too.
pub(crate) fn is_fingerprint(modulus: &[u8]) -> bool {
    SMALL_PRIMES.iter().all(|prime| is_power_of_generator(remainder(modulus, *prime), *prime))
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |remainder, octet| (remainder * 256 + u32::from(*octet)) % prime)
}

fn is_power_of_generator(number: u32, prime: u32) -> bool {
    let step = |power: &u32| Some(power * (GENERATOR % prime) % prime);
    std::iter::successors(Some(1), step).take(prime as usize).any(|power| power == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::bn::{BigNum, BigNumContext};
    use openssl::rsa::Rsa;

    fn fingerprinted_modulus(exponent: u32) -> Vec<u8> {
        let mut context = BigNumContext::new().unwrap();
        let mut product = BigNum::from_u32(1).unwrap();
        for prime in SMALL_PRIMES {
            product.mul_word(prime).unwrap();
        }
        let generator = BigNum::from_u32(GENERATOR).unwrap();
        let mut power = BigNum::new().unwrap();
        power.mod_exp(&generator, &BigNum::from_u32(exponent).unwrap(), &product, &mut context).unwrap();
        let mut shift = BigNum::from_slice(&[0xc3; 230]).unwrap();
        shift.add_word(u32::from(!power.is_odd()) ^ 1).unwrap();
        let mut multiple = BigNum::new().unwrap();
        multiple.checked_mul(&product, &shift, &mut context).unwrap();
        let mut modulus = BigNum::new().unwrap();
        modulus.checked_add(&multiple, &power).unwrap();
        modulus.to_vec()
    }

    #[test]
    fn cve_2017_15361_moduli_of_the_broken_generator_are_found_and_honest_ones_are_not() {
        for exponent in [0, 1, 2, 1_000_003] {
            let mut modulus = fingerprinted_modulus(exponent);
            assert!(is_fingerprint(&modulus));
            let last = modulus.len() - 1;
            modulus[last] ^= 2;
            assert!(!is_fingerprint(&modulus));
        }
        assert!(!is_fingerprint(&Rsa::generate(2048).unwrap().n().to_vec()));
    }

    #[test]
    fn cve_2017_15361_such_a_key_is_refused_as_a_jwk() {
        let modulus = fingerprinted_modulus(77);
        assert_eq!(modulus.last().unwrap() % 2, 1);
        let refused = crate::jwk::rsa_parameters(&modulus, &[1, 0, 1]);
        assert_eq!(refused.err(), Some(crate::JwkError::BrokenGenerator));
    }
}
