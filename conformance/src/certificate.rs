//! Private certificates, each signed by an authority that is made for one start: a server's certificate for the suite's
//! front and for the Signet under test, and certificates for the clients of plans.
//!
//! Nothing outside the run trusts any of the authorities.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name};
use std::net::IpAddr;

const DAYS: u32 = 90;
const RSA_BITS: u32 = 2048;

/// A server certificate with everything around it, in PEM.
pub(crate) struct Issued {
    /// The authority's certificate, for those who are to trust it.
    pub(crate) authority: Vec<u8>,
    /// The server's certificate followed by the authority's.
    pub(crate) chain: Vec<u8>,
    /// The server's private key (PKCS #8).
    pub(crate) key: Vec<u8>,
}

/// Makes an authority and a certificate for `host`, a name or an address.
pub(crate) fn issue(host: &str) -> Result<Issued, ErrorStack> {
    let authority = Authority::new()?;
    let key = PKey::from_rsa(Rsa::generate(RSA_BITS)?)?;
    let mut builder = authority.begin(&key, host)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    let mut names = SubjectAlternativeName::new();
    match host.parse::<IpAddr>() {
        Ok(_) => names.ip(host),
        Err(_) => names.dns(host),
    };
    let names = names.build(&builder.x509v3_context(Some(&authority.certificate), None))?;
    builder.append_extension(names)?;
    let certificate = authority.sign(builder)?.to_pem()?;
    let authority = authority.certificate.to_pem()?;
    let chain = [certificate, authority.clone()].concat();
    Ok(Issued { authority, chain, key: key.private_key_to_pem_pkcs8()? })
}

/// Who signs the certificates of the clients of a run.
pub(crate) struct ClientAuthority(Authority);

/// A client's certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificate {
    pub(crate) certificate: String,
    /// PKCS #8.
    pub(crate) key: String,
    /// The certificate in DER.
    pub(crate) der: Vec<u8>,
}

impl ClientAuthority {
    /// Makes one.
    pub(crate) fn new() -> Result<Self, ErrorStack> {
        Authority::new().map(Self)
    }

    /// Its certificate, for realms that are to trust it.
    pub(crate) fn pem(&self) -> Result<String, ErrorStack> {
        self.0.certificate.to_pem().map(|pem| text(&pem))
    }

    /// Makes a key and a certificate with the [`common_name`] of `name`.
    pub(crate) fn issue(&self, name: &str) -> Result<ClientCertificate, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(RSA_BITS)?)?;
        let mut builder = self.0.begin(&key, common_name(name))?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
        let certificate = self.0.sign(builder)?;
        let (der, certificate) = (certificate.to_der()?, text(&certificate.to_pem()?));
        Ok(ClientCertificate { certificate, key: text(&key.private_key_to_pem_pkcs8()?), der })
    }
}

/// As much of a name as a certificate takes: the last 64 characters (RFC 5280 appendix A.1).
pub(crate) fn common_name(name: &str) -> &str {
    name.char_indices().rev().nth(63).map_or(name, |(start, _)| &name[start..])
}

/// PEM is ASCII.
fn text(pem: &[u8]) -> String {
    String::from_utf8_lossy(pem).into_owned()
}

struct Authority {
    key: PKey<Private>,
    certificate: X509,
}

impl Authority {
    fn new() -> Result<Self, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(RSA_BITS)?)?;
        let certificate = authority(&key)?;
        Ok(Self { key, certificate })
    }

    /// What every certificate that it signs has.
    fn begin(&self, key: &PKey<Private>, common_name: &str) -> Result<X509Builder, ErrorStack> {
        let mut builder = builder(key, common_name)?;
        builder.set_issuer_name(self.certificate.subject_name())?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        Ok(builder)
    }

    fn sign(&self, mut builder: X509Builder) -> Result<X509, ErrorStack> {
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let issuer = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(issuer)?;
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(builder.build())
    }
}

fn authority(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut builder = builder(key, "Signet conformance private CA")?;
    let name = name("Signet conformance private CA")?;
    builder.set_issuer_name(&name)?;
    builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn builder(key: &PKey<Private>, common_name: &str) -> Result<X509Builder, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    let subject = name(common_name)?;
    builder.set_subject_name(&subject)?;
    let (from, until) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(DAYS)?);
    builder.set_not_before(&from)?;
    builder.set_not_after(&until)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::stack::Stack;
    use openssl::x509::store::X509StoreBuilder;
    use openssl::x509::verify::X509VerifyParam;
    use openssl::x509::{X509StoreContext, X509VerifyResult};

    fn verified(issued: &Issued, authority: &[u8], host: &str) -> X509VerifyResult {
        let chain = X509::stack_from_pem(&issued.chain).unwrap();
        let mut parameters = X509VerifyParam::new().unwrap();
        match host.parse::<IpAddr>() {
            Ok(address) => parameters.set_ip(address).unwrap(),
            Err(_) => parameters.set_host(host).unwrap(),
        }
        let mut trusted = X509StoreBuilder::new().unwrap();
        trusted.add_cert(X509::from_pem(authority).unwrap()).unwrap();
        trusted.set_param(&parameters).unwrap();
        let (trusted, empty) = (trusted.build(), Stack::new().unwrap());
        let mut context = X509StoreContext::new().unwrap();
        context
            .init(&trusted, &chain[0], &empty, |context| {
                context.verify_cert()?;
                Ok(context.error())
            })
            .unwrap()
    }

    #[test]
    fn a_certificate_is_valid_for_its_host_under_its_own_authority_only() {
        let issued = issue("localhost").unwrap();
        assert_eq!(verified(&issued, &issued.authority, "localhost"), X509VerifyResult::OK);
        assert_ne!(verified(&issued, &issued.authority, "example.org"), X509VerifyResult::OK);
        let other = issue("localhost").unwrap();
        assert_ne!(verified(&issued, &other.authority, "localhost"), X509VerifyResult::OK);
    }

    #[test]
    fn clients_of_one_run_have_the_same_authority_and_names_of_their_own() {
        let authority = ClientAuthority::new().unwrap();
        let (first, second) = (authority.issue("one").unwrap(), authority.issue("two").unwrap());
        let signer = X509::from_pem(authority.pem().unwrap().as_bytes()).unwrap().public_key().unwrap();
        for (client, name) in [(&first, "one"), (&second, "two")] {
            let certificate = X509::from_pem(client.certificate.as_bytes()).unwrap();
            assert!(certificate.verify(&signer).unwrap());
            let subject: Vec<_> = certificate.subject_name().entries().map(|entry| entry.data().as_slice()).collect();
            assert_eq!(subject, [name.as_bytes()]);
            assert_eq!(certificate.to_der().unwrap(), client.der);
            let key = PKey::private_key_from_pem(client.key.as_bytes()).unwrap();
            assert!(certificate.public_key().unwrap().public_eq(&key));
        }
        assert_ne!(first.key, second.key);
    }

    #[test]
    fn an_address_is_certified_as_an_address() {
        let issued = issue("127.0.0.1").unwrap();
        assert_eq!(verified(&issued, &issued.authority, "127.0.0.1"), X509VerifyResult::OK);
    }
}
