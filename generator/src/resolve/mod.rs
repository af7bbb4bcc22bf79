//! Document to model: references, traits, `allOf`.
