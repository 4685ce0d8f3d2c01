//! Papers that a box was given since it was enrolled, in its data folder, beside those of its credentials.
//!
//! Each file is whole at every moment: written apart, synced, renamed. The set before the newest stays, to fall
//! back on. Papers that descend from other credentials are left alone. Not here: how they are asked for.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Papers;

const NEWEST: &str = "papers.json";
const BEFORE: &str = "papers.before.json";

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Hash of the credentials' certificate from which these descend.
    of: String,
    ca_pem: String,
    cert_pem: String,
    cert_key_pem: String,
}

/// All sets of a box, the newest first; those of the credentials are the last.
pub fn all(data: &Path, credentials: &Papers) -> Vec<Papers> {
    let of = fingerprint(&credentials.cert_pem);
    let mut found = Vec::new();
    for name in [NEWEST, BEFORE] {
        let path = data.join(name);
        match fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice::<Stored>(&bytes) {
                Ok(stored) if stored.of == of => found.push(Papers {
                    ca_pem: stored.ca_pem,
                    cert_pem: stored.cert_pem,
                    cert_key_pem: stored.cert_key_pem,
                }),
                Ok(_) => {}
                Err(error) => tracing::error!(path = %path.display(), %error, "papers are damaged"),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::error!(path = %path.display(), %error, "papers cannot be read"),
        }
    }
    found.push(credentials.clone());
    found
}

/// Writes a new set, durably; `origin` is the certificate of the credentials.
///
/// # Errors
/// The disk does not take it; what was there is still there.
pub fn save(data: &Path, origin: &str, papers: &Papers) -> std::io::Result<()> {
    let stored = Stored {
        of: fingerprint(origin),
        ca_pem: papers.ca_pem.clone(),
        cert_pem: papers.cert_pem.clone(),
        cert_key_pem: papers.cert_key_pem.clone(),
    };
    let (part, newest) = (data.join("papers.part"), data.join(NEWEST));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(&serde_json::to_vec_pretty(&stored).map_err(std::io::Error::other)?)?;
    file.sync_all()?;
    if newest.exists() {
        fs::rename(&newest, data.join(BEFORE))?;
    }
    fs::rename(&part, &newest)?;
    File::open(data)?.sync_all()
}

fn fingerprint(cert_pem: &str) -> String {
    hex::encode(Sha256::digest(cert_pem.trim().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str) -> Papers {
        Papers { ca_pem: "ca".into(), cert_pem: name.into(), cert_key_pem: "key".into() }
    }

    fn names(data: &Path, credentials: &str) -> Vec<String> {
        all(data, &set(credentials)).into_iter().map(|papers| papers.cert_pem).collect()
    }

    #[test]
    fn new_papers_lie_beside_the_old_ones_and_come_first() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(names(dir.path(), "born"), ["born"]);
        save(dir.path(), "born", &set("second")).unwrap();
        save(dir.path(), "born", &set("third")).unwrap();
        assert_eq!(names(dir.path(), "born"), ["third", "second", "born"]);
        assert_eq!(names(dir.path(), "enrolled anew"), ["enrolled anew"]);
    }

    #[test]
    fn damaged_papers_leave_those_before_them() {
        let dir = tempfile::tempdir().unwrap();
        save(dir.path(), "born", &set("second")).unwrap();
        save(dir.path(), "born", &set("third")).unwrap();
        fs::write(dir.path().join(NEWEST), b"{\"of\":").unwrap();
        assert_eq!(names(dir.path(), "born"), ["second", "born"]);
    }

    #[test]
    fn nobody_else_may_read_a_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        save(dir.path(), "born", &set("second")).unwrap();
        let mode = fs::metadata(dir.path().join(NEWEST)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
