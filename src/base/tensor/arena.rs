/// When a value of a program lives: from the instruction that writes it to the last one that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The number of elements.
    pub len: usize,
    /// The instruction that writes the value.
    pub written: usize,
    /// The last instruction that reads it; at least `written`.
    pub last_read: usize,
}

/// Where values lie in one arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArenaLayout {
    /// The offset of each value, in elements, in the order of the lifetimes.
    pub offsets: Vec<usize>,
    /// The arena's length in elements.
    pub len: usize,
}

/// Places values in one arena so that no two overlap in space while both live. First fit in order of writing; offsets are
/// multiples of `alignment`. Lifetimes must be sorted by `written`.
pub fn place(lifetimes: &[Lifetime], alignment: usize) -> ArenaLayout {
    let mut live: Vec<(usize, usize, usize)> = Vec::new(); // offset, end, last read; in order of offsets
    let mut offsets = Vec::with_capacity(lifetimes.len());
    let mut arena_len = 0;
    for lifetime in lifetimes {
        // A value read by the instruction that writes this one still lives.
        live.retain(|&(_, _, last_read)| last_read >= lifetime.written);
        let mut offset = 0;
        for &(start, end, _) in &live {
            if offset + lifetime.len <= start {
                break;
            }
            offset = offset.max(end.next_multiple_of(alignment));
        }
        let placed = (offset, offset + lifetime.len, lifetime.last_read);
        live.insert(live.partition_point(|other| *other < placed), placed);
        offsets.push(offset);
        arena_len = arena_len.max((offset + lifetime.len).next_multiple_of(alignment));
    }
    ArenaLayout { offsets, len: arena_len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn no_two_living_values_overlap() {
        let stream = Stream::new(7, Purpose::Structure, 0);
        for case in 0..50u64 {
            let draw = |k: u64, bound| stream.below(case * 1000 + k, bound) as usize;
            let lifetimes: Vec<Lifetime> = (0..40)
                .map(|i| Lifetime {
                    len: 1 + draw(2 * i as u64, 30),
                    written: i,
                    last_read: i + draw(2 * i as u64 + 1, 12),
                })
                .collect();
            let placement = place(&lifetimes, 4);
            for (i, a) in lifetimes.iter().enumerate() {
                assert!(placement.offsets[i] + a.len <= placement.len);
                for (j, b) in lifetimes.iter().enumerate().skip(i + 1) {
                    let both_live = b.written <= a.last_read;
                    let apart = placement.offsets[i] + a.len <= placement.offsets[j]
                        || placement.offsets[j] + b.len <= placement.offsets[i];
                    assert!(apart || !both_live, "values {i} and {j}");
                }
            }
            let total: usize = lifetimes.iter().map(|l| l.len.next_multiple_of(4)).sum();
            assert!(placement.len < total, "nothing was reused");
        }
    }
}
