//! Grows forests for the worn detectors: gradient boosting of small complete trees.
//!
//! Each tree is fitted to what the trees before it still get wrong (log loss, second order), on a
//! drawn part of the rows and numbers. Votes are rounded to what a table can hold while growing, so later trees
//! mend the rounding. Not here: which rows there are, and what is right.

use crate::seed::Seed;

/// How a forest is grown.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Trees.
    pub trees: usize,
    /// Questions that each tree asks in a row.
    pub depth: usize,
    /// Part of each step that is taken.
    pub rate: f64,
    /// Weight that pulls votes to zero, in rows of even odds times four.
    pub calm: f64,
    /// Least curvature (rows of even odds, divided by four) of a leaf.
    pub leaf: f64,
    /// Numbers that each tree may look at.
    pub numbers: usize,
    /// Percentage of rows that each tree sees.
    pub rows_percent: u64,
    /// Whether votes count from how usual a yes is, else from even odds. Who sets a limit of votes afterwards takes the
    /// former: no tree is spent on what the limit holds.
    pub usual: bool,
}

/// One moment to learn from, with so many numbers.
#[derive(Debug, Clone, Copy)]
pub struct Row<const N: usize> {
    /// Its numbers.
    pub values: [i16; N],
    /// Whether it is what is looked for.
    pub yes: bool,
    /// How much it counts; zero = not at all.
    pub weight: f64,
}

/// Votes of one unit of log odds.
pub const VOTES: f64 = 64.0;
/// Steps into which the range of a number is cut, by equal parts of the rows.
const STEPS: usize = 128;

/// Rows with their numbers as steps, and the limits of the steps.
struct Board<const N: usize> {
    steps: Vec<[u8; N]>,
    limits: Vec<Vec<i16>>,
}

impl<const N: usize> Board<N> {
    fn new(rows: &[Row<N>]) -> Self {
        let mut limits = Vec::new();
        for number in 0..N {
            let mut values: Vec<i16> = rows.iter().map(|row| row.values[number]).collect();
            values.sort_unstable();
            let at = |n: usize| values[(values.len() - 1) * n / STEPS];
            let mut cuts: Vec<i16> = (1..STEPS).map(at).collect();
            cuts.dedup();
            limits.push(cuts);
        }
        let step = |row: &Row<N>| {
            let mut steps = [0; N];
            for (number, step) in steps.iter_mut().enumerate() {
                let below = limits[number].partition_point(|limit| *limit < row.values[number]);
                *step = u8::try_from(below).unwrap_or(u8::MAX);
            }
            steps
        };
        Self { steps: rows.iter().map(step).collect(), limits }
    }
}

/// First and second derivative of the loss, added up.
#[derive(Debug, Clone, Copy, Default)]
struct Slope {
    first: f64,
    second: f64,
}

impl Slope {
    fn add(&mut self, other: Self) {
        self.first += other.first;
        self.second += other.second;
    }

    fn less(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second }
    }

    fn gain(self, calm: f64) -> f64 {
        self.first * self.first / (self.second + calm)
    }
}

/// Grows a forest; its bytes are those of the detectors' tables.
pub fn grow<const N: usize>(rows: &[Row<N>], growth: Growth, seed: &mut Seed) -> Vec<u8> {
    let rows: Vec<Row<N>> = rows.iter().copied().filter(|row| row.weight > 0.0).collect();
    let board = Board::new(&rows);
    let usual = if growth.usual { usual(&rows) } else { 0 };
    let mut sums = vec![usual; rows.len()];
    let mut forest = Vec::new();
    for _ in 0..growth.trees {
        let slopes: Vec<Slope> =
            rows.iter().zip(&sums).map(|(row, sum)| slope(row, *sum)).collect();
        let drawn: Vec<usize> =
            (0..rows.len()).filter(|_| seed.below(100) < growth.rows_percent).collect();
        let mut numbers: Vec<usize> = (0..N).collect();
        for n in 0..growth.numbers.min(N) {
            let left = u64::try_from(N - n).unwrap_or(1);
            numbers.swap(n, n + usize::try_from(seed.below(left)).unwrap_or(0));
        }
        numbers.truncate(growth.numbers);
        let tree = Tree::fit(&board, &slopes, &drawn, &numbers, growth);
        for (sum, steps) in sums.iter_mut().zip(&board.steps) {
            *sum += i32::from(tree.votes[tree.leaf(steps)]);
        }
        tree.write(&board, &mut forest);
    }
    forest
}

