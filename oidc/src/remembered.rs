//! A document of the provider's with an age, fetched when it is asked for.

use tokio::sync::Mutex;

use crate::Error;

/// One fetch runs at a time: others wait for its outcome.
pub(crate) struct Remembered<T>(Mutex<State<T>>);

struct State<T> {
    /// With when it was fetched, in seconds.
    value: Option<(T, i64)>,
    /// The last fetch, if it failed, with when that was.
    failure: Option<(Error, i64)>,
}

impl<T: Clone> Remembered<T> {
    pub fn new() -> Self {
        Self(Mutex::new(State {
            value: None,
            failure: None,
        }))
    }

    /// The document if it is younger than `max_age_secs`, otherwise what `fetch` gives. A fetch that failed is repeated
    /// after `retry_secs`; until then its error is the answer.
    pub async fn get(
        &self,
        now: i64,
        max_age_secs: u64,
        retry_secs: u64,
        fetch: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut state = self.0.lock().await;
        // By distance: a clock that was set back makes nothing young for ever.
        if let Some((value, at)) = &state.value
            && now.abs_diff(*at) < max_age_secs
        {
            return Ok(value.clone());
        }
        if let Some((error, at)) = &state.failure
            && now.abs_diff(*at) < retry_secs
        {
            return Err(error.clone());
        }
        let outcome = fetch.await;
        match &outcome {
            Ok(value) => {
                state.value = Some((value.clone(), now));
                state.failure = None;
            }
            Err(error) => state.failure = Some((error.clone(), now)),
        }
        outcome
    }
}
