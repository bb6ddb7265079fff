//! How many of the last ten seconds' events were bad: ten buckets of one second, exact.

const BUCKETS: usize = 10;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    second: u64,
    all: u32,
    bad: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window([Bucket; BUCKETS]);

impl Window {
    pub fn add(&mut self, now_ms: u64, bad: bool) {
        let second = now_ms / 1000;
        let at = usize::try_from(second % BUCKETS as u64).unwrap_or(0);
        let bucket = &mut self.0[at];
        if bucket.second != second {
            *bucket = Bucket {
                second,
                ..Bucket::default()
            };
        }
        bucket.all = bucket.all.saturating_add(1);
        bucket.bad = bucket.bad.saturating_add(u32::from(bad));
    }

    /// All and bad ones of this second and the nine before it.
    pub fn counts(&self, now_ms: u64) -> (u32, u32) {
        let second = now_ms / 1000;
        let live = |b: &&Bucket| b.second <= second && second - b.second < BUCKETS as u64;
        self.0.iter().filter(live).fold((0, 0), |(all, bad), b| {
            (all.saturating_add(b.all), bad.saturating_add(b.bad))
        })
    }
}
