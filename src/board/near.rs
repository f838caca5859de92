//! Names like the one that was typed.

/// The names that are close to `typed`, the closest first: at most three, and none when nothing is close.
pub(crate) fn near<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let typed = typed.to_ascii_lowercase();
    let limit = typed.chars().count().div_ceil(3).max(1);
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_ascii_lowercase();
            let contained = typed.len() >= 3 && (lower.contains(&typed) || typed.contains(&lower));
            let distance = if contained { 0 } else { edit_distance(&typed, &lower) };
            (distance <= limit).then_some((distance, name))
        })
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// Insertions, deletions and replacements that lead from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A hint to put behind an error message: `, did you mean a or b?`, or nothing.
pub(crate) fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(", did you mean {}?", near.join(" or ")) }
}

/// The same, or where nothing is near, what to do instead: `; look there`.
pub(crate) fn hint_or(near: &[String], otherwise: &str) -> String {
    if near.is_empty() { format!("; {otherwise}") } else { hint(near) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }

    #[test]
    fn the_closest_name_comes_first_and_strangers_never() {
        let names = ["mps2-an385", "stm32f4discovery", "mps2-an500"];
        assert_eq!(near("mps2-an386", names), ["mps2-an385", "mps2-an500"]);
        assert_eq!(near("STM32F4", names), ["stm32f4discovery"]);
        assert_eq!(near("raspberry", names), [""; 0]);
    }
}
