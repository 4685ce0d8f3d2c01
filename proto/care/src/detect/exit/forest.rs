//! A forest of small trees: each asks three questions of the numbers of a moment and casts a vote.
//!
//! A tree is 29 bytes: seven numbers to look at, seven limits (two bytes, low first), eight votes. Node `n` goes on to
//! `2n + 1` where the number is within its limit, else to `2n + 2`. Tables are text of six bits a
//! character, read while compiling. Not here: the table, and how trees are grown.

use super::look::FEATURES;

/// Questions that a tree asks in a row.
pub const DEPTH: usize = 3;
/// Questions of a tree.
pub const NODES: usize = (1 << DEPTH) - 1;
/// Bytes of a tree.
pub const TREE_BYTES: usize = NODES * 3 + NODES + 1;
/// First of the 64 characters of a table.
pub const FIRST: u8 = b'0';

/// Trees in a row, [`TREE_BYTES`] each; 64 votes are one unit of log odds for "out of bed".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forest(&'static [u8]);

impl Forest {
    /// Trees in a row.
    pub const fn new(trees: &'static [u8]) -> Self {
        Self(trees)
    }

    /// Sum of the votes.
    pub fn votes(&self, of: &[i16; FEATURES]) -> i32 {
        self.0.chunks_exact(TREE_BYTES).map(|tree| i32::from(vote(tree, of))).sum()
    }
}

fn vote(tree: &[u8], of: &[i16; FEATURES]) -> i8 {
    let mut node = 0;
    while node < NODES {
        let limit = i16::from_le_bytes([tree[NODES + 2 * node], tree[NODES + 2 * node + 1]]);
        let value = of.get(usize::from(tree[node])).copied().unwrap_or(0);
        node = 2 * node + if value <= limit { 1 } else { 2 };
    }
    tree[NODES * 2 + node].cast_signed()
}

/// Bytes of a table as text, six bits a character from [`FIRST`] on, high bits first; what is below it is space.
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
