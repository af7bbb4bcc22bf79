//! Events that a build script generated.

/// Includes the events that `conecta_gen::Builder` generated from a build script, in place of the call.
///
/// ```ignore
/// conecta_runtime::include_events!();
/// ```
///
/// brings in the module tree of the folder `events` in `OUT_DIR`; `include_events!("pedidos")` that of a builder which was
/// given the name `pedidos`. One in a module: each brings its own names.
#[macro_export]
macro_rules! include_events {
    () => {
        $crate::include_events!("events");
    };
    ($name:literal) => {
        // A service uses some of a contract and not all of it.
        #[allow(dead_code, missing_docs, unreachable_pub, unused_imports)]
        mod __conecta_events {
            ::std::include!(::std::concat!(::std::env!("OUT_DIR"), "/", $name, "/mod.rs"));
        }
        #[allow(unreachable_pub, unused_imports)]
        pub use __conecta_events::*;
    };
}
