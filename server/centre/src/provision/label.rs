//! The label of a device: a QR code and its id in print, as SVG for a label printer.
//!
//! The code says `hearthline:<id>` and nothing else: a photograph of a label opens nothing. The id
//! is printed in groups, since people read it aloud. Not here: keys.

use proto::id::DeviceId;
use proto::up::Role;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// Width of the label in its own units; the code fills it.
const WIDTH: u32 = 240;

/// What the QR code of a device says.
pub fn text(device: DeviceId) -> String {
    format!("hearthline:{device}")
}

/// The label as SVG; none if the code could not be drawn, which a text of this length cannot cause.
pub fn svg(device: DeviceId, role: Role) -> Option<String> {
    let code = QrCode::with_error_correction_level(text(device), EcLevel::M).ok()?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(WIDTH, WIDTH).build();
    let (_, code) = drawn.split_once("?>")?;
    let printed = device.to_string();
    let groups: Vec<&str> =
        [printed.get(..4), printed.get(4..8), printed.get(8..)].into_iter().flatten().collect();
    let (printed, word) = (groups.join(" "), role.word());
    let height = WIDTH + 64;
    let middle = WIDTH / 2;
    let (first, second) = (WIDTH + 26, WIDTH + 52);
    Some(format!(
        "<?xml version=\"1.0\" standalone=\"yes\"?>\
         <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{printed}\">\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\
         <svg x=\"0\" y=\"0\" width=\"{WIDTH}\" height=\"{WIDTH}\" viewBox=\"0 0 {side} {side}\">{code}</svg>\
         <text x=\"{middle}\" y=\"{first}\" text-anchor=\"middle\" font-family=\"monospace\" \
         font-size=\"24\" font-weight=\"bold\">{printed}</text>\
         <text x=\"{middle}\" y=\"{second}\" text-anchor=\"middle\" font-family=\"monospace\" \
         font-size=\"18\">{word}</text></svg>",
        side = side(code).unwrap_or(WIDTH),
    ))
}

/// The side of the drawn code, which is a multiple of its modules and not quite what was asked for.
fn side(svg: &str) -> Option<u32> {
    let (_, rest) = svg.split_once("width=\"")?;
    rest.split_once('"')?.0.parse().ok()
}
