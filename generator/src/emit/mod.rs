//! The contract as Rust: a module a channel, the shared types, the headers, the root.

mod address;
mod channel;
mod checks;
mod contract;
mod defaults;
mod docs;
mod event;
mod headers;
mod layout;
mod literal;
mod message;
mod operation;
mod paths;
mod plain;
mod root;
mod servers;
mod several;
mod source;
mod types;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::api::{Api, MessageId};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::overrides::Overrides;
use crate::types::{ItemId, Module, Outline};

use layout::Layout;

pub(crate) use message::MessagePlan;
pub(crate) use operation::ChannelPlan;

/// Everything that the files are written from.
pub(crate) struct Context<'a> {
    pub(crate) api: &'a Api,
    pub(crate) config: &'a Config,
    pub(crate) outline: Outline,
    /// One a message, as [`Api::messages`].
    pub(crate) messages: Vec<MessagePlan>,
    /// One a channel, as [`Api::channels`].
    pub(crate) channels: Vec<ChannelPlan>,
    /// The messages that bear each type of headers.
    bearers: HashMap<ItemId, Vec<MessageId>>,
    /// The first line of every file.
    pub(crate) stamp: String,
}

/// A file of the crate.
#[derive(Debug)]
pub(crate) struct Emitted {
    /// Path in `src`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl<'a> Context<'a> {
    /// Plans messages and channels.
    pub(crate) fn new(
        document: &Document,
        api: &'a Api,
        config: &'a Config,
        overrides: &Overrides,
        mut outline: Outline,
        stamp: String,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let messages: Vec<MessagePlan> = (0..api.messages.len())
            .map(|id| message::plan(document, api, &outline, config, MessageId(id as u32), findings))
            .collect();
        findings.extend(message::without_identifier(api, &outline, &messages));
        let channels = operation::plan(api, &mut outline, config, overrides, &messages, findings);
        let mut bearers: HashMap<ItemId, Vec<MessageId>> = HashMap::new();
        for (id, message) in api.messages.iter().enumerate() {
            if let Some(headers) = message.headers.and_then(|headers| outline.headers.get(&headers)) {
                bearers.entry(*headers).or_default().push(MessageId(id as u32));
            }
        }
        Self { api, config, outline, messages, channels, bearers, stamp }
    }

    /// The modules, a file at a time on as many threads as help, then what stands above them.
    ///
    /// A channel's tokens are freed before the next one's are made, so memory follows the text and not the tokens.
    pub(crate) fn modules(&self) -> Vec<Emitted> {
        let layout = self.layout();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some(file) = layout.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push(Emitted { path: file.path.clone(), text: layout.text(self, file) });
            }
            done
        };
        // A thread costs about what five channels do.
        let few = self.api.channels.len() < 10;
        let threads = if few { 1 } else { thread::available_parallelism().map_or(1, usize::from).min(2) };
        let mut files = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut files = work();
            for other in others {
                match other.join() {
                    Ok(more) => files.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            files
        });
        files.extend(types::shared(self).map(|text| Emitted { path: "schemas.rs".to_owned(), text }));
        files.extend(headers::emit(self).map(|text| Emitted { path: "headers.rs".to_owned(), text }));
        files
    }

    /// Which file each channel's module is in.
    fn layout(&self) -> Layout {
        Layout::of(self.channels.iter().map(|plan| plan.module.as_str()))
    }

    /// The root of the crate, or of the module tree that a build script writes.
    pub(crate) fn root(&self, as_crate: bool) -> String {
        root::emit(self, as_crate)
    }

    /// `tests/contract.rs`.
    pub(crate) fn contract(&self, crate_name: &str) -> String {
        contract::emit(self, crate_name)
    }

    /// Whether a module has anything in it.
    fn has(&self, module: Module) -> bool {
        !self.outline.items_of(module).is_empty()
    }
}
