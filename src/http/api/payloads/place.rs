//! Where and when: places and calendar entries.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::payload::{Event as Entry, Geo as Point, Payload, Scope};

use super::{
    kinds::told,
    when::{instant, when},
};
use crate::http::api::faults::Faults;

/// A calendar entry. Texts have at most 200 characters on one line
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadEvent")]
#[serde(deny_unknown_fields)]
pub struct Event {
    summary: String,
    /// `2027-01-31`, `2027-01-31T18:00:00` for a time of wherever the reader is, or with `Z` or an offset, which is written in UTC
    start: String,
    /// Later than `start` and of the same kind; for days it is the day after the last
    end: Option<String>,
    location: Option<String>,
    /// At most 1000 characters
    description: Option<String>,
    /// `http` or `https`
    url: Option<String>,
    /// Unlike that of any other event. Together with `stamp` the payload is a whole calendar (RFC 5545), for readers that hand it on as a file
    uid: Option<String>,
    /// When the entry was made: `2027-01-01T12:00:00Z`
    stamp: Option<String>,
    /// Lines of at most 75 bytes, which importers on Android cut (false)
    #[oai(default)]
    #[serde(default)]
    fold: bool,
}

impl Event {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let start = when("start", &self.start, faults);
        let end = self.end.as_deref().map(|end| when("end", end, faults));
        let scope = match (&self.uid, &self.stamp) {
            (None, None) => Some(Scope::Bare),
            (Some(uid), Some(stamp)) => {
                instant("stamp", stamp, faults).map(|stamp| Scope::Calendar {
                    uid: uid.clone(),
                    stamp,
                })
            }
            (Some(_), None) => {
                faults.add("stamp", "must be given with uid");
                None
            }
            (None, Some(_)) => {
                faults.add("uid", "must be given with stamp");
                None
            }
        };
        let entry = Entry {
            summary: self.summary.clone(),
            start: start?,
            end: end.unwrap_or_default(),
            location: self.location.clone(),
            description: self.description.clone(),
            url: self.url.clone(),
            scope: scope?,
            fold: self.fold,
        };
        told(entry.build(), &[], faults)
    }
}

/// A place (RFC 5870, WGS 84)
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadGeo")]
#[serde(deny_unknown_fields)]
pub struct Geo {
    /// Degrees north, -90 to 90
    latitude: f64,
    /// Degrees east, -180 to 180
    longitude: f64,
    /// Metres above the ellipsoid, -12000 to 1000000
    altitude: Option<f64>,
    /// How far off, in metres, 0 to 10000000
    uncertainty: Option<f64>,
}

impl Geo {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let point = Point {
            latitude_deg: self.latitude,
            longitude_deg: self.longitude,
            altitude_m: self.altitude,
            uncertainty_m: self.uncertainty,
        };
        let names = [
            ("latitude_deg", "latitude"),
            ("longitude_deg", "longitude"),
            ("altitude_m", "altitude"),
            ("uncertainty_m", "uncertainty"),
        ];
        told(point.build(), &names, faults)
    }
}
