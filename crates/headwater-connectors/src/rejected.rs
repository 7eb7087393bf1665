//! What is kept of a row that is set aside.

/// Bytes of its text, at most.
pub(crate) const RAW_BYTES: usize = 4096;

/// A row's text as it is kept: at most [`RAW_BYTES`] bytes of valid text.
pub(crate) fn cut(raw: &[u8]) -> String {
    let mut end = raw.len().min(RAW_BYTES);
    if end < raw.len() {
        // Not through a character.
        for _ in 0..3 {
            if raw[end] & 0xC0 == 0x80 {
                end -= 1;
            }
        }
    }
    let mut text = String::from_utf8_lossy(&raw[..end]).into_owned();
    text.truncate(text.floor_char_boundary(RAW_BYTES));
    text
}
