//! The version of a policy: a digest of what the file says under `[access]`, whatever stands around it, and of the files that it names.

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::access::PolicyVersion;

/// What goes into a version.
#[derive(Default)]
pub(super) struct VersionOf(Sha256);

const SHADOW: &str = "shadow";

impl VersionOf {
    /// A section `[access]`. Which other policy is asked too is no part of it.
    pub(super) fn policy(&mut self, table: &DeTable<'_>) {
        self.entries(table, |name| name != SHADOW);
    }

    /// Keys in the order of their names: neither comments, nor how it is laid out, nor the order of the sections make another policy;
    /// the order of the rules does.
    fn entries(&mut self, table: &DeTable<'_>, is_meant: impl Fn(&str) -> bool) {
        let all = table.iter().map(|(name, value)| (&**name.get_ref(), value.get_ref()));
        let mut entries: Vec<(&str, &DeValue<'_>)> = all.filter(|(name, _)| is_meant(name)).collect();
        entries.sort_by_key(|(name, _)| *name);
        self.mark(b'{', entries.len());
        for (name, value) in entries {
            self.text(b'k', name);
            self.value(value);
        }
    }

    /// A file that the policy names, in the order in which they are read.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.mark(b'f', bytes.len());
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> PolicyVersion {
        PolicyVersion::of_digest(self.0.finalize().into())
    }

    fn value(&mut self, value: &DeValue<'_>) {
        match value {
            DeValue::String(text) => self.text(b's', text),
            DeValue::Integer(integer) => self.text(b'i', integer.as_str()),
            DeValue::Float(float) => self.text(b'n', float.as_str()),
            DeValue::Boolean(flag) => self.mark(b'b', usize::from(*flag)),
            DeValue::Datetime(datetime) => self.text(b'd', &datetime.to_string()),
            DeValue::Array(array) => {
                self.mark(b'[', array.len());
                array.iter().map(Spanned::get_ref).for_each(|value| self.value(value));
            }
            DeValue::Table(table) => self.entries(table, |_| true),
        }
    }

    fn text(&mut self, kind: u8, text: &str) {
        self.mark(kind, text.len());
        self.0.update(text.as_bytes());
    }

    fn mark(&mut self, kind: u8, length: usize) {
        self.0.update([kind]);
        self.0.update((length as u64).to_be_bytes());
    }
}
