//! temp
use std::time::Instant;
use symbol::*;
fn main() {
    for (v, n) in [(3u8, 44usize), (6, 108), (13, 334), (26, 1062), (40, 2334)] {
        let version = Version::qr(v).unwrap();
        let data: Vec<u8> = (0..n).map(|i| (i * i * 31 + i * 7) as u8).collect();
        print!("v{v}:");
        for cpu in Cpu::available() {
            for mask in [None, Mask::new(3)] {
                let mut best = f64::MAX;
                for _ in 0..1500 {
                    let k = 2000 / (n + 20) + 2;
                    let t = Instant::now();
                    for _ in 0..k {
                        std::hint::black_box(draw_temp(
                            cpu,
                            version,
                            Level::M,
                            mask,
                            std::hint::black_box(&data),
                        ));
                    }
                    best = best.min(t.elapsed().as_nanos() as f64 / k as f64);
                }
                print!(
                    "  {cpu} {} {best:.0}",
                    if mask.is_some() { "forced" } else { "auto" }
                );
            }
        }
        println!();
    }
}
