//! The servers that the contract names, and the addresses of those that have variables.

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::{Server, Variable};
use crate::naming::{self, Scope, Wanted};

use super::Context;
use super::docs::{self, Docs};
use super::paths::{Paths, ident};

/// The module, and the list of them all; nothing where the contract names none.
pub(super) fn emit(context: &Context<'_>, paths: &Paths<'_>) -> Option<[TokenStream; 2]> {
    let servers = &context.api.servers;
    if servers.is_empty() {
        return None;
    }
    let server = paths.runtime("Server");
    let names = |case: fn(&str) -> String| {
        let wanted = |server: &Server| Wanted { name: case(&server.name), spelling: server.name.clone() };
        Scope::default().assign(&servers.iter().map(wanted).collect::<Vec<_>>())
    };
    let constants = names(naming::screaming);
    let functions = names(|name| format!("{}_address", naming::snake(name)));
    let items = servers.iter().zip(constants.iter().zip(&functions)).map(|(said, (constant, function))| {
        let own = constant_of(said, constant, function);
        let address = (!said.variables.is_empty()).then(|| address_of(said, constant, function));
        quote!(#own #address)
    });
    let import = if context.outline.scope.has("Server") {
        quote!(
            use ::conecta_runtime::Server;
        )
    } else {
        quote!(
            use super::Server;
        )
    };
    let module = quote! {
        /// The servers that the contract names.
        pub mod servers {
            #import
            #(#items)*
        }
    };
    let constants = constants.iter().map(|name| ident(name));
    let list = quote! {
        /// Every server that the contract names; settings pick one by its name.
        pub const SERVERS: &[#server] = &[#(servers::#constants),*];
    };
    Some([module, list])
}

/// The server as it is where no variable is said to be anything else.
fn constant_of(said: &Server, constant: &str, function: &str) -> TokenStream {
    let description = said.description.as_deref().unwrap_or_default().trim();
    let docs = Docs::new().text(description);
    let docs = if docs.is_empty() { docs.markdown(docs::code(&said.name)) } else { docs };
    let docs = match (said.variables.as_slice(), said.variables.iter().all(|variable| variable.default.is_some())) {
        ([], _) => docs,
        (_, true) => {
            docs.markdown(format!("Its address is that of the variables' defaults; [`{function}`] gives others."))
        }
        (_, false) => {
            docs.markdown(format!("Its address has variables without a default: [`{function}`] fills them in."))
        }
    };
    let (docs, name) = (docs.outer(), ident(constant));
    let address = said.variables.iter().fold(said.address.clone(), |address, variable| match &variable.default {
        Some(default) => address.replace(&format!("{{{}}}", variable.name), default),
        None => address,
    });
    let (key, protocol) = (&said.name, &said.protocol);
    quote! {
        #docs
        pub const #name: Server =
            Server { name: #key, address: #address, protocol: #protocol, description: #description };
    }
}

/// The function that gives the address with variables of one's own.
fn address_of(said: &Server, constant: &str, function: &str) -> TokenStream {
    let wanted = |variable: &Variable| Wanted { name: naming::snake(&variable.name), spelling: variable.name.clone() };
    let parameters = Scope::default().assign(&said.variables.iter().map(wanted).collect::<Vec<_>>());
    let docs = Docs::new().markdown(format!("The address of [`{constant}`] with these variables."));
    let docs = said.variables.iter().zip(&parameters).fold(docs, |docs, (variable, parameter)| {
        let values: Vec<String> = variable.values.iter().map(|value| docs::code(value)).collect();
        let values = if values.is_empty() { String::new() } else { format!(", one of {}", values.join(", ")) };
        let default = variable.default.as_deref().map(|value| format!(", by default {}", docs::code(value)));
        let docs = docs.markdown(format!("`{parameter}`{values}{}.", default.unwrap_or_default()));
        docs.text(variable.description.as_deref().unwrap_or_default())
    });
    let (docs, name) = (docs.outer(), ident(function));
    let parameters: Vec<_> = parameters.iter().map(|parameter| naming::field(parameter)).collect();
    let mut parts = Vec::new();
    let mut rest = said.address.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let variable = after
            .split_once('}')
            .and_then(|(name, after)| Some((said.variables.iter().position(|variable| variable.name == name)?, after)));
        let (text, part, next) = match variable {
            Some((index, after)) => {
                let parameter = &parameters[index];
                (before, Some(quote!(#parameter)), after)
            }
            // One that the contract does not describe stays as it is.
            None => (&rest[..=before.len()], None, after),
        };
        if !text.is_empty() {
            parts.push(quote!(#text));
        }
        parts.extend(part);
        rest = next;
    }
    if !rest.is_empty() {
        parts.push(quote!(#rest));
    }
    quote! {
        #docs
        pub fn #name(#(#parameters: &str),*) -> String {
            [#(#parts),*].concat()
        }
    }
}
