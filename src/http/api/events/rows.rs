//! Rows of an import: JSON, or CSV (RFC 4180) as spreadsheets write it.
//!
//! Invariant: each row that is wrong is named, and then none is stored.

use std::collections::HashMap;

use bytes::Bytes;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, Object,
    registry::{MetaRequest, Registry},
    types::Type,
};
use serde::Deserialize;

use crate::{
    events::{Person, ROWS},
    http::{api::faults::Faults, extract::Input},
    kernel::{
        Error, Kind, Result,
        limits::{EVENT_NAME_CHARS, REGISTRATION_CHARS},
    },
};

/// Faults that are named of one import: who sees a hundred looks at the file.
const NAMED: usize = 100;
const NUMBER: &str = "registration_no";
const NAME: &str = "name";

/// Somebody to be invited
#[derive(Deserialize, Object)]
#[oai(rename = "NewAttendee")]
#[serde(deny_unknown_fields)]
struct Row {
    /// 1 to 64 characters
    registration_no: String,
    /// At most 200 characters
    #[serde(default)]
    #[oai(default)]
    name: String,
}

#[derive(Deserialize, Object)]
#[oai(rename = "NewAttendees")]
#[serde(deny_unknown_fields)]
struct Rows {
    rows: Vec<Row>,
}

/// Checked rows.
pub struct Import(pub Vec<Person>);

impl<'a> ApiExtractor<'a> for Import {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Rows::register(registry);
    }

    /// Generators of clients know no CSV, and leave out an operation that may have it: the operation's description says it.
    fn request_meta() -> Option<MetaRequest> {
        <Input<Rows> as ApiExtractor>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let named = request.content_type().unwrap_or_default();
        let essence = named.split(';').next().unwrap_or_default().trim();
        let rows = if essence.eq_ignore_ascii_case("text/csv") {
            let unreadable = |e| Error::caused(Kind::Malformed, "the body could not be read", e);
            let bytes = body.take().map_err(unreadable)?.into_bytes().await;
            read(&bytes.map_err(unreadable)?)?
        } else {
            let Input(Rows { rows }) = Input::from_request(request, body, options).await?;
            rows
        };
        Ok(Self(checked(rows)?))
    }
}

/// # Errors
/// `Invalid`, naming the header or the line.
fn read(bytes: &Bytes) -> Result<Vec<Row>> {
    // As spreadsheets begin it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let wrong = |e: &csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        Error::invalid(
            format!("line {line}"),
            "is no line of UTF-8 CSV with as many fields as the header",
        )
    };
    let begin = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    // Spreadsheets of half of Europe separate by semicolons.
    let delimiter = if begin.contains(&b';') && !begin.contains(&b',') {
        b';'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader.headers().map_err(|e| wrong(&e))?.clone();
    let place = |name: &str| {
        header
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))
    };
    let number = place(NUMBER).ok_or_else(|| {
        Error::invalid(
            "header",
            "must name registration_no; name may stand beside it, other columns are left out",
        )
    })?;
    let name = place(NAME);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| wrong(&e))?;
        let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
        rows.push(Row {
            registration_no: field(number),
            name: name.map(field).unwrap_or_default(),
        });
        if rows.len() > ROWS {
            break;
        }
    }
    Ok(rows)
}

/// # Errors
/// `Invalid`, naming each row that is wrong.
fn checked(rows: Vec<Row>) -> Result<Vec<Person>> {
    if rows.is_empty() || rows.len() > ROWS {
        return Err(Error::invalid(
            "rows",
            format!("must have 1 to {ROWS} items"),
        ));
    }
    let mut faults = Faults::default();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(rows.len());
    let (mut people, mut wrong) = (Vec::with_capacity(rows.len()), 0);
    for (n, row) in rows.into_iter().enumerate() {
        let (number, name) = (row.registration_no.trim(), row.name.trim());
        let mut fault = |field: &str, message: String| {
            wrong += 1;
            if wrong <= NAMED {
                faults.add(format!("rows[{n}].{field}"), message);
            }
        };
        if !is_plain(number, 1, REGISTRATION_CHARS) {
            fault(
                NUMBER,
                format!("must have 1 to {REGISTRATION_CHARS} characters, and none of control"),
            );
        } else if let Some(first) = seen.insert(number.to_owned(), n) {
            fault(NUMBER, format!("is the same as in rows[{first}]"));
        }
        if !is_plain(name, 0, EVENT_NAME_CHARS) {
            fault(
                NAME,
                format!("must have at most {EVENT_NAME_CHARS} characters, and none of control"),
            );
        }
        people.push(Person {
            registration_no: number.to_owned(),
            name: name.to_owned(),
        });
    }
    if wrong > NAMED {
        faults.add("rows", format!("{} more are wrong", wrong - NAMED));
    }
    faults.finish()?;
    Ok(people)
}

fn is_plain(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(text: &str) -> Result<Vec<Person>> {
        checked(read(&Bytes::copy_from_slice(text.as_bytes()))?)
    }

    #[test]
    fn csv_is_read_as_spreadsheets_write_it() {
        let expected = people("registration_no,name\n1,\"Ada, L.\"\n2,Bo\n").unwrap();
        assert_eq!(expected[0].name, "Ada, L.");
        let same = [
            "\u{feff}Registration_No,Name\r\n1,\"Ada, L.\"\r\n2,Bo\r\n",
            "name;age;registration_no\n\"Ada, L.\";36; 1 \nBo;;2\n",
        ];
        for text in same {
            assert_eq!(people(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn rows_that_are_wrong_are_named() {
        let cases = [
            ("", "header"),
            ("name\nAda\n", "header"),
            ("registration_no,name\n1,a,b\n", "line 2"),
            ("registration_no\n1\n2\n1\n", "rows[2].registration_no"),
            ("registration_no,name\n,Ada\n", "rows[0].registration_no"),
            ("registration_no,name\n1,\"a\u{7}b\"\n", "rows[0].name"),
        ];
        for (text, field) in cases {
            let error = people(text).unwrap_err();
            assert_eq!(error.details()[0].field, field, "{text:?}");
        }
        let many = format!("registration_no\n{}", "x\n".repeat(1000));
        assert_eq!(people(&many).unwrap_err().details().len(), NAMED + 1);
    }
}
