//! How names of elsewhere are written in a module: imported where that clashes with nothing, by their full path else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::naming::Scope;

/// The names that one module uses from elsewhere.
pub(super) struct Paths<'a> {
    /// The names of the crate, which win over everybody else's.
    scope: &'a Scope,
    imports: RefCell<BTreeMap<&'static str, BTreeSet<String>>>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self { scope, imports: RefCell::default() }
    }

    /// Something of the runtime's.
    pub(super) fn runtime(&self, name: &'static str) -> TokenStream {
        self.name("::conecta_runtime", name)
    }

    /// Something of the standard library's that is not in the prelude.
    pub(super) fn std(&self, module: &'static str, name: &'static str) -> TokenStream {
        self.name(module, name)
    }

    /// A type of another module of the crate.
    pub(super) fn sibling(&self, name: &str) -> Ident {
        self.import("super", name);
        ident(name)
    }

    fn name(&self, module: &'static str, name: &'static str) -> TokenStream {
        let last = ident(name);
        if self.scope.has(name) {
            let module: TokenStream = module.parse().unwrap_or_default();
            return quote!(#module::#last);
        }
        self.import(module, name);
        quote!(#last)
    }

    fn import(&self, module: &'static str, name: &str) {
        self.imports.borrow_mut().entry(module).or_default().insert(name.to_owned());
    }

    /// The imports that were asked for, one statement a module.
    pub(super) fn imports(&self) -> TokenStream {
        let mut out = TokenStream::new();
        for (module, names) in self.imports.borrow().iter() {
            let module: TokenStream = module.parse().unwrap_or_default();
            let names: Vec<Ident> = names.iter().map(|name| ident(name)).collect();
            out.extend(match names.as_slice() {
                [one] => quote!(use #module::#one;),
                several => quote!(use #module::{#(#several),*};),
            });
        }
        out
    }
}

pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
