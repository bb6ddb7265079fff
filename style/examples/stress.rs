// random styles -> PNG files and a list of grades
use style::*;
use symbol::{encode, Options, Level, file::{Canvas, Ink}};
struct R(u64);
impl R { fn n(&mut self, n: usize) -> usize { self.0 ^= self.0 << 13; self.0 ^= self.0 >> 7; self.0 ^= self.0 << 17; (self.0 >> 11) as usize % n } }
fn main() {
    let a: Vec<_> = std::env::args().collect();
    let (dir, count, seed) = (&a[1], a[2].parse::<usize>().unwrap(), a[3].parse::<u64>().unwrap());
    let mut r = R(0x9e37_79b9_7f4a_7c15 ^ (seed << 20)); for _ in 0..9 { r.n(2); }
    for i in 0..count {
        let text = format!("https://example.org/{}", "x".repeat([3, 20, 60, 150, 300][r.n(5)]));
        let level = [Level::L, Level::M, Level::Q, Level::H][r.n(4)];
        let s = encode(&*text, &Options { level, ..Options::default() }).unwrap();
        let dark = |r: &mut R| { let m = [40, 90, 140, 200][r.n(4)]; Ink::opaque([r.n(m) as u8, r.n(m) as u8, r.n(m) as u8]) };
        let mut st = Style::default();
        if r.n(4) > 0 { st.pattern = Pattern::ALL[r.n(12)]; }
        match r.n(4) { 0 => {}, 1 => st.eyes = EyeShape::ALL[r.n(16)].into(), 2 => { st.eyes.border = Border::ALL[r.n(Border::ALL.len())]; }, _ => { st.eyes.border = Border::ALL[r.n(Border::ALL.len())]; st.eyes.centre = Centre::ALL[r.n(Centre::ALL.len())]; } }
        if r.n(2) == 0 { st.ink = dark(&mut r); st.ground = Ink::opaque([255 - r.n(90) as u8, 255 - r.n(90) as u8, 255 - r.n(90) as u8]); }
        if r.n(3) == 0 { st.eyes.inks.outer = Some(dark(&mut r)); st.eyes.inks.inner = Some(dark(&mut r)); }
        if r.n(3) == 0 { let n = 2 + r.n(4); let c: Vec<_> = (0..n).map(|_| dark(&mut r).rgb).collect(); let mut g = Gradient::new(Kind::ALL[r.n(6)], &c); g.angle_deg = r.n(360) as f32; g.on_eyes = r.n(2) == 0; st.gradient = Some(g); }
        let zone = [4, 4, 4, 4, 3, 2][r.n(6)];
        let scene = compose(&s, &st, zone);
        let px = 4 + r.n(7) as u32;
        let p = raster::paint(&scene, Canvas::tight(scene.modules, zone, px).unwrap());
        let mut f = Vec::new(); raster::png(&p, None, &mut f).unwrap();
        std::fs::write(format!("{dir}/{i}.png"), &f).unwrap();
        let rq = { let w = p.width_px as usize; let px: Vec<[u8;3]> = match &p.pixels { raster::Pixels::Indexed{palette,indices} => indices.iter().map(|i| palette[*i as usize].rgb).collect(), raster::Pixels::Rgba(b) => b.chunks(4).map(|c| [c[0],c[1],c[2]]).collect() };
            let mut im = rqrr::PreparedImage::prepare_from_greyscale(w, w, |x, y| { let c = px[y*w+x]; ((c[0] as u32*299+c[1] as u32*587+c[2] as u32*114)/1000) as u8 });
            im.detect_grids().first().and_then(|g| g.decode().ok()).is_some_and(|(_, t)| t == text) };
        let rep = grade(&scene, &s);
        let w = rep.reasons.iter().map(|r| format!("{}={:.2}{}", r.parameter.label(), r.value, r.grade.label())).collect::<Vec<_>>().join(",");
        println!("{i}\t{text}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{w}\t{rq}", rep.grade().label(), st.pattern.label(), st.eyes.border.label(), st.eyes.centre.label(), px, zone, st.gradient.as_ref().map_or("-", |g| g.kind.label()));
    }
}
