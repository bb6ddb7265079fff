//! `qr-observatory restore`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;

use super::{
    backup::{Bar, megabytes, shown, table, tell_left_out},
    output,
};
use crate::{
    app::operate,
    backup::{self, Restored},
    config::Config,
    kernel::Result,
};

#[derive(Args)]
pub struct Restore {
    /// A file that `backup` wrote; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Also replace existing data, which is renamed
    #[arg(long)]
    force: bool,
    /// Only read the file and check that it is complete
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        if self.check {
            self.check()?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut bar = Bar::new();
        let progress = |done, of| bar.at(done, of);
        let restored = backup::restore(
            &operate::installation(settings),
            &self.file,
            self.force,
            progress,
        )
        .await;
        bar.end();
        let restored = restored?;
        tell_left_out(&restored.contents);
        if let Some(Err(e)) = &restored.forgotten {
            output::complain(&format!(
                "Redis may still remember what was before: before the server starts, remove all keys that begin with {} \
                 ({})",
                settings.redis.prefix,
                e.message()
            ));
        }
        if self.json {
            self.print_json(&restored);
        } else {
            self.print(&restored);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self) -> Result<()> {
        let contents = backup::check(&self.file)?;
        tell_left_out(&contents);
        if self.json {
            let mut value = shown(&contents);
            value["file"] = self.file.display().to_string().into();
            output::json(&value);
            return Ok(());
        }
        output::say(&table(&contents));
        output::say(&format!(
            "\n{} is whole: {} rows, {:.1} MB, taken {} by {} from {} on {}\ndigest {}",
            self.file.display(),
            contents.rows(),
            megabytes(contents.bytes),
            contents.header.taken_at,
            contents.header.version,
            contents.header.database,
            contents.header.schema,
            contents.digest
        ));
        Ok(())
    }

    fn print_json(&self, restored: &Restored) {
        let mut value = shown(&restored.contents);
        value["file"] = self.file.display().to_string().into();
        value["seconds"] = restored.seconds.into();
        value["database_kept"] = json!(restored.replaced_database);
        value["spool_kept"] = json!(restored.replaced_spool);
        value["baseline_restored"] = restored.baseline.into();
        value["redis_cleared"] = json!(restored.forgotten.as_ref().map(Result::is_ok));
        output::json(&value);
    }

    fn print(&self, restored: &Restored) {
        output::say(&table(&restored.contents));
        output::say(&format!(
            "\nrestored {}: {} rows, {:.1} s, read again and compared\ndigest {}",
            self.file.display(),
            restored.contents.rows(),
            restored.seconds,
            restored.contents.digest
        ));
        for (what, kept) in [
            ("database", &restored.replaced_database),
            ("spool", &restored.replaced_spool),
        ] {
            if let Some(kept) = kept {
                output::say(&format!("the {what} that was there is now: {kept}"));
            }
        }
        if restored.baseline {
            output::say("the baseline was restored, too");
        }
    }
}
