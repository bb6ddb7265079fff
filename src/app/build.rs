//! How each part is made from the settings.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    cache::{Bounds, Life, Tiers},
    codes::{self, Codes, Parts},
    config::Config,
    events::Events,
    identity::{self, Auth},
    kernel::{Error, Kind, Result, SharedClock, id::Ids},
    redirect::{Bases, Redirect},
    render::{Logo, Materials},
    store::Store,
    telemetry::labels::Space,
};

/// Life of the look of a code in memory: without Redis an update on another node shows within this.
const APPEARANCE_TTL: Duration = Duration::from_secs(5);
/// Life of saved styles in memory, and the memory for them.
const STYLE_TTL: Duration = Duration::from_secs(1);
const STYLE_BYTES: u64 = 4 << 20;
/// Memory for the looks of codes; one takes about 1 KiB.
const APPEARANCE_BYTES: u64 = 32 << 20;

/// # Errors
/// `Internal` when the operating system gives no randomness.
pub fn auth(
    settings: &Config,
    store: &Store,
    tiers: &Arc<Tiers>,
    ids: &Arc<Ids>,
    clock: &SharedClock,
) -> Result<Auth> {
    let parts = identity::Parts {
        store: store.clone(),
        tiers: Arc::clone(tiers),
        ids: Arc::clone(ids),
        clock: SharedClock::clone(clock),
    };
    let auth = Auth::new(&settings.auth, settings.single_sign_on.as_ref(), &parts)?;
    auth.sessions.start_sweeping();
    if let Ok(single_sign_on) = auth.single_sign_on() {
        single_sign_on.start_sweeping();
    }
    Ok(auth)
}

pub fn redirect(
    settings: &Config,
    store: &Store,
    tiers: &Tiers,
    clock: &SharedClock,
) -> Arc<Redirect> {
    let server = &settings.server;
    let bases = Bases::new(&server.base_url, &server.former_base_urls);
    let (store, clock) = (store.clone(), SharedClock::clone(clock));
    Arc::new(Redirect::new(&settings.targets, bases, store, tiers, clock))
}

pub fn codes(
    settings: &Config,
    store: &Store,
    tiers: &Arc<Tiers>,
    ids: &Arc<Ids>,
    clock: &SharedClock,
) -> Result<Arc<Codes>> {
    let bounds = Bounds {
        bytes: APPEARANCE_BYTES,
        life: Life::fixed(APPEARANCE_TTL),
    };
    let styles = Bounds {
        bytes: STYLE_BYTES,
        life: Life::fixed(STYLE_TTL),
    };
    let parts = Parts {
        store: store.clone(),
        tiers: Arc::clone(tiers),
        known_styles: tiers.memory_cache(
            Space::Style,
            codes::styles::name,
            styles,
            codes::styles::weigh,
        ),
        appearances: tiers.memory_cache(Space::Code, codes::name, bounds, codes::weigh),
        logo: Arc::new(logo(settings)?),
        ids: Arc::clone(ids),
        clock: SharedClock::clone(clock),
    };
    Ok(Arc::new(Codes::new(&settings.server.base_url, parts)))
}

pub fn events(store: &Store, ids: &Arc<Ids>, clock: &SharedClock) -> Events {
    Events::new(store.clone(), Arc::clone(ids), SharedClock::clone(clock))
}

/// With the fonts of `RENDER_FONTS`.
pub fn materials(settings: &Config) -> Result<Materials> {
    let paths = &settings.render.fonts;
    let read = |path: &PathBuf| {
        let unreadable = |e| {
            let message = format!("RENDER_FONTS: {} cannot be read", path.display());
            Error::caused(Kind::Internal, message, e)
        };
        std::fs::read(path).map(Arc::from).map_err(unreadable)
    };
    let files = paths.iter().map(read).collect::<Result<Vec<Arc<[u8]>>>>()?;
    Materials::new(files).map_err(|e| {
        let path = paths
            .get(e.0)
            .map_or_else(String::new, |path| path.display().to_string());
        Error::new(Kind::Internal, format!("RENDER_FONTS: {path} is no font"))
    })
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
