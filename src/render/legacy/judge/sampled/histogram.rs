//! What many colours have in common.

use super::Rgb;

/// Colours, counted channel by channel.
pub struct Histogram {
    channels: [[u32; 256]; 3],
    pub count: usize,
}

impl Histogram {
    pub fn of(colors: impl Iterator<Item = Rgb>) -> Self {
        let mut all = Self {
            channels: [[0; 256]; 3],
            count: 0,
        };
        for rgb in colors {
            for (channel, value) in all.channels.iter_mut().zip(rgb) {
                channel[usize::from(value)] += 1;
            }
            all.count += 1;
        }
        all
    }

    /// The value of a channel that `n` others are not above.
    pub fn nth(&self, channel: usize, n: usize) -> u8 {
        let mut seen = 0;
        let found = (0..=255).find(|&value| {
            seen += self.channels[channel][usize::from(value)] as usize;
            seen > n
        });
        found.unwrap_or(255)
    }

    /// Of each channel. If most colours are equal, it is that one.
    pub fn median(&self) -> Rgb {
        [0, 1, 2].map(|channel| self.nth(channel, self.count / 2))
    }
}
