use style::{*, geometry::{Outline, Point, MODULE}};
use symbol::{encode, Options, Level, file::Canvas};
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let mut variants: Vec<(String, Outline)> = Vec::new();
    for &b in Border::ALL { for &c in [Centre::Square, Centre::RoundedSquare, Centre::Circle].iter() { variants.push((format!("B-{}+{}", b.label(), c.label()), border(b).and(centre(c)))); } }
    for &c in Centre::ALL { for &b in [Border::Square, Border::RoundedSquare].iter() { variants.push((format!("C-{}+{}", c.label(), b.label()), border(b).and(centre(c)))); } }
    for &e in EyeShape::ALL { let (b, c) = e.parts(); variants.push((format!("E-{}", e.label()), border(b).and(centre(c)))); }
    let texts: Vec<String> = [3, 20, 60, 150, 300].iter().map(|n| format!("https://example.org/{}", "x".repeat(*n))).collect();
    let mut i = 0;
    for (name, eye) in &variants { for text in &texts { for px in [4, 5, 7, 10] { for level in [Level::L, Level::H] {
        let s = encode(&**text, &Options { level, ..Options::default() }).unwrap();
        let mut scene = compose(&s, &Style::default(), 4);
        scene.layers.truncate(1);
        let n = s.matrix().modules() as i32;
        let mut all = Outline::default();
        for (x, y) in [(0, 0), (n - 7, 0), (0, n - 7)] { all = all.and(eye.mirrored(7.0, [x > 0, y > 0]).moved(Point::new((x + 4) * MODULE, (y + 4) * MODULE))); }
        scene.layers.push(Layer { shape: Shape::Outline(all), paint: scene.layers[0].paint.clone() });
        let p = raster::paint(&scene, Canvas::tight(scene.modules, 4, px).unwrap());
        let mut f = Vec::new(); raster::png(&p, None, &mut f).unwrap();
        std::fs::write(format!("{dir}/{i}.png"), &f).unwrap();
        let raster::Pixels::Indexed { palette, indices } = &p.pixels else { continue };
        let w = p.width_px as usize;
        let mut im = rqrr::PreparedImage::prepare_from_greyscale(w, w, |x, y| palette[indices[y * w + x] as usize].rgb[1]);
        let rq = im.detect_grids().first().and_then(|g| g.decode().ok()).is_some_and(|(_, t)| t == *text);
        println!("{i}\t{text}\tA\t{name}\t-\t-\t{px}\t4\t-\t-\t{rq}"); i += 1;
    } } } }
}
