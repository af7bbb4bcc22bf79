//! What the consumer knows keys by.

/// [FxHash]'s step over eight bytes at a time, and [SplitMix64]'s finish: short keys in a few nanoseconds, well mixed.
///
/// [FxHash]: https://github.com/rust-lang/rustc-hash
/// [SplitMix64]: https://prng.di.unimi.it/splitmix64.c
#[inline]
pub(super) fn hash(key: &[u8]) -> u64 {
    const K: u64 = 0x517c_c1b7_2722_0a95;
    let mut hash = key.len() as u64;
    let mut chunks = key.chunks_exact(8);
    let mut add = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(K);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        add(u64::from_le_bytes(word));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        add(u64::from_le_bytes(word));
    }
    let mut z = hash;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::hash;

    #[test]
    fn keys_are_told_apart_by_every_byte_and_by_their_length() {
        let mut keys: Vec<Vec<u8>> = (0..20_000).map(|id: u32| id.to_string().into_bytes()).collect();
        keys.extend((0..40).map(|length| vec![0; length]));
        let hashes: HashSet<_> = keys.iter().map(|key| hash(key)).collect();
        assert_eq!(hashes.len(), keys.len());
        // Even in the low bits.
        let low: HashSet<_> = keys.iter().map(|key| hash(key) & 0x3ff).collect();
        assert_eq!(low.len(), 1024);
    }
}
