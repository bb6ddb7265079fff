//! What styled symbols are made of besides modules: fonts, the logos that were read, and what would make bad ones better.

use std::sync::Arc;

use ::style::{Fix, Fonts, Logo, LogoShape, NotAFont, Picture};
use logo::Refused;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::kernel::{Error, Kind, Result};

/// Bytes of pixels that are remembered: some thirty logos of the largest size.
const LOGO_BYTES: u64 = 128 << 20;
/// Symbols whose fixes are remembered: some hundred bytes each.
const FIXES: u64 = 4096;

/// Clones share it.
#[derive(Clone)]
pub struct Materials {
    fonts: Fonts,
    logos: Cache<([u8; 32], LogoShape), Arc<Logo>>,
    fixes: Cache<[u8; 32], Arc<[Fix]>>,
}

impl Materials {
    /// `fonts`: files, in addition to the built-in ones.
    ///
    /// # Errors
    /// The number of the first file that is no font.
    pub fn new(fonts: Vec<Arc<[u8]>>) -> Result<Self, NotAFont> {
        let bytes = |_: &_, logo: &Arc<Logo>| {
            u32::try_from(logo.picture().rgba().len()).unwrap_or(u32::MAX)
        };
        Ok(Self {
            fonts: Fonts::new(fonts)?,
            logos: Cache::builder()
                .weigher(bytes)
                .max_capacity(LOGO_BYTES)
                .build(),
            fixes: Cache::new(FIXES),
        })
    }

    #[must_use]
    pub const fn fonts(&self) -> &Fonts {
        &self.fonts
    }

    /// What would give the symbol of a request (its digest) a better grade. `find` draws it some thirty times: milliseconds, which
    /// no other request shall wait for, and nobody twice.
    ///
    /// # Errors
    /// `Internal` when it was cut off.
    pub async fn fixes(
        &self,
        digest: [u8; 32],
        find: impl FnOnce() -> Vec<Fix> + Send + 'static,
    ) -> Result<Arc<[Fix]>> {
        if let Some(known) = self.fixes.get(&digest) {
            return Ok(known);
        }
        let found: Arc<[Fix]> = tokio::task::spawn_blocking(find)
            .await
            .map_err(|e| Error::caused(Kind::Internal, "fixes could not be tried", e))?
            .into();
        self.fixes.insert(digest, Arc::clone(&found));
        Ok(found)
    }

    /// `data`: a file in base 64, or as a `data:` URL.
    ///
    /// # Errors
    /// `Internal` when reading was cut off; inside, why it is no logo.
    pub async fn logo(&self, data: &str, shape: LogoShape) -> Result<Result<Arc<Logo>, Refused>> {
        let digest: [u8; 32] = Sha256::digest(data).into();
        if let Some(known) = self.logos.get(&(digest, shape)) {
            return Ok(Ok(known));
        }
        let data = data.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let found = logo::from_data_uri(&data)?;
            let picture = Picture::new(found.width_px, found.height_px, found.rgba);
            // A logo has fewer pixels than a picture may have.
            Ok(picture.map(|picture| Arc::new(Logo::new(picture, digest, shape))))
        });
        let read = read
            .await
            .map_err(|e| Error::caused(Kind::Internal, "reading the logo was cut off", e))?;
        match read {
            Ok(Some(logo)) => {
                self.logos.insert((digest, shape), Arc::clone(&logo));
                Ok(Ok(logo))
            }
            Ok(None) => Err(Error::internal("a logo has more pixels than a picture")),
            Err(refused) => Ok(Err(refused)),
        }
    }
}
