//! A style as bytes, for keys of caches and tags of entities.

use symbol::file::Ink;

use super::{Gradient, Style};
use crate::text::Text;

impl Style {
    /// Equal bytes, equal styles. Unambiguous: every field has a fixed length, or tells it, or ends with a zero byte, in a fixed order.
    /// It grows additively: what is new comes first, only where it is not at its default, and begins with a zero byte, as no pattern
    /// does.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.additions(&mut bytes);
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
        if let Some(gradient) = &self.gradient {
            of_gradient(gradient, &mut bytes);
        }
        bytes
    }

    /// Each begins with a zero byte and its name.
    fn additions(&self, bytes: &mut Vec<u8>) {
        let begin = |name: &str, bytes: &mut Vec<u8>| {
            bytes.push(0);
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
        };
        if let Some(stroke) = &self.stroke {
            begin("stroke", bytes);
            number(stroke.width, bytes);
            ink(stroke.ink, bytes);
        }
        if let Some(custom) = &self.eyes.custom {
            begin("custom", bytes);
            let numbers = custom.numbers();
            bytes.extend_from_slice(&numbers.len().to_be_bytes());
            for number in numbers {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
        }
        if let Some(logo) = &self.logo {
            begin("logo", bytes);
            bytes.extend_from_slice(logo.shape().label().as_bytes());
            bytes.push(0);
            number(logo.share, bytes);
            number(logo.padding, bytes);
            bytes.push(logo.background.is_some().into());
            ink(logo.background.unwrap_or(Ink::WHITE), bytes);
            bytes.extend_from_slice(logo.digest());
        }
        if let Some(frame) = &self.frame {
            begin("frame", bytes);
            for word in [frame.kind.label(), frame.position.label()] {
                bytes.extend_from_slice(word.as_bytes());
                bytes.push(0);
            }
            ink(frame.ink, bytes);
            number(frame.width, bytes);
            // No text holds a zero byte; none at all differs from an empty one.
            bytes.push(frame.text.is_some().into());
            let text = frame.text.as_ref().map_or("", Text::as_str);
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        for effect in &self.effects {
            begin(effect.label(), bytes);
            for each in effect.numbers() {
                number(each, bytes);
            }
            ink(effect.ink().unwrap_or(Ink::BLACK), bytes);
        }
    }
}

fn of_gradient(gradient: &Gradient, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(gradient.kind.label().as_bytes());
    bytes.extend_from_slice(&[0, gradient.on_data.into(), gradient.on_eyes.into()]);
    let numbers = [gradient.angle_deg, gradient.centre.0, gradient.centre.1];
    let stops = gradient.stops.iter().map(|stop| stop.at);
    for number in numbers.into_iter().chain(stops) {
        self::number(number, bytes);
    }
    bytes.extend(gradient.stops.iter().flat_map(|stop| stop.rgb));
}

fn number(number: f32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&number.to_bits().to_be_bytes());
}

fn ink(ink: Ink, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&ink.rgb);
    bytes.push(ink.alpha);
}
