//! How a source (a PBX project or a CRM) writes numbers.

use serde::{Deserialize, Serialize};

use super::territory::Territory;

/// A country or territory by its two-letter ISO 3166 code, checked against the metadata.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region([u8; 2]);

/// The text is not a region that has a numbering plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a two-letter region with a numbering plan")]
pub struct UnknownRegion(pub String);

impl Region {
    /// Checks a two-letter code, in either case.
    ///
    /// # Errors
    /// [`UnknownRegion`] when it is not two letters or the metadata does not know it.
    pub fn parse(text: &str) -> Result<Self, UnknownRegion> {
        let unknown = || UnknownRegion(text.chars().take(16).collect());
        let letters = <[u8; 2]>::try_from(text.as_bytes()).map_err(|_| unknown())?;
        let region = Self(letters.map(|letter| letter.to_ascii_uppercase()));
        match Territory::exists(region) {
            true => Ok(region),
            false => Err(unknown()),
        }
    }

    /// The code in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A number below 676 for each two-letter code.
    pub(super) fn slot(self) -> usize {
        let [first, second] = self.0.map(|letter| usize::from(letter.wrapping_sub(b'A')));
        first * 26 + second
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Region {
    type Error = UnknownRegion;

    fn try_from(text: String) -> Result<Self, UnknownRegion> {
        Self::parse(&text)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.as_str().to_owned()
    }
}

/// What digits without a plus mean in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// National and international spellings side by side: what can be read two ways is ambiguous.
    #[default]
    Mixed,
    /// Full international numbers with the plus left out, as many PBXs send them
    /// (`4915123458244`, which in Germany is also a possible national number).
    E164NoPlus,
    /// National numbers; an international one carries a plus or an international prefix.
    National,
}

/// How one source writes numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NumberPlan {
    /// Where the source is at home: its national spellings are read here first.
    pub region: Region,
    /// Other regions whose national spellings the source holds too.
    #[serde(default)]
    pub also: Vec<Region>,
    /// What digits without a plus mean.
    #[serde(default)]
    pub form: NumberForm,
    /// Up to this many digits without a plus are an internal extension, not a client.
    #[serde(default = "default_extension_digits")]
    pub extension_digits_max: u8,
}

impl NumberPlan {
    /// The plan of a source at home in one region: mixed spellings, extensions of up to
    /// five digits.
    #[must_use]
    pub fn new(region: Region) -> Self {
        Self { region, also: Vec::new(), form: NumberForm::Mixed, extension_digits_max: default_extension_digits() }
    }

    /// The same plan with another meaning of digits without a plus.
    #[must_use]
    pub fn with_form(self, form: NumberForm) -> Self {
        Self { form, ..self }
    }

    /// The same plan, reading national spellings of these regions too.
    #[must_use]
    pub fn with_also(self, also: Vec<Region>) -> Self {
        Self { also, ..self }
    }
}

/// Six digits are the shortest subscriber numbers that clients are known by.
fn default_extension_digits() -> u8 {
    5
}
