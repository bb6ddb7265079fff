//! What a person sees who scans a code that leads nowhere now, or asks for a password. Programs get the same as a problem document.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};

use crate::kernel::{Error, Kind, Timestamp};

const EARLY: &str = "This code is not open yet";
const OVER: &str = "This code is over";

/// # Errors
/// `NotFound`, for programs.
pub fn early(request: &Request, start: Timestamp) -> Result<Response, Error> {
    let text = format!("It leads to its page from {start:.0} (UTC) on.");
    if wants_page(request) {
        Ok(page(
            StatusCode::NOT_FOUND,
            EARLY,
            &format!("<p>{text}</p>"),
        ))
    } else {
        Err(Error::not_found(format!("{EARLY}. {text}")))
    }
}

/// # Errors
/// `Gone`, for programs.
pub fn over(request: &Request) -> Result<Response, Error> {
    const TEXT: &str = "It does not lead anywhere any more. Ask whoever put it here.";
    if wants_page(request) {
        Ok(page(StatusCode::GONE, OVER, &format!("<p>{TEXT}</p>")))
    } else {
        Err(Error::new(Kind::Gone, format!("{OVER}. {TEXT}")))
    }
}

/// `is_wrong`: the password that was sent.
///
/// # Errors
/// `Forbidden`, for programs.
pub fn password(request: &Request, is_wrong: bool) -> Result<Response, Error> {
    if !wants_page(request) {
        let message = if is_wrong {
            "this is not the code's password"
        } else {
            "this code has a password: POST it here as the field password of a form"
        };
        return Err(Error::new(Kind::Forbidden, message));
    }
    // Sent to where it came from, query included.
    let (status, said) = if is_wrong {
        let said = "<p role=\"alert\"><strong>That is not the password.</strong></p>";
        (StatusCode::FORBIDDEN, said)
    } else {
        (StatusCode::OK, "")
    };
    let body = format!(
        "{said}<form method=\"post\"><p><label for=\"password\">Password</label></p>\
         <p><input id=\"password\" name=\"password\" type=\"password\" required maxlength=\"128\" \
         autocomplete=\"off\" autofocus></p><p><button type=\"submit\">Open</button></p></form>"
    );
    Ok(page(status, "This code asks for a password", &body))
}

/// Browsers say so.
fn wants_page(request: &Request) -> bool {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    accept.contains("text/html")
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
    );
    let mut response = Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .body(html);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    response
}
