//! A home's protection in words: the answer, its causes, and each device and gateway with what is known of it.
//!
//! The words are those of `desk::chain`; a page never concludes anything itself. Silence is 未知 on hatch.
//! Not here: the rule (`care::protection`), charts (`day`).

use care::protection::{Cause, Flaw, Gateway, Link, State, Voice, Word};
use maud::{Markup, html};
use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::Role;

use crate::pages::when;
use crate::words::Words;
use centre::clock::Now;
use centre::desk::chain::{Protected, flaw_word, silence_word, state_word};
use centre::desk::protection::Watched;
use centre::lang::Lang;
use centre::live::names::Names;
use centre::live::view::device_text;

/// Causes that a card has room for.
const ON_A_CARD: usize = 3;

/// A home's protection and what its words need.
pub struct Shown<'a> {
    /// In which language.
    pub lang: Lang,
    /// Now.
    pub now: Now,
    /// What is known.
    pub protected: &'a Protected,
    /// Rows of its devices, with what was measured of them.
    pub devices: &'a [Watched],
    /// Names.
    pub names: &'a Names,
}

impl Shown<'_> {
    /// The answer in words.
    pub fn word(&self) -> String {
        headline(self.lang, self.protected)
    }

    /// Whether nothing needs a hand.
    pub fn is_well(&self) -> bool {
        self.protected.protection.state == State::Protected
    }

    /// How many devices are heard.
    pub fn heard(&self) -> usize {
        let devices = &self.protected.protection.devices;
        devices.iter().filter(|voice| voice.word == Word::Heard).count()
    }

    /// The causes in words, the worst first, at most so many.
    pub fn causes(&self, most: usize) -> Vec<String> {
        self.protected.protection.causes.iter().take(most).map(|c| self.cause(c)).collect()
    }

    fn cause(&self, cause: &Cause) -> String {
        let what = self.lang.t(&format!("cause.{}", flaw_word(cause.flaw)));
        let who = match (cause.device, cause.gateway) {
            (Some(device), _) => self.device(device),
            (None, Some(gateway)) => self.gateway(gateway),
            (None, None) => String::new(),
        };
        let told = self.lang.fill("protect.whose", &[("who", &who), ("what", what)]);
        let told = if who.is_empty() { what.to_owned() } else { told };
        let proof = matches!(cause.flaw, Flaw::WayOutDead | Flaw::WayOutUnproved);
        let key = if proof { "protect.last_proved" } else { "protect.last_heard" };
        match cause.since {
            Some(at) => self.lang.fill(key, &[("told", &told), ("age", &self.ago(at))]),
            None => told,
        }
    }

    fn ago(&self, at: Mono) -> String {
        let ms = i64::try_from(self.now.mono.since(at).get()).unwrap_or(i64::MAX);
        when::ago(ms, self.lang)
    }

    fn device(&self, id: DeviceId) -> String {
        let number = id.get().cast_signed();
        let row = self.devices.iter().find(|device| device.row.id == number);
        row.map(|row| name_of(self.lang, row))
            .or_else(|| self.names.device(id))
            .unwrap_or_else(|| id.to_string())
    }

    fn gateway(&self, id: proto::id::GatewayId) -> String {
        let label = self.names.gateway(id).unwrap_or_else(|| id.to_string());
        format!("{} {label}", self.lang.t("thing.gateway"))
    }

    /// The card's lines: the answer stands in the heading.
    pub fn on_card(&self) -> Markup {
        let rest = self.protected.protection.count.saturating_sub(ON_A_CARD);
        html! {
            @for cause in self.causes(ON_A_CARD) { p class="fact" { (cause) } }
            @if rest > 0 { p class="second" { (self.lang.fill("protect.more", &[("n", &rest.to_string())])) } }
            @if self.is_well() { p class="quiet" { (self.lang.t("home.line_fine")) } }
        }
    }

    /// Gateways and devices; those that need something first.
    pub fn table(&self) -> Markup {
        let t = |key: &'static str| self.lang.t(key);
        let mut devices: Vec<_> =
            self.devices.iter().map(|device| (self.voice(device), device)).collect();
        devices.sort_by_key(|(voice, _)| voice.is_some_and(|v| well(&v)));
        let due = devices.iter().filter(|(voice, _)| !voice.is_some_and(|v| well(&v))).count();
        let boxes = self.protected.gateways.iter().filter(|(g, link)| !stands(g, *link)).count();
        html! {
            section class="sheet" aria-labelledby="dv" data-now="devices" {
                header {
                    h2 id="dv" { (self.lang.fill("home.devices", &[("n", &devices.len().to_string())])) }
                    span class="quiet" { (self.lang.fill("home.due", &[("n", &(due + boxes).to_string())])) }
                }
                div class="scroll" tabindex="0" role="group" aria-labelledby="dv" {
                    table class="data" {
                        thead { tr {
                            th { (t("home.device")) } th { (t("home.id")) } th class="end" { (t("home.battery_head")) }
                            th class="end" { (t("home.signal")) } th class="end" { (t("home.last")) } th { (t("home.state")) }
                        } }
                        tbody {
                            @for (gateway, link) in &self.protected.gateways { (self.gateway_line(gateway, *link)) }
                            @for (voice, device) in &devices { (self.device_line(*voice, device)) }
                        }
                    }
                }
            }
        }
    }

    fn voice(&self, device: &Watched) -> Option<Voice> {
        self.protected.device(DeviceId::new(device.row.id.unsigned_abs())?).copied()
    }

    fn gateway_line(&self, gateway: &Gateway, link: Link) -> Markup {
        let last = gateway.heard.or(gateway.known);
        let heard = last.map_or_else(|| self.lang.t("home.never").to_owned(), |at| self.ago(at));
        let flaw = match link {
            Link::Open if !gateway.listens => Some("cause.uplink"),
            Link::Open if gateway.fails => Some("cause.gateway_fault"),
            Link::Open => None,
            Link::Unheard => Some("cause.gateway_unheard"),
            Link::Silent => Some("cause.gateway_silent"),
            Link::Revoked => Some("cause.gateway_revoked"),
        };
        html! {
            tr data-kind="gateway" data-state=(if stands(gateway, link) { "fine" } else { "due" }) {
                td { (self.gateway(gateway.id)) }
                td { (gateway.id) }
                td class="end" {} td class="end" {}
                td class="end" { (heard) }
                td { @match flaw {
                    None => { (self.lang.t("home.online")) }
                    Some(key) if link == Link::Unheard => {
                        span class="chip" data-state="unknown" { (self.lang.t(key)) }
                    }
                    Some(key) => { (self.lang.t(key)) }
                } }
            }
        }
    }

    fn device_line(&self, voice: Option<Voice>, device: &Watched) -> Markup {
        let lang = self.lang;
        let heard = match (voice.and_then(|voice| voice.heard), device.heard_ms) {
            (Some(at), _) => self.ago(at),
            (None, Some(at)) => when::ago(self.now.wall_ms - at, lang),
            (None, None) => lang.t("home.never").to_owned(),
        };
        let mains = device.row.role == Role::BedMat;
        let silence = voice.map_or(Some("never"), |voice| silence_word(voice.word));
        let flaws: Vec<&str> = voice
            .iter()
            .flat_map(|voice| voice.trouble.flaws())
            .map(|flaw| lang.t(&format!("cause.{}", flaw_word(flaw))))
            .collect();
        let fine = voice.is_some_and(|voice| well(&voice));
        html! {
            tr data-state=(if fine { "fine" } else { "due" }) {
                td { (name_of(lang, device)) }
                td { (device_text(device.row.id)) }
                td class="end" { @match device.battery { Some(v) => { (format!("{v:.0}%")) } None => { (lang.t(if mains { "home.mains" } else { "home.unknown" })) } } }
                td class="end" { @match device.signal { Some(v) => { (format!("{v:.0} dBm")) } None => { (lang.t("home.unknown")) } } }
                td class="end" { (heard) }
                td {
                    @if let Some(word) = silence {
                        span class="chip" data-state="unknown" { (lang.t(&format!("cause.{word}"))) }
                    }
                    @if silence.is_some() && !flaws.is_empty() { " " }
                    (flaws.join(lang.t("protect.and")))
                    @if fine { (lang.t("home.online")) }
                }
            }
        }
    }
}

/// The answer in words.
pub fn headline(lang: Lang, protected: &Protected) -> String {
    let protection = &protected.protection;
    let key = format!("protect.{}", state_word(protection.state));
    lang.fill(&key, &[("n", &protection.count.to_string())])
}

fn well(voice: &Voice) -> bool {
    voice.word == Word::Heard && !voice.trouble.any()
}

fn stands(gateway: &Gateway, link: Link) -> bool {
    link == Link::Open && gateway.listens && !gateway.fails
}

fn name_of(lang: Lang, device: &Watched) -> String {
    if device.row.label.is_empty() {
        let word = device.row.role.word();
        lang.t(&format!("thing.{word}")).to_owned()
    } else {
        device.row.label.clone()
    }
}
