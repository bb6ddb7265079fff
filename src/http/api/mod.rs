//! The described API: one folder per resource, one file per verb.

mod account;
mod barcode;
mod cache;
mod codes;
pub(super) mod dropin;
mod events;
mod faults;
mod health;
mod many;
mod organizations;
mod payloads;
pub(super) mod qr;
mod rollout;
mod session;
mod single_sign_on;
mod spelling;
mod styles;
mod v2;
mod v3;
mod word;

use std::sync::Arc;

use poem_openapi::{OpenApi, OpenApiService, ServerObject, Tags};

use crate::{config::server::Server, telemetry::labels::Dialect};

/// Groups of operations in the document.
#[derive(Tags)]
enum Group {
    /// Codes: their symbols, targets and looks.
    Codes,
    /// Events: who is invited, what they show, who is inside.
    Events,
    /// Symbols without a code, in any style.
    Symbols,
    /// Scans of a code: times, devices, countries.
    Analytics,
    /// Moving traffic from one implementation to another.
    Rollout,
    /// Signing in; one's own user, password, sessions and keys.
    Account,
    /// Organizations, their members, invitations, keys, and who changed what.
    Organizations,
    /// Cached values, in memory and in Redis.
    Cache,
    /// For operators and load balancers.
    Operation,
}

/// All operations.
pub fn service(server: &Server) -> OpenApiService<impl OpenApi + 'static, ()> {
    let codes = (
        qr::create::Create::new(),
        qr::list::List,
        qr::get::Get,
        qr::update::Update,
        qr::delete::Delete,
    );
    let resource = (
        codes::create::Create::new(),
        codes::list::List,
        codes::get::Get,
        codes::change::Patch,
        codes::delete::Delete,
        codes::targets::Targets,
        codes::image::Image,
        styles::Styles,
    );
    let more = (
        qr::image::Image::new(Dialect::V1),
        qr::analytics::Analytics,
        health::Health,
    );
    let rollout = (
        rollout::look::Look,
        rollout::change::Change,
        rollout::events::Events::new(),
        rollout::mismatch::Mismatch,
    );
    let cache = (cache::stats::Stats, cache::clear::Clear, cache::warm::Warm);
    let account = (
        session::Session,
        single_sign_on::SingleSignOn,
        account::own::Own,
        account::sessions::Sessions,
        account::keys::Keys,
    );
    let organizations = (
        organizations::manage::Manage,
        organizations::members::Members,
        organizations::invitations::Invitations,
        organizations::keys::Keys,
        organizations::audit::Audit,
        organizations::image::OrganizationImage::new(),
        organizations::timeline::Timeline,
    );
    let events = (
        events::manage::Manage,
        events::people::People,
        events::gates::Gates,
        events::ledger::Ledger,
        events::checkin::CheckIns,
        events::badge::Badges,
    );
    let more = (more, account, organizations, events);
    OpenApiService::new((codes, resource, symbols(), more, rollout, cache), "qr-observatory", env!("CARGO_PKG_VERSION"))
        .description(
            "Self-hosted QR codes. Errors are problem documents (RFC 9457): `detail` says what is wrong, \
             `errors` which fields, `request_id` finds the request in the log.",
        )
        .server(ServerObject::new(&server.base_url))
}

/// Those that draw symbols without a stored code.
fn symbols() -> impl OpenApi {
    let counts = Arc::new(v2::counts::Counts::new());
    let symbols = (
        barcode::Barcode::new(),
        v2::generate::Generate::new(&counts),
        v2::batch::Batch::new(&counts),
        v2::append::Append::new(&counts),
        v2::analytics::Analytics::new(&counts),
        v2::preview::Preview::new(&counts),
        v2::validate::Validate,
        payloads::Payloads,
    );
    let in_parts = (
        v3::generate::Generate::new(&counts),
        v3::batch::Batch::new(&counts),
        v3::preview::Preview::new(&counts),
        v3::validate::Validate,
    );
    let others = (
        dropin::qrserver::QrServer::new(),
        dropin::read::Read,
        dropin::qr::Qr::new(),
        dropin::google::Google::new(),
        dropin::shlink::Shlink::new(),
    );
    (symbols, in_parts, others)
}
