//! One digest for one submission: what keeps it on one side of an experiment.

use sha2::{Digest, Sha256};

use super::Submission;

impl Submission {
    /// SHA-256 over every field, in a fixed order, each with its length: equal submissions, and only those, are equal.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let Self {
            purpose,
            content,
            redirect_url,
            title,
            description,
            style,
        } = self;
        let texts = [
            content,
            redirect_url,
            title,
            description,
            &style.fill_color,
            &style.back_color,
            &style.error_level,
        ];
        let numbers = [style.size, style.border];
        let mut hash = Sha256::new();
        hash.update([*purpose as u8]);
        for text in texts {
            let length = text.as_ref().map_or(u64::MAX, |t| t.len() as u64);
            hash.update(length.to_le_bytes());
            hash.update(text.as_deref().unwrap_or_default());
        }
        for number in numbers {
            hash.update([u8::from(number.is_some())]);
            hash.update(number.unwrap_or_default().to_le_bytes());
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts() {
        let text = || Some("1".to_owned());
        let changes: [fn(&mut Submission, Option<String>); 5] = [
            |s, t| s.content = t,
            |s, t| s.redirect_url = t,
            |s, t| s.title = t,
            |s, t| s.style.error_level = t,
            |s, t| s.style.fill_color = t,
        ];
        let mut seen = std::collections::HashSet::new();
        seen.insert(Submission::default().digest());
        for change in changes {
            for value in [text(), Some(String::new())] {
                let mut submission = Submission::default();
                change(&mut submission, value);
                assert!(seen.insert(submission.digest()));
                assert_eq!(submission.digest(), submission.clone().digest());
            }
        }
        let mut size = Submission::default();
        size.style.size = Some(0);
        assert!(seen.insert(size.digest()));
    }
}
