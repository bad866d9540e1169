//! Words in both languages: two Fluent files, chosen by the system's locale, switchable while running.
//!
//! A key that is missing shows itself, so that it is seen; a test keeps both files and the code in step.

use bevy::prelude::Resource;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use sim_core::scene::schema::Words;
use std::sync::Arc;
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("../assets/locales/en.ftl");
const CHINESE: &str = include_str!("../assets/locales/zh-CN.ftl");

/// A language of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Language {
    /// Reads a locale such as `zh-CN`, `zh_CN.UTF-8` or `en`; whatever is not Chinese is English.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        if tag.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The language of the system.
    #[must_use]
    pub fn of_system() -> Self {
        sys_locale::get_locale().map_or(Self::En, |tag| Self::from_tag(&tag))
    }
}

/// The words of the app in the language in force.
#[derive(Resource, Clone)]
pub struct Locale {
    language: Language,
    english: Arc<FluentBundle<FluentResource>>,
    chinese: Arc<FluentBundle<FluentResource>>,
}

impl Default for Locale {
    fn default() -> Self {
        Self::new(Language::of_system())
    }
}

impl Locale {
    /// The words in `language`.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language, english: Arc::new(bundle("en", ENGLISH)), chinese: Arc::new(bundle("zh-CN", CHINESE)) }
    }

    /// The language in force.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Changes the language.
    pub fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// The words behind a key.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The words behind a key with values filled in.
    #[must_use]
    pub fn t_args(&self, key: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.format(key, Some(&args))
    }

    /// The right one of two words.
    #[must_use]
    pub fn pick<'a>(&self, words: &'a Words) -> &'a str {
        match self.language {
            Language::En => &words.en,
            Language::Zh => &words.zh,
        }
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = match self.language {
            Language::En => &self.english,
            Language::Zh => &self.chinese,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else { return key.to_owned() };
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, args, &mut errors).into_owned()
    }
}

fn bundle(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    // A resource with errors still holds the messages that are right; the test below finds the others.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" = ").map(|(key, _)| key))
            .collect()
    }

    fn sources(folder: &Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("source folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(std::fs::read_to_string(&path).expect("source file"));
            }
        }
    }

    /// Every text in quotes that looks like a key of `known`: small letters joined by hyphens, with a known first word.
    fn key_like(code: &str, known: &BTreeSet<&str>) -> BTreeSet<String> {
        let firsts: BTreeSet<&str> = known.iter().filter_map(|k| k.split('-').next()).collect();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let looks = |t: &&str| {
            t.contains('-')
                && !t.ends_with('-')
                && t.chars().all(plain)
                && firsts.contains(t.split('-').next().unwrap_or(""))
        };
        code.split('"').filter(looks).map(str::to_owned).collect()
    }

    /// What rows of numbers are called: the first text of every call of `row` and `yes_no`.
    fn rows(code: &str) -> BTreeSet<String> {
        let after = code.split("row(").skip(1).chain(code.split("yes_no(data, ").skip(1));
        let name = |rest: &str| Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned());
        let small = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        after.filter_map(name).filter(small).collect()
    }

    fn all_code() -> String {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        files.join("\n").split_whitespace().collect::<Vec<_>>().join(" ").replace("( \"", "(\"")
    }

    #[test]
    fn both_files_are_sound_and_hold_the_same_keys() {
        for source in [ENGLISH, CHINESE] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "a Fluent file does not parse");
        }
        let (en, zh) = (keys(ENGLISH), keys(CHINESE));
        assert_eq!(en.difference(&zh).collect::<Vec<_>>(), Vec::<&&str>::new(), "missing in Chinese");
        assert_eq!(zh.difference(&en).collect::<Vec<_>>(), Vec::<&&str>::new(), "missing in English");
        assert!(en.len() > 200);
    }

    #[test]
    fn every_key_used_in_the_code_exists_and_every_key_is_used() {
        let code = all_code();
        let known = keys(ENGLISH);
        let mut used = key_like(&code, &known);
        used.extend(code.split('"').filter(|t| known.contains(t)).map(str::to_owned));
        for what in rows(&code) {
            used.extend([format!("row-{what}"), format!("term-{what}")]);
        }
        // What explains a word is looked up by that word.
        let explained: Vec<String> = used.iter().map(|k| format!("term-{k}")).collect();
        used.extend(explained.into_iter().filter(|k| known.contains(k.as_str())));
        // A row's name may look like a key; what is shown are the two that belong to it.
        let rows = rows(&code);
        let missing: Vec<_> = used.iter().filter(|k| !known.contains(k.as_str()) && !rows.contains(*k)).collect();
        assert_eq!(missing, Vec::<&String>::new(), "used in the code, but in no file");
        let idle: Vec<_> = known.iter().filter(|k| !used.contains(**k)).collect();
        assert_eq!(idle, Vec::<&&str>::new(), "in the files, but never used");
    }

    #[test]
    fn values_are_filled_in_and_a_missing_key_shows_itself() {
        let locale = Locale::new(Language::En);
        assert_eq!(locale.t_args("log-count", &[("n", 1.into())]), "1 event");
        assert_eq!(locale.t_args("log-count", &[("n", 3.into())]), "3 events");
        assert_eq!(locale.t("nowhere"), "nowhere");
        assert_eq!(Locale::new(Language::Zh).t_args("log-count", &[("n", 3.into())]), "3 个事件");
        assert_eq!(Language::from_tag("zh_CN.UTF-8"), Language::Zh);
        assert_eq!(Language::from_tag("C"), Language::En);
    }
}
