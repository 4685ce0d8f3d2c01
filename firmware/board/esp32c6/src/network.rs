//! The home's wireless network, and the IP stack over it.
//!
//! The station joins for ever: a lost network is looked for again, with a pause. Addresses come by DHCP and are not
//! waited for, since a device has other things to do meanwhile. Network and passphrase come from flash.
//! Not here: what is said over the network (`board/link`).

use embassy_executor::Spawner;
use embassy_net::{DhcpConfig, Runner, Stack, StackResources};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex as Raw;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer, with_timeout};
use esp_hal::peripherals::WIFI;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Interface, WifiController,
};
use firmware::access::Access;
use proto::unit::Dbm;
use static_cell::StaticCell;

use crate::log;

/// Sockets of the stack: DHCP and one connection.
const SOCKETS: usize = 2;
/// Pause before the network is looked for again. Source: technical, a scan of all channels takes two seconds.
const AGAIN: Duration = Duration::from_secs(3);
/// The signal is measured this often.
const MEASURE: Duration = Duration::from_secs(60);

static SPACE: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
/// How the device hears the network, when it is measured.
pub(crate) static SIGNAL: Signal<Raw, Dbm> = Signal::new();

/// Starts radio and stack; none if the radio does not start. `seed` is for port numbers and the like.
pub(crate) fn start(
    spawner: Spawner,
    radio: WIFI<'static>,
    access: &Access,
    seed: u64,
) -> Option<Stack<'static>> {
    let key = match access.passphrase() {
        Some(phrase) => AuthenticationMethodConfig::Wpa2Personal(phrase.try_into().ok()?),
        None => AuthenticationMethodConfig::Open,
    };
    let network = access.network().try_into().ok()?;
    let station = StationConfig::default().with_ssid(network).with_authentication(key);
    let mut controller = WifiController::new(radio, ControllerConfig::default()).ok()?;
    controller.set_config(&Config::Station(station)).ok()?;
    let config = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let space = SPACE.init(StackResources::new());
    let (stack, runner) = embassy_net::new(Interface::station(), config, space, seed);
    spawner.spawn(turn(runner).ok()?);
    spawner.spawn(join(controller).ok()?);
    Some(stack)
}

#[embassy_executor::task]
async fn turn(mut runner: Runner<'static, Interface>) {
    runner.run().await;
}

/// Joins, stays, and joins again.
#[embassy_executor::task]
async fn join(mut controller: WifiController<'static>) {
    loop {
        if controller.connect_async().await.is_ok() {
            log::line(format_args!("network joined"));
            stay(&controller).await;
            log::line(format_args!("network lost"));
        }
        Timer::after(AGAIN).await;
    }
}

/// Measures until the network is lost.
async fn stay(controller: &WifiController<'static>) {
    while with_timeout(MEASURE, controller.wait_for_disconnect_async()).await.is_err() {
        let heard = controller.rssi().ok().and_then(|dbm| i8::try_from(dbm).ok());
        if let Some(dbm) = heard.and_then(Dbm::new) {
            SIGNAL.signal(dbm);
        }
    }
}
