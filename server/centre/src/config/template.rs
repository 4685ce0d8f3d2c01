//! The template that `server config` prints: everything a server can be told, commented.
//!
//! It is made from the structs, and from a text where they are lists or rarely set; a test compares the keys of that
//! text. Not here: what a value means (`config`).

use toml_example::TomlExample;

use super::Config;

const MORE: &str = include_str!("more.toml");
const INFLUX: &str = include_str!("influx.toml");

/// The template.
pub(super) fn text() -> String {
    let made = Config::toml_example();
    let mut lines: Vec<&str> = made.trim_end().lines().collect();
    // A section is described where it stands and where it is used, in the same words.
    lines.dedup();
    let influx = if cfg!(feature = "influx") { INFLUX } else { "" };
    format!("{}\n{MORE}{influx}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::Retention;

    /// The template with everything in it that is only suggested.
    fn whole() -> String {
        let key = |line: &str| {
            let word =
                line.split([' ', '=', '.', ']']).next().unwrap_or("").trim_start_matches('[');
            line.starts_with('[')
                || (line.contains(" = ")
                    && word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        };
        let line = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if key(rest) => rest.to_owned(),
            _ => line.to_owned(),
        };
        Config::template().lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_is_a_configuration() {
        let config: Config = toml::from_str(&Config::template()).unwrap();
        config.check().unwrap();
        let config: Config =
            toml::from_str(&whole()).unwrap_or_else(|e| panic!("{e}\n{}", whole()));
        assert_eq!(config.notify.receivers().count(), 2, "webhook and one more");
        assert_eq!(config.notify.events.len(), 1);
        assert_eq!(config.series.retention, Retention::default(), "what stands there is so");
    }

    #[test]
    fn the_template_says_each_thing_once_and_leaves_no_key_out() {
        let text = Config::template();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        for pair in lines.windows(2) {
            assert_ne!(pair[0], pair[1], "said twice");
        }
        let (value, mut named) = (toml::from_str::<toml::Value>(&whole()).unwrap(), 0);
        for at in
            ["", "gateways", "console", "series", "series.retention", "notify", "notify.webhook"]
        {
            let section = if at.is_empty() { String::new() } else { format!("[{at}]\n") };
            let wrong =
                toml::from_str::<Config>(&format!("data = 'x'\n{section}no_such_key = 1\n"));
            let error = wrong.unwrap_err().to_string();
            let (_, keys) = error.split_once("expected").unwrap_or_else(|| panic!("{error}"));
            let mut here = at.split('.').filter(|part| !part.is_empty());
            let here = here.try_fold(&value, |of, part| of.get(part));
            for key in keys.split('`').skip(1).step_by(2) {
                assert!(
                    here.and_then(|of| of.get(key)).is_some(),
                    "{at}: {key} is nowhere in\n{text}"
                );
                named += 1;
            }
        }
        assert!(named > 20, "only {named} keys were compared");
    }
}
