//! How each part is made from the settings.

use std::{sync::Arc, time::Duration};

use crate::{
    cache::{Bounds, Life, Tiers},
    codes::{self, Codes, Parts},
    config::Config,
    kernel::{Error, Kind, Result, SharedClock, id::Ids},
    redirect::{self, Bases, Known, Redirect},
    render::Logo,
    store::Store,
    telemetry::labels::Space,
};

/// Age up to which a code's look is served from memory: an update on another node shows within this.
const APPEARANCE_TTL: Duration = Duration::from_secs(5);
/// Memory for the looks of codes; one takes about 1 KiB.
const APPEARANCE_BYTES: u64 = 32 << 20;

pub fn redirect(
    settings: &Config,
    store: &Store,
    tiers: &Tiers,
    clock: &SharedClock,
) -> Arc<Redirect> {
    let known = Known::new(settings.targets.cache_bytes);
    let fresh = Duration::from_millis(settings.targets.cache_ttl_ms);
    let server = &settings.server;
    let bases = Bases::new(&server.base_url, &server.former_base_urls);
    let redirect = Arc::new(Redirect::new(
        (&settings.targets, bases),
        store.clone(),
        (known, tiers.second(redirect::shape(fresh))),
        SharedClock::clone(clock),
    ));
    tiers.add(Arc::<Redirect>::clone(&redirect));
    redirect
}

pub fn codes(
    settings: &Config,
    store: &Store,
    tiers: &Arc<Tiers>,
    (ids, clock): (&Arc<Ids>, &SharedClock),
) -> Result<Arc<Codes>> {
    let bounds = Bounds {
        bytes: APPEARANCE_BYTES,
        life: Life::fixed(APPEARANCE_TTL),
    };
    let parts = Parts {
        store: store.clone(),
        tiers: Arc::clone(tiers),
        appearances: tiers.memory_shelf((Space::Code, codes::name), bounds, codes::weigh),
        logo: Arc::new(logo(settings)?),
        ids: Arc::clone(ids),
        clock: SharedClock::clone(clock),
    };
    Ok(Arc::new(Codes::new(&settings.server.base_url, parts)))
}

/// The PNG of `LOGO_FILE`, or the built-in mark.
fn logo(settings: &Config) -> Result<Logo> {
    let Some(path) = &settings.render.logo_file else {
        return Logo::mark();
    };
    let unreadable = |e| {
        let message = format!("LOGO_FILE {} cannot be read", path.display());
        Error::caused(Kind::Internal, message, e)
    };
    Logo::from_png(std::fs::read(path).map_err(unreadable)?)
}
