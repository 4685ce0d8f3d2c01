//! What this server is called: which `Host` a request may be for, and which `Origin` it may come from.
//!
//! Only configured names and the address that the connection came in by count. So a page elsewhere can neither write
//! nor, under a name of its own that leads here, read; and a proxy that passes another `Host` on changes nothing.
//! Not here: who sits at the browser (`auth`).

use std::net::SocketAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{Extensions, HeaderMap, Request, Version};

use crate::api_error::ApiError;
use centre::config::console::Console;

/// Where browsers say which page a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";

/// The address of this machine that a connection came in by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here(pub(super) SocketAddr);

/// A request that does not say once and in one way whom it is for (RFC 9112, section 3.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Astray;

impl Astray {
    /// Reads it from a request as it came over a connection.
    pub(super) fn reads<B>(request: &Request<B>) -> Option<Self> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (host, more) = (hosts.next(), hosts.next().is_some());
        // HTTP/1.0 knows no Host, and no browser speaks it.
        let silent = host.is_none() && request.version() >= Version::HTTP_11;
        let line = request.uri().authority();
        let other = line.is_some_and(|line| {
            host.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(line.as_str().as_bytes()))
        });
        (silent || more || other).then_some(Self)
    }
}

/// The host of an address, without the port that its scheme has by itself.
fn bare<'a>(host: &'a str, scheme: &str) -> &'a str {
    let usual = if scheme == "https" { ":443" } else { ":80" };
    host.strip_suffix(usual).unwrap_or(host)
}

/// Whether `host` is the listener's own address.
fn own(host: &str, scheme: &str, here: Option<SocketAddr>) -> bool {
    let Some(here) = here else { return false };
    let here = SocketAddr::new(here.ip().to_canonical(), here.port());
    let at = here.to_string();
    let home = here.ip().is_loopback().then(|| format!("localhost:{}", here.port()));
    [Some(at), home].into_iter().flatten().any(|own| bare(&own, scheme) == bare(host, scheme))
}

/// Why a request is for somebody else, or comes from somebody else's page. A form is a page's own, without a script.
pub(super) fn refused(
    console: &Console,
    headers: &HeaderMap,
    extensions: &Extensions,
    form: bool,
) -> Option<ApiError> {
    let here = extensions.get::<Here>().map(|here| here.0);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if console.tls() { "https" } else { "http" };
    let named = |asked: &str| {
        let names = console.names.iter().filter_map(|name| name.split_once("://"));
        names.into_iter().any(|(scheme, host)| bare(host, scheme) == bare(asked, scheme))
    };
    if extensions.get::<Astray>().is_some() {
        return Some(ApiError::no_host());
    }
    if let Some(host) = text(HOST.as_str()) {
        let host = host.to_ascii_lowercase();
        if !named(&host) && !own(&host, scheme, here) {
            return Some(ApiError::host(&host));
        }
    }
    let site = text(FETCH_SITE);
    match text(ORIGIN.as_str()) {
        // Our pages tell nobody where they are, so that their forms come from nowhere, and the browser says so.
        Some("null") if form && site == Some("same-origin") => None,
        Some(origin) => {
            let (given, host) = origin.split_once("://").unwrap_or(("", origin));
            let spoken = if console.certificate().is_some() { "https" } else { "http" };
            let names = console.names.iter().filter_map(|name| name.split_once("://"));
            let named = names
                .into_iter()
                .any(|(scheme, name)| given == scheme && bare(name, scheme) == bare(host, scheme));
            let ours = named || (given == spoken && own(host, spoken, here));
            (!ours).then(|| ApiError::origin(origin))
        }
        None => site
            .filter(|site| form && !["same-origin", "none"].contains(site))
            .map(ApiError::origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(
        names: &[&str],
        headers: &[(&'static str, &str)],
        form: bool,
    ) -> Option<&'static str> {
        let console = Console {
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            ..Console::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(Here("127.0.0.1:8080".parse().unwrap()));
        refused(&console, &map, &extensions, form).map(|error| error.code())
    }

    #[test]
    fn only_configured_names_and_the_own_address_are_this_server() {
        let names = ["https://desk.local"];
        for (host, why) in [
            ("desk.local", None),
            ("DESK.local:443", None),
            ("127.0.0.1:8080", None),
            ("localhost:8080", None),
            ("desk.local:8443", Some("host")),
            ("evil.example", Some("host")),
            ("127.0.0.1:8081", Some("host")),
        ] {
            assert_eq!(answer(&names, &[("host", host)], false), why, "{host}");
        }
    }

    #[test]
    fn a_page_of_somebody_else_is_refused_whatever_host_the_proxy_passes_on() {
        let names = ["https://desk.local"];
        for host in ["desk.local", "127.0.0.1:8080"] {
            for (origin, why) in [
                ("https://desk.local", None),
                ("http://127.0.0.1:8080", None),
                ("http://desk.local", Some("origin")),
                ("https://evil.example", Some("origin")),
                ("http://evil.example", Some("origin")),
                ("null", Some("origin")),
            ] {
                let headers = [("host", host), ("origin", origin)];
                assert_eq!(answer(&names, &headers, false), why, "{origin} at {host}");
            }
        }
    }

    #[test]
    fn a_form_without_a_script_comes_from_its_own_page_only() {
        for (origin, site, why) in [
            (Some("null"), Some("same-origin"), None),
            (Some("null"), Some("cross-site"), Some("origin")),
            (Some("null"), None, Some("origin")),
            (None, Some("cross-site"), Some("origin")),
            (None, None, None),
        ] {
            let mut headers = vec![("host", "127.0.0.1:8080")];
            headers.extend(origin.map(|value| ("origin", value)));
            headers.extend(site.map(|value| ("sec-fetch-site", value)));
            assert_eq!(answer(&[], &headers, true), why, "{origin:?} {site:?}");
        }
    }
}
