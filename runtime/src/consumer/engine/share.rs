//! How a bound on all partitions is shared between them.

/// A bound, and what is left of it.
///
/// Half of the bound is set aside, an equal part (the *floor*) for each partition; the other half belongs to whoever
/// comes, but nobody takes more of it than it leaves to the others. So a busy partition has most of the room when the rest
/// is quiet, and one that is stuck, with finished events piling up behind an unfinished one, cannot take it all. This is
/// [Choudhury and Hahne's dynamic threshold](https://doi.org/10.1109/90.664262) with a reserve.
#[derive(Debug)]
pub(super) struct Share {
    floor: u64,
    free: u64,
    /// What is left of the bound, whoever's it is.
    left: u64,
}

impl Share {
    /// Shares `max` between partitions that hold so much each.
    pub(super) fn of(max: u64, holdings: impl Iterator<Item = u64> + Clone) -> Self {
        let max = max.max(1);
        let count = holdings.clone().count().max(1) as u64;
        let floor = (max / (2 * count)).max(1);
        let (held, claimed) =
            holdings.fold((0, 0), |(held, claimed), holding| (held + holding, claimed + holding.max(floor)));
        Self { floor, free: max.saturating_sub(claimed), left: max.saturating_sub(held) }
    }

    /// Whether a partition that holds so much must not read on. One that was stopped goes on at half of its limit, so
    /// that it does not stop again at once.
    pub(super) fn is_full(&self, held: u64, was_full: bool) -> bool {
        let limit = self.limit(held);
        self.left == 0 || held >= if was_full { limit / 2 + 1 } else { limit }
    }

    /// How much more a partition may take that holds so much.
    pub(super) fn room(&self, held: u64) -> u64 {
        // What it takes above its floor is free no more: the limit stays where it is.
        self.limit(held).saturating_sub(held).min(self.left)
    }

    fn limit(&self, held: u64) -> u64 {
        self.floor + (held.saturating_sub(self.floor) + self.free) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    fn full(max: u64, holdings: &[u64]) -> Vec<bool> {
        let share = Share::of(max, holdings.iter().copied());
        holdings.iter().map(|&held| share.is_full(held, false)).collect()
    }

    #[test]
    fn a_lone_busy_partition_takes_most_of_the_room() {
        assert_eq!(full(1000, &[700]), [false]);
        assert_eq!(full(1000, &[750]), [true]);
        assert_eq!(full(1000, &[250, 0, 0, 0]), [false; 4]);
    }

    #[test]
    fn stuck_partitions_leave_room_for_every_other() {
        let mut holdings = [0u64; 20];
        for stuck in 0..19 {
            while !full(1000, &holdings)[stuck] {
                holdings[stuck] += 1;
            }
            assert!(holdings[stuck] >= 25, "each gets its floor: {holdings:?}");
        }
        assert!(!full(1000, &holdings)[19]);
        assert!(holdings.iter().sum::<u64>() <= 1000);
    }

    #[test]
    fn a_full_partition_goes_on_at_half_of_its_limit() {
        let is_full = |held: u64| Share::of(1000, [held].into_iter()).is_full(held, true);
        assert!(is_full(750));
        assert!(is_full(376));
        assert!(!is_full(300));
    }

    #[test]
    fn who_takes_the_room_there_is_is_full_and_leaves_the_others_theirs() {
        let mut holdings = [0u64; 20];
        for taker in 0..20 {
            let room = Share::of(1000, holdings.iter().copied()).room(holdings[taker]);
            assert!(room >= 25, "{room} after {holdings:?}");
            holdings[taker] += room;
            assert!(full(1000, &holdings)[taker]);
        }
        assert!(holdings.iter().sum::<u64>() <= 1000);
    }

    #[test]
    fn a_bound_below_the_number_of_partitions_still_moves() {
        assert_eq!(full(1, &[0, 0, 0]), [false; 3]);
        assert_eq!(full(1, &[0, 1, 0]), [true; 3]);
    }
}
