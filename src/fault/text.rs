//! Fitting text into the width of a report.

/// No line of a report is longer, in characters.
pub(super) const WIDTH: usize = 100;

/// Breaks text into lines between words; a word that is longer than a line stays whole.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Leaves out the start of a path that is too long, at a separator if there is one.
pub(super) fn shorten_start(path: &str, width: usize) -> String {
    let length = path.chars().count();
    if length <= width {
        return path.to_owned();
    }
    let kept: String = path.chars().skip(length - width.saturating_sub(3)).collect();
    let at_separator = kept.find('/').map_or(kept.as_str(), |at| &kept[at..]);
    format!("...{at_separator}")
}

/// Leaves out the end of a name that is too long.
pub(super) fn shorten_end(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let kept: String = name.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("a bc  def", 4), ["a bc", "def"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
        assert!(wrap("", 4).is_empty());
    }

    #[test]
    fn the_end_of_a_path_and_the_start_of_a_name_matter() {
        assert_eq!(shorten_start("/rustc/0123456789/library/core/src/ops.rs", 24), ".../core/src/ops.rs");
        assert_eq!(shorten_start("src/main.rs", 24), "src/main.rs");
        assert_eq!(shorten_start("abcdefghij", 6), "...hij");
        assert_eq!(shorten_end("core::ptr::drop_in_place", 12), "core::ptr...");
    }
}
