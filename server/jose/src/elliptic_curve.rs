//! Elliptic-curve work that only OpenSSL does here: checking that a stranger's point is on its curve, ES512, and keys
//! that agree on a secret.

use std::sync::OnceLock;

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Private, Public};
use openssl::sha::sha512;

use crate::algorithm::Curve;

/// Octets of each of r and s in an ES512 signature (RFC 7518 section 3.4).
const ES512_HALF: usize = 66;
const ES512_HALF_PADDING: i32 = 66;

const fn nid(curve: Curve) -> Nid {
    match curve {
        Curve::P256 => Nid::X9_62_PRIME256V1,
        Curve::P384 => Nid::SECP384R1,
        Curve::P521 => Nid::SECP521R1,
    }
}

/// The curve of a group, where it is one of ours.
pub(crate) fn curve_of(group: &openssl::ec::EcGroupRef) -> Option<Curve> {
    [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| group.curve_name() == Some(nid(*curve)))
}

/// The uncompressed point `04 || x || y`, if it is on the curve. All three curves have cofactor 1, so a point on the
/// curve that is not infinity (which this form cannot say) has the right order (RFC 8725 section 3.4).
pub(crate) fn point_on_curve(curve: Curve, x: &[u8], y: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut point = Vec::with_capacity(1 + x.len() + y.len());
    point.push(4);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    parse_point(curve, &point)?;
    Ok(point)
}

/// The group of a curve. It is made once: that takes longer than to check a point.
fn group(curve: Curve) -> Result<&'static EcGroup, ErrorStack> {
    static P256: OnceLock<EcGroup> = OnceLock::new();
    static P384: OnceLock<EcGroup> = OnceLock::new();
    static P521: OnceLock<EcGroup> = OnceLock::new();
    let made = match curve {
        Curve::P256 => &P256,
        Curve::P384 => &P384,
        Curve::P521 => &P521,
    };
    if let Some(group) = made.get() {
        return Ok(group);
    }
    let group = EcGroup::from_curve_name(nid(curve))?;
    Ok(made.get_or_init(|| group))
}

fn parse_point(curve: Curve, point: &[u8]) -> Result<EcPoint, ErrorStack> {
    let mut context = BigNumContext::new()?;
    EcPoint::from_bytes(group(curve)?, point, &mut context)
}

/// A public key from its uncompressed point.
pub(crate) fn public_key(curve: Curve, point: &[u8]) -> Result<EcKey<Public>, ErrorStack> {
    let point = parse_point(curve, point)?;
    EcKey::from_public_key(group(curve)?, &point)
}

/// The fixed-length coordinates of a key.
pub(crate) fn coordinates<T: HasPublic>(curve: Curve, key: &EcKey<T>) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let mut context = BigNumContext::new()?;
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let length = i32::try_from(curve.coordinate_length()).unwrap_or_default();
    Ok((x.to_vec_padded(length)?, y.to_vec_padded(length)?))
}

/// A new private key on the curve.
pub(crate) fn generate(curve: Curve) -> Result<EcKey<Private>, ErrorStack> {
    EcKey::generate(group(curve)?)
}

/// An ES512 signature: r and s, 66 octets each (RFC 7518 section 3.4).
pub(crate) fn sign_es512(key: &EcKey<Private>, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let signature = EcdsaSig::sign(&sha512(message), key)?;
    let mut bytes = signature.r().to_vec_padded(ES512_HALF_PADDING)?;
    bytes.extend(signature.s().to_vec_padded(ES512_HALF_PADDING)?);
    Ok(bytes)
}

/// Whether an ES512 signature is good; one of another length is not. OpenSSL refuses r or s of 0 or beyond the order.
pub(crate) fn verify_es512(key: &EcKey<Public>, message: &[u8], signature: &[u8]) -> bool {
    if signature.len() != 2 * ES512_HALF {
        return false;
    }
    let (r, s) = signature.split_at(ES512_HALF);
    let verify = || -> Result<bool, ErrorStack> {
        let parsed = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
        parsed.verify(&sha512(message), key)
    };
    let is_good = verify().unwrap_or(false);
    forget_library_errors();
    is_good
}

/// Empties OpenSSL's list of errors of this thread. Some of its answers are a plain no and leave the reason there; the
/// next TLS connection that the thread serves would take it for an error of its own and be cut.
pub(crate) fn forget_library_errors() {
    drop(ErrorStack::get());
}
