//! A forest of small trees: each looks at four numbers of a blow and casts a vote; the votes are added.
//!
//! A tree is 61 bytes: fifteen numbers to look at, fifteen limits (two bytes, low first), sixteen votes. Node `n`
//! goes on to `2n + 1` where the number is within its limit, else to `2n + 2`. Tables are text of six bits
//! a character, read while compiling. Not here: the tables, and how trees are grown.

use super::features::FEATURES;

/// Questions that a tree asks in a row.
pub const DEPTH: usize = 4;
/// Questions of a tree.
pub const NODES: usize = (1 << DEPTH) - 1;
/// Bytes of a tree.
pub const TREE_BYTES: usize = NODES * 3 + NODES + 1;

/// Trees and the sum of votes from which they mean a fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forest {
    trees: &'static [u8],
    alarm: i32,
}

impl Forest {
    /// Trees in a row, [`TREE_BYTES`] each, and the sum of votes above which they mean a fall.
    pub const fn new(trees: &'static [u8], alarm: i32) -> Self {
        Self { trees, alarm }
    }

    /// Sum of the votes.
    pub fn votes(&self, of: &[i16; FEATURES]) -> i32 {
        self.trees.chunks_exact(TREE_BYTES).map(|tree| i32::from(vote(tree, of))).sum()
    }

    /// How far a sum of votes is above the one that means a fall.
    pub const fn margin(&self, votes: i32) -> i32 {
        votes - self.alarm
    }
}

/// What one tree says.
fn vote(tree: &[u8], of: &[i16; FEATURES]) -> i8 {
    let mut node = 0;
    while node < NODES {
        let limit = i16::from_le_bytes([tree[NODES + 2 * node], tree[NODES + 2 * node + 1]]);
        let value = of.get(usize::from(tree[node])).copied().unwrap_or(0);
        node = 2 * node + if value <= limit { 1 } else { 2 };
    }
    tree[NODES * 2 + node].cast_signed()
}

/// First of the 64 characters of a table.
pub const FIRST: u8 = b'0';

/// Bytes of a table as text, six bits a character from [`FIRST`] on, high bits first; what is below it is
/// space between lines.
pub(super) const fn decode<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let (mut n, mut bits, mut held, mut next) = (0, 0_u32, 0_u32, 0);
    while n < N {
        if text[next] >= FIRST {
            held = (held << 6) | (text[next] - FIRST) as u32;
            bits += 6;
        }
        next += 1;
        if bits >= 8 {
            bits -= 8;
            bytes[n] = (held >> bits & 0xFF) as u8;
            held &= (1 << bits) - 1;
            n += 1;
        }
    }
    bytes
}