/// Votes for how often a row is a yes.
fn usual<const N: usize>(rows: &[Row<N>]) -> i32 {
    let weigh = |yes: bool| rows.iter().filter(|row| row.yes == yes).map(|row| row.weight).sum();
    let (yes, no): (f64, f64) = (weigh(true), weigh(false));
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm, and clamped")]
    let votes = (VOTES * (yes.max(1.0) / no.max(1.0)).ln()).clamp(-1e4, 1e4) as i32;
    votes
}

fn slope<const N: usize>(row: &Row<N>, sum: i32) -> Slope {
    let odds = 1.0 / (1.0 + (-f64::from(sum) / VOTES).exp());
    let truth = if row.yes { 1.0 } else { 0.0 };
    Slope { first: (truth - odds) * row.weight, second: odds * (1.0 - odds) * row.weight }
}

/// A complete tree over steps.
struct Tree {
    /// Number and last step that goes left.
    nodes: Vec<(usize, u8)>,
    votes: Vec<i8>,
}

impl Tree {
    fn fit<const N: usize>(
        board: &Board<N>,
        slopes: &[Slope],
        drawn: &[usize],
        numbers: &[usize],
        growth: Growth,
    ) -> Self {
        let nodes = (1 << growth.depth) - 1;
        let mut tree = Self { nodes: vec![(0, u8::MAX); nodes], votes: vec![0; nodes + 1] };
        let mut parts: Vec<Vec<usize>> = vec![drawn.to_vec()];
        for level in 0..growth.depth {
            let mut next = Vec::new();
            for (n, part) in parts.into_iter().enumerate() {
                let node = (1 << level) - 1 + n;
                let best = split(board, slopes, &part, numbers, growth);
                tree.nodes[node] = best;
                let goes_left = |row: &usize| board.steps[*row][best.0] <= best.1;
                let (left, right) = part.into_iter().partition(goes_left);
                next.extend([left, right]);
            }
            parts = next;
        }
        for (vote, part) in tree.votes.iter_mut().zip(parts) {
            let mut sum = Slope::default();
            part.iter().for_each(|row| sum.add(slopes[*row]));
            let step = growth.rate * sum.first / (sum.second + growth.calm);
            #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
            let rounded = (step * VOTES).round().clamp(-127.0, 127.0) as i8;
            *vote = rounded;
        }
        tree
    }

    fn leaf(&self, steps: &[u8]) -> usize {
        let mut node = 0;
        while node < self.nodes.len() {
            let (number, limit) = self.nodes[node];
            node = 2 * node + if steps[number] <= limit { 1 } else { 2 };
        }
        node - self.nodes.len()
    }

    fn write<const N: usize>(&self, board: &Board<N>, bytes: &mut Vec<u8>) {
        bytes.extend(self.nodes.iter().map(|(number, _)| u8::try_from(*number).unwrap_or(0)));
        for (number, step) in &self.nodes {
            let limit = board.limits[*number].get(usize::from(*step)).copied().unwrap_or(i16::MAX);
            bytes.extend(limit.to_le_bytes());
        }
        bytes.extend(self.votes.iter().map(|vote| vote.cast_unsigned()));
    }
}

/// The number and step that tell a part of the rows apart best; everything left if nothing does.
fn split<const N: usize>(
    board: &Board<N>,
    slopes: &[Slope],
    part: &[usize],
    numbers: &[usize],
    growth: Growth,
) -> (usize, u8) {
    let mut all = Slope::default();
    part.iter().for_each(|row| all.add(slopes[*row]));
    let (mut best, mut best_gain) = ((numbers.first().copied().unwrap_or(0), u8::MAX), 1e-9);
    for number in numbers {
        let mut bars = [Slope::default(); STEPS];
        for row in part {
            bars[usize::from(board.steps[*row][*number])].add(slopes[*row]);
        }
        let mut left = Slope::default();
        for (step, bar) in bars.iter().enumerate().take(board.limits[*number].len()) {
            left.add(*bar);
            let right = all.less(left);
            if left.second < growth.leaf || right.second < growth.leaf {
                continue;
            }
            let gain = left.gain(growth.calm) + right.gain(growth.calm) - all.gain(growth.calm);
            if gain > best_gain {
                (best, best_gain) = ((*number, u8::try_from(step).unwrap_or(u8::MAX)), gain);
            }
        }
    }
    best
}
