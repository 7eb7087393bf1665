//! How a connection to a server is encrypted: the certificates that are believed.

use std::path::Path;
use std::sync::Arc;

use headwater_sdk::{Blame, Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;

/// How a connection is encrypted (`tls`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Encrypted, and the server's certificate is verified, with its name.
    Verify,
    /// Encrypted; whoever answers is believed to be the server.
    Encrypt,
    /// In the clear.
    Off,
}

/// The codes of a database's errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TlsCodes {
    /// Of a file with certificates that cannot be read.
    pub(crate) options: &'static str,
    /// Of a connection that cannot be encrypted as asked.
    pub(crate) tls: &'static str,
}

/// How a connection is to be encrypted; `None` in the clear.
///
/// # Errors
/// When the certificates cannot be read.
pub(crate) fn encryption(tls: Tls, ca: Option<&Path>, codes: TlsCodes) -> Result<Option<ClientConfig>> {
    Ok(match tls {
        Tls::Off => None,
        Tls::Encrypt => Some(believing()?),
        Tls::Verify => Some(verifying(ca, codes)?),
    })
}

/// Whether a host is this machine, so that traffic never leaves it.
pub(crate) fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Verifies the server by the certificates in `ca`, or by the system's.
fn verifying(ca: Option<&Path>, codes: TlsCodes) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let wrong = |message: String| {
                Error::new(codes.options, Blame::Project, message)
                    .help("`ca` names a file with certificates in PEM: -----BEGIN CERTIFICATE-----")
            };
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
                .map_err(|error| wrong(format!("the certificates in {} cannot be read: {error}", path.display())))?;
            if certificates.is_empty() {
                return Err(wrong(format!("there is no certificate in {}", path.display())));
            }
            roots.add_parsable_certificates(certificates);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                let message = "this machine has no certificates by which a server could be verified";
                return Err(Error::new(codes.tls, Blame::Environment, message)
                    .help("install the system's (ca-certificates), or give the signer's with `ca: file.pem`"));
            }
        }
    }
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// Encrypts, and believes whoever answers.
fn believing() -> Result<ClientConfig> {
    let verifier = Arc::new(Believing(provider()));
    Ok(builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "no version of TLS can be spoken").caused_by(error)
    })
}

#[derive(Debug)]
struct Believing(Arc<CryptoProvider>);

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
