//! The world in a box: simulated homes, faults, a slow obvious book-keeper, the demo and the load.
//!
//! Server and gateway run as they ship, devices run the real core, all meet over real TCP. A *stage* is
//! a server with its gateways; a *book* is what must hold; a *robot* works every alert by the API.
//! - [`process`], [`command`], [`proxy`], [`tools`], [`postgres`]: what runs, and what comes between.
//! - [`mqtt`], [`api`], [`stream`], [`browser`]: the ways in.
//! - [`device`], [`home`], [`resident`]: people and their devices.
//! - [`book`], [`robot`], [`quantile`]: what was promised, who answers, how long it took.
//! - [`stage`], [`scene`], [`demo`], [`load`]: all of it together.
//! - [`pictures`]: those of the README. [`qemu`], [`image`]: firmware on a chip; [`judge`]: detectors over real recordings.
//!
//! Not here: rules of care, storage, or anything that ships.

pub mod api;
pub mod book;
pub mod browser;
pub mod children;
pub mod clock;
pub mod command;
pub mod demo;
pub mod device;
pub mod enrol;
pub mod home;
pub mod image;
pub mod judge;
pub mod load;
pub mod mqtt;
pub mod pictures;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod python;
pub mod qemu;
pub mod quantile;
pub mod resident;
pub mod robot;
pub mod scene;
pub mod seed;
pub mod speaker;
pub mod stage;
pub mod stream;
pub mod tls;
pub mod tools;
pub mod trouble;
pub mod way;
