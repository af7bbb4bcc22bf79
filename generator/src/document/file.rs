//! A text and the positions in it.

use super::{Place, Position};

/// How many bytes apart characters are counted in advance, so that a position far along a line is found at once.
const STRIDE: usize = 1024;

/// A file of the document.
#[derive(Debug)]
pub struct File {
    /// As it is shown.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Byte offset at which each line begins.
    lines: Vec<u32>,
    /// How many characters begin before every [`STRIDE`]th byte; empty where each byte is one.
    characters: Vec<u32>,
    /// Path from the root document's folder, `/` between its parts; what a `$ref` in it is relative to.
    path: String,
    /// Its top value, where it could be read.
    pub(super) root: Option<Place>,
}

impl File {
    pub(super) fn new(name: String, path: String, text: String) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for stride in text.as_bytes().chunks(STRIDE) {
                characters.push(count);
                count += starts(stride);
            }
            characters.push(count);
        }
        Self { name, text, lines, characters, path, root: None }
    }

    /// Its path from the root document's folder, with `/` between its parts.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// A line, counted from 1, without its end.
    pub fn line(&self, number: usize) -> &str {
        let start = self.lines.get(number.wrapping_sub(1)).map_or(self.text.len(), |s| *s as usize);
        let end = self.lines.get(number).map_or(self.text.len(), |s| *s as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let line = self.lines.partition_point(|&start| start as usize <= offset) - 1;
        let column = self.characters_before(offset) - self.characters_before(self.lines[line] as usize) + 1;
        Position { line: line + 1, column }
    }

    /// The byte offset of a line and of a byte in it, both from 0.
    pub(super) fn offset(&self, line: usize, byte: usize) -> u32 {
        let start = self.lines.get(line).map_or(self.text.len(), |s| *s as usize);
        (start + byte).min(self.text.len()) as u32
    }

    fn characters_before(&self, offset: usize) -> usize {
        match self.characters.get(offset / STRIDE) {
            Some(before) => {
                let stride = offset / STRIDE * STRIDE;
                (before + starts(&self.text.as_bytes()[stride..offset])) as usize
            }
            None => offset,
        }
    }
}

/// How many characters begin in a stretch of UTF-8.
fn starts(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|b| (**b & 0xc0) != 0x80).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_however_long_the_line() {
        let text = format!("é\n{}x\r\n\nlast", "ü🦤 ".repeat(3000));
        let file = File::new(String::new(), String::new(), text.clone());
        for (offset, expected) in [
            (0, (1, 1)),
            (2, (1, 2)),
            (3, (2, 1)),
            (text.find('x').unwrap_or_default(), (2, 9001)),
            (text.find("last").unwrap_or_default(), (4, 1)),
            (text.len(), (4, 5)),
            (usize::MAX, (4, 5)),
        ] {
            let position = file.position(offset.min(u32::MAX as usize) as u32);
            assert_eq!((position.line, position.column), expected, "{offset}");
        }
        assert_eq!((file.line(1), file.line(3), file.line(4), file.line(9)), ("é", "", "last", ""));
    }
}
