//! A forest of small trees: each asks a few questions of some numbers and casts a vote; the votes are added.
//!
//! A tree of depth `d` has `2^d - 1` numbers to look at, as many limits (two bytes, low first), and `2^d` votes.
//! Node `n` goes on to `2n + 1` where the number is within its limit, else to `2n + 2`. Tables are text of six bits a
//! character, read while compiling. Not here: the tables, what the votes mean, and how trees are grown.

/// First of the 64 characters of a table.
pub const FIRST: u8 = b'0';

/// Bytes of a tree that asks so many questions in a row.
pub(crate) const fn tree_bytes(depth: usize) -> usize {
    let nodes = (1 << depth) - 1;
    nodes * 3 + nodes + 1
}

/// Trees in a row, [`tree_bytes`] each, that ask `DEPTH` questions in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trees<const DEPTH: usize>(&'static [u8]);

impl<const DEPTH: usize> Trees<DEPTH> {
    /// Trees in a row.
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// Sum of the votes about these numbers; one that a tree asks for and is not there counts as zero.
    pub fn votes(&self, of: &[i16]) -> i32 {
        self.0.chunks_exact(tree_bytes(DEPTH)).map(|tree| i32::from(vote::<DEPTH>(tree, of))).sum()
    }
}

/// What one tree says.
fn vote<const DEPTH: usize>(tree: &[u8], of: &[i16]) -> i8 {
    let nodes = (1 << DEPTH) - 1;
    let mut node = 0;
    while node < nodes {
        let limit = i16::from_le_bytes([tree[nodes + 2 * node], tree[nodes + 2 * node + 1]]);
        let value = of.get(usize::from(tree[node])).copied().unwrap_or(0);
        node = 2 * node + if value <= limit { 1 } else { 2 };
    }
    // Numbers take `nodes` bytes and limits twice that; `node` counts on from `nodes` at the leaves.
    tree[nodes * 2 + node].cast_signed()
}

/// Bytes of a table as text, six bits a character from [`FIRST`] on, high bits first; what is below it is
/// space between lines.
pub(crate) const fn decode<const N: usize>(text: &str) -> [u8; N] {
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
