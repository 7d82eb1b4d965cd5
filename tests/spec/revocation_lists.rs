//! Revocation lists as files hold them (RFC 5280 section 5).

use signet_jose::{RevocationListError, RevocationLists, UnlistedAuthorities};

use crate::support::certificates::{Identity, extension};
use crate::support::revocation::List;

fn added(content: &[u8]) -> Result<(), RevocationListError> {
    RevocationLists::new(UnlistedAuthorities::Refused).add(content).map(drop)
}

#[test]
fn rfc5280_5_1_lists_are_read_in_der_and_one_or_more_in_pem() {
    let authority = Identity::authority("Client authority");
    let list = List::of(&authority, &[]).sign();
    let (der, pem) = (list.to_der().unwrap(), list.to_pem().unwrap());
    for good in [der.clone(), pem.clone(), [b"Issued today\n".as_slice(), &pem, b"\n", &pem].concat()] {
        assert_eq!(added(&good), Ok(()));
    }
    let certificate = authority.certificate_pem().into_bytes();
    let cut = pem[..pem.len() / 2].to_vec();
    for bad in [Vec::new(), b"no list".to_vec(), certificate, cut, der[..der.len() - 1].to_vec()] {
        assert_eq!(added(&bad), Err(RevocationListError::Malformed), "{bad:?}");
    }
}

#[test]
fn rfc5280_5_2_a_list_with_a_critical_extension_is_not_taken() {
    let authority = Identity::authority("Client authority");
    let revoked = Identity::issued(&crate::support::certificates::Subject::named("client one"), Some(&authority));
    let revoked = [&revoked.certificate];
    let with = |identifier, is_critical, der: &[u8]| {
        List { extensions: vec![extension(identifier, is_critical, der)], ..List::of(&authority, &revoked) }.pem()
    };
    // An issuing distribution point for user certificates alone, a delta indicator, and one that nobody knows.
    for (identifier, der) in
        [("2.5.29.28", &[0x30, 0x03, 0x81, 0x01, 0xff][..]), ("2.5.29.27", &[2, 1, 1]), ("2.999", &[5, 0])]
    {
        assert_eq!(added(&with(identifier, true, der)), Err(RevocationListError::CriticalExtension), "{identifier}");
    }
    assert_eq!(added(&with("2.999", false, &[5, 0])), Ok(()));
}
