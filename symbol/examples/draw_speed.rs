//! How long a symbol takes on every level of CPU features: the best of many runs, in nanoseconds.

use std::{hint::black_box, time::Instant};

use symbol::{Cpu, Options, encode_on};

fn main() {
    let url = |length: usize| {
        let tail = "abcdefghijklmnopqrstuvwxyz-/".chars().cycle();
        "https://example.com/"
            .chars()
            .chain(tail)
            .take(length)
            .collect::<String>()
    };
    let digits: String = "8675309".chars().cycle().take(500).collect();
    let capitals: String = "QR CODE/42 ".chars().cycle().take(200).collect();
    let mut inputs: Vec<(String, String)> = [30, 100, 300, 1000, 2300]
        .map(|length| (format!("url{length}"), url(length)))
        .to_vec();
    inputs.push(("digits500".to_owned(), digits));
    inputs.push(("alnum200".to_owned(), capitals));
    for (name, text) in &inputs {
        let options = Options::default();
        print!("{name:10}");
        for cpu in Cpu::available() {
            let make = || encode_on(cpu, black_box(text.as_str()), &options).map(|s| s.version());
            let runs = 4000 / (text.len() + 20) + 2;
            let mut best = f64::MAX;
            for _ in 0..1500 {
                let start = Instant::now();
                for _ in 0..runs {
                    let _ = black_box(make());
                }
                best = best.min(start.elapsed().as_secs_f64() * 1e9 / runs as f64);
            }
            print!("  {cpu} {best:7.0}");
        }
        println!(
            "  version {}",
            encode_on(Cpu::best(), text.as_str(), &options).map_or(0, |s| s.version().number())
        );
    }
}
