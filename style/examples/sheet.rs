use style::*;
use symbol::{encode, Options, file::Canvas};
fn main() {
    let s = encode("https://example.org/r/1234abcd", &Options::default()).unwrap();
    let dir = std::env::args().nth(1).unwrap();
    let mut styles: Vec<(String, Style)> = Pattern::ALL.iter().map(|&p| (format!("p-{}", p.label()), Style { pattern: p, ..Style::default() })).collect();
    for &e in EyeShape::ALL { styles.push((format!("e-{}", e.label()), Style { eyes: e.into(), ..Style::default() })); }
    for &b in Border::ALL { let mut st = Style::default(); st.eyes.border = b; styles.push((format!("b-{}", b.label()), st)); }
    for &k in Kind::ALL { styles.push((format!("g-{}", k.label()), Style { pattern: Pattern::Dots, gradient: Some(Gradient::new(k, &[[0x12,0x3a,0x6b],[0x8a,0x1c,0x7c],[0xd0,0x30,0x20]])), ..Style::default() })); }
    for (name, st) in styles {
        let scene = compose(&s, &st, 4);
        let c = Canvas::tight(scene.modules, 4, 8).unwrap();
        let p = raster::paint(&scene, c);
        let mut f = Vec::new(); raster::png(&p, None, &mut f).unwrap();
        std::fs::write(format!("{dir}/{name}.png"), &f).unwrap();
        let mut v = Vec::new(); svg::write(&scene, p.width_px, &symbol::file::svg::Options::default(), &mut v);
        std::fs::write(format!("{dir}/{name}.svg"), &v).unwrap();
        let r = grade(&scene, &s);
        println!("{name:22} {} png {} svg {} {}", r.grade().label(), f.len(), v.len(), r.reasons.iter().map(|r| format!("{}={:.2}{}", r.parameter.label(), r.value, r.grade.label())).collect::<Vec<_>>().join(" "));
    }
}
