//! A message goes to the number that was given, with the body that was given.

use symbol::payload::{Sms, SmsSyntax};

use super::{built, dialled, input::Input, percent_decoded, with_lf};

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let sms = Sms {
        number: input.phone(),
        body: input.maybe(Input::text),
        syntax: input.pick(&[SmsSyntax::SmsTo, SmsSyntax::Uri]),
    };
    let Some(out) = built(sms.build()) else {
        return false;
    };
    let (number, body) = match sms.syntax {
        SmsSyntax::SmsTo => {
            // ZXing: what is before the first colon, and all that is after it.
            let rest = out.strip_prefix("SMSTO:").unwrap();
            let found = rest.split_once(':');
            found.map_or((rest, None), |(number, body)| {
                (number, Some(body.to_owned()))
            })
        }
        SmsSyntax::Uri => {
            let rest = out.strip_prefix("sms:").unwrap();
            let found = rest.split_once("?body=");
            found.map_or((rest, None), |(number, body)| {
                (number, Some(percent_decoded(body, "")))
            })
        }
    };
    assert_eq!(number, dialled(&sms.number));
    assert_eq!(body, sms.body.as_deref().map(with_lf));
    true
}
