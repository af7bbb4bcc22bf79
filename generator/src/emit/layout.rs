//! Which file a channel's module is in.
//!
//! A file each, as long as they can be looked through. A contract of thousands of channels would be as many files, and to
//! make those is most of the time that generating takes: ext4 goes through the inodes that were freed in the last minutes
//! for each one it hands out. So the modules of a large contract share files, and there are at most 256 whatever its size.
//! Which one it is follows from the module's name alone: a channel that is added or removed changes one file, and no other
//! channel moves.

use std::collections::BTreeMap;

use crate::naming::fingerprint;

use super::{Context, channel};

/// Up to so many channels have a file each.
const FILES: usize = 256;

/// The files of a contract's channels.
pub(super) struct Layout {
    /// In the order of the contract, or of their names where channels share them.
    pub(super) files: Vec<File>,
    /// Whether they hold several modules each, and are included in the root.
    pub(super) shared: bool,
}

/// A file of one channel or several.
pub(super) struct File {
    /// Path in `src`.
    pub(super) path: String,
    /// The channels in it, in the order of the contract.
    channels: Vec<usize>,
}

impl Layout {
    /// The layout of channels with modules of these names.
    pub(super) fn of<'m>(modules: impl ExactSizeIterator<Item = &'m str>) -> Self {
        let shared = modules.len() > FILES;
        if !shared {
            let files = modules.enumerate();
            let files = files.map(|(index, module)| File { path: format!("{module}.rs"), channels: vec![index] });
            return Self { files: files.collect(), shared };
        }
        let mut files: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, module) in modules.enumerate() {
            files.entry(fingerprint(module.as_bytes()) % FILES as u64).or_default().push(index);
        }
        let files = files.into_iter();
        let files = files.map(|(number, channels)| File { path: format!("channels/{number:02x}.rs"), channels });
        Self { files: files.collect(), shared }
    }

    /// The text of a file.
    pub(super) fn text(&self, context: &Context<'_>, file: &File) -> String {
        let mut text = context.stamp.clone();
        if !self.shared {
            for index in &file.channels {
                text.push_str(&channel::emit(context, *index));
            }
            return text;
        }
        text.push_str(
            "// Some of the channels: which ones follows from a hash of their names, so that none ever moves.\n",
        );
        for index in &file.channels {
            let module = &context.channels[*index].module;
            text.push_str(&format!("\npub mod {module} {{\n"));
            for line in channel::emit(context, *index).lines() {
                // The only literals that span lines are examples, to which as JSON the spaces are nothing.
                if !line.is_empty() {
                    text.push_str("    ");
                    text.push_str(line);
                }
                text.push('\n');
            }
            text.push_str("}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The file of each of so many channels.
    fn files(count: usize) -> BTreeMap<String, String> {
        let modules: Vec<String> = (0..count).map(|n| format!("orders_{n}_placed")).collect();
        let layout = Layout::of(modules.iter().map(String::as_str));
        let file = |file: &File| -> Vec<_> {
            file.channels.iter().map(|index| (modules[*index].clone(), file.path.clone())).collect()
        };
        layout.files.iter().flat_map(file).collect()
    }

    #[test]
    fn each_channel_has_a_file_until_there_are_too_many() {
        assert!(files(256).iter().all(|(module, path)| *path == format!("{module}.rs")));
        assert!(files(257).values().all(|path| path.starts_with("channels/")));
    }

    #[test]
    fn no_channel_moves_when_others_come() {
        let (some, more) = (files(300), files(5000));
        assert_eq!(some.len(), 300);
        assert!(some.iter().all(|(module, path)| more[module] == *path));
    }

    #[test]
    fn channels_are_spread_evenly() {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        files(5000).into_values().for_each(|path| *sizes.entry(path).or_default() += 1);
        assert_eq!(sizes.len(), 256);
        assert!(sizes.values().all(|size| (5..50).contains(size)), "{sizes:?}");
    }
}
