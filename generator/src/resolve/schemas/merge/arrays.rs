//! Keywords of arrays.

use super::{ArrayPart, Merge};
use crate::{
    api::Items,
    document::{Kind, Place},
};

impl<'d> Merge<'_, 'd, 'd> {
    pub(super) fn array_part(&mut self, items: Option<Place>, prefix: Option<Place>, additional: Option<Place>) {
        let part = match (items, prefix) {
            (rest, Some(prefix)) => ArrayPart::Tuple(self.document.items(prefix).collect(), rest),
            (Some(items), None) if self.document.kind(items) == Kind::List => {
                ArrayPart::Tuple(self.document.items(items).collect(), additional)
            }
            (Some(items), None) => ArrayPart::All(items),
            (None, None) => return,
        };
        self.parts.arrays.push(part);
    }

    pub(super) fn arrays(&mut self) {
        let arrays = std::mem::take(&mut self.parts.arrays);
        let longest =
            arrays.iter().filter_map(|a| if let ArrayPart::Tuple(t, _) = a { Some(t.len()) } else { None }).max();
        let rest = |parts: &[ArrayPart]| -> Vec<Place> {
            parts
                .iter()
                .filter_map(|p| {
                    if let ArrayPart::All(all) = p {
                        Some(*all)
                    } else if let ArrayPart::Tuple(_, rest) = p {
                        *rest
                    } else {
                        None
                    }
                })
                .collect()
        };
        let rest = rest(&arrays);
        self.schema.items = match longest {
            None => self.set(&rest, &["items"]).map(Items::All),
            Some(longest) => {
                let mut tuple = Vec::new();
                for i in 0..longest {
                    let at: Vec<Place> = arrays
                        .iter()
                        .filter_map(|p| match p {
                            ArrayPart::All(all) => Some(*all),
                            ArrayPart::Tuple(items, rest) => items.get(i).copied().or(*rest),
                        })
                        .collect();
                    // A place that leads nowhere has been reported; what follows it keeps its position.
                    let Some(id) = self.set(&at, &["items", &i.to_string()]) else { return };
                    tuple.push(id);
                }
                let rest = self.set(&rest, &["additionalItems"]);
                Some(Items::Tuple(tuple, rest))
            }
        };
    }
}
