//! A style as bytes, for keys of caches and tags of entities.

use symbol::file::Ink;

use super::Style;

impl Style {
    /// Equal bytes, equal styles. Unambiguous: every field has a fixed length or ends with a zero byte, in a fixed order. It grows
    /// additively: what is new comes last, and only where it is not at its default.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let eyes = &self.eyes;
        for word in [
            self.pattern.label(),
            eyes.border.label(),
            eyes.centre.label(),
        ] {
            bytes.extend_from_slice(word.as_bytes());
            bytes.push(0);
        }
        ink(self.ink, &mut bytes);
        ink(self.ground, &mut bytes);
        let of_eyes = [eyes.inks.outer, eyes.inks.inner];
        for own in of_eyes.into_iter().chain(eyes.inks.each) {
            bytes.push(own.is_some().into());
            if let Some(own) = own {
                ink(own, &mut bytes);
            }
        }
        let Some(gradient) = &self.gradient else {
            return bytes;
        };
        bytes.extend_from_slice(gradient.kind.label().as_bytes());
        bytes.extend_from_slice(&[0, gradient.on_data.into(), gradient.on_eyes.into()]);
        let numbers = [gradient.angle_deg, gradient.centre.0, gradient.centre.1];
        let stops = gradient.stops.iter().map(|stop| stop.at);
        for number in numbers.into_iter().chain(stops) {
            bytes.extend_from_slice(&number.to_bits().to_be_bytes());
        }
        bytes.extend(gradient.stops.iter().flat_map(|stop| stop.rgb));
        bytes
    }
}

fn ink(ink: Ink, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&ink.rgb);
    bytes.push(ink.alpha);
}
