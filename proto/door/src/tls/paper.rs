//! What a certificate says: whose it is, from when until when, for which hosts, with which key.
//!
//! Read and not verified: whoever asks knows where it came from. Not here: chains and dates that count.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::Certificate;

/// One certificate, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Whose, and its dates.
    pub certificate: Certificate,
    /// Host names and addresses that it is good for, in its own order.
    pub hosts: Vec<String>,
    /// Its public key, as SubjectPublicKeyInfo.
    pub key: Vec<u8>,
}

/// Reads a certificate; none if it cannot be read. One without a name is nobody's.
pub fn read(certificate: &CertificateDer<'_>) -> Option<Paper> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let dates = parsed.validity();
    let hosts = parsed
        .subject_alternative_name()
        .ok()?
        .map(|names| names.value.general_names.iter().filter_map(host).collect());
    Some(Paper {
        certificate: Certificate {
            name: name.unwrap_or_default().to_owned(),
            serial: parsed.raw_serial().to_vec(),
            from: dates.not_before.timestamp(),
            until: dates.not_after.timestamp(),
        },
        hosts: hosts.unwrap_or_default(),
        key: parsed.public_key().raw.to_vec(),
    })
}

/// Reads the first certificate of a PEM text.
pub fn read_pem(pem: &[u8]) -> Option<Paper> {
    read(&CertificateDer::from_pem_slice(pem).ok()?)
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        return Some((*name).to_owned());
    }
    let GeneralName::IPAddress(bytes) = name else { return None };
    let address = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    let address = address.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
    address.ok().map(|address| address.to_string())
}
