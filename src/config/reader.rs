//! Reads single settings from a file and the environment and collects their faults.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::RangeInclusive,
    path::Path,
    str::FromStr,
};

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The variable, the key in the file, or the file itself.
    pub setting: String,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.message)
    }
}

/// Where one setting may come from.
#[derive(Clone, Copy)]
pub struct Name {
    /// `section.key` in the file.
    pub key: &'static str,
    /// The environment variable.
    pub variable: &'static str,
}

/// A setting's name: `name("server.bind", "BIND")`.
pub const fn name(key: &'static str, variable: &'static str) -> Name {
    Name { key, variable }
}

pub struct Reader {
    file: BTreeMap<String, String>,
    environment: HashMap<String, String>,
    known: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl Reader {
    pub fn new(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            file: BTreeMap::new(),
            // An empty variable is an unset one: that is how compose files and shells spell "no value".
            environment: environment
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            known: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Adds the settings of a TOML file, or of standard input for `-`: one table per section, scalars and arrays of scalars in it.
    pub fn file(&mut self, path: &Path) {
        let is_input = path == Path::new("-");
        let shown = if is_input {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let text = if is_input {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(path)
        };
        let text = match text {
            Ok(text) => text,
            Err(e) => return self.fault(&shown, &format!("cannot be read: {e}")),
        };
        self.text(&shown, &text);
    }

    pub(super) fn text(&mut self, shown: &str, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(e) => {
                return self.fault(shown, &format!("is not TOML: {}", e.to_string().trim_end()));
            }
        };
        for (section, value) in table {
            let toml::Value::Table(keys) = value else {
                self.fault(&section, "stands outside of a section such as [server]");
                continue;
            };
            for (key, value) in keys {
                let full = format!("{section}.{key}");
                match scalar(&value) {
                    Some(text) => drop(self.file.insert(full, text)),
                    None => self.fault(
                        &full,
                        "must be a text, a number, true or false, or a list of those",
                    ),
                }
            }
        }
    }

    /// The value of a setting: from the environment, else from the file, else the default. A value that
    /// `parse` refuses becomes a fault, and the default takes its place until the faults are reported.
    pub fn read<T>(
        &mut self,
        name: Name,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.known.insert(name.key);
        let (place, text) = match (self.environment.get(name.variable), self.file.get(name.key)) {
            (Some(text), _) => (name.variable, text),
            (None, Some(text)) => (name.key, text),
            (None, None) => return default,
        };
        match parse(text.trim()) {
            Ok(value) => value,
            Err(message) => {
                self.fault(place, &message);
                default
            }
        }
    }

    /// Whether a variable is set, to whatever.
    pub fn has(&self, variable: &str) -> bool {
        self.environment.contains_key(variable)
    }

    /// Whether a variable is set to something that is not "off".
    pub fn asks_for(&self, variable: &str) -> bool {
        self.environment
            .get(variable)
            .is_some_and(|v| flag(v) != Ok(false))
    }

    pub fn fault(&mut self, setting: &str, message: &str) {
        self.faults.push(Fault {
            setting: setting.to_owned(),
            message: message.to_owned(),
        });
    }

    /// All faults, with the keys of the file that nothing asked for.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        let unknown: Vec<String> = self
            .file
            .keys()
            .filter(|k| !self.known.contains(k.as_str()))
            .cloned()
            .collect();
        for key in unknown {
            self.fault(&key, "is not a setting");
        }
        self.faults
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(s) => Some(s.clone()),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Float(n) => Some(n.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            items.map(|i| i.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// A whole number within a range.
pub fn number<T>(range: RangeInclusive<T>) -> impl FnOnce(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    move |value| match value.replace('_', "").parse::<T>() {
        Ok(n) if range.contains(&n) => Ok(n),
        _ => Err(format!(
            "`{value}` is not a whole number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// `true` or `false`.
pub fn flag(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("`{value}` is neither true nor false")),
    }
}

/// Comma-separated values, each parsed by `item`.
pub fn list<T>(
    item: impl Fn(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<Vec<T>, String> {
    move |value| {
        value
            .split(',')
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(item)
            .collect()
    }
}

/// One of a few words.
pub fn one_of<T: Copy>(
    words: &'static [(&'static str, T)],
) -> impl FnOnce(&str) -> Result<T, String> {
    move |value| {
        words
            .iter()
            .find(|(w, _)| w.eq_ignore_ascii_case(value))
            .map(|(_, v)| *v)
            .ok_or_else(|| {
                let all: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
                format!("`{value}` is none of {}", all.join(", "))
            })
    }
}
