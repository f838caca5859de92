//! What debug information says.

use super::*;

#[test]
fn names_lines_and_inlined_functions_are_found() {
    let symbols = Symbols::from_image(&inlined());
    let function = |pc| symbols.function(pc).map(|function| (function.name, function.offset));
    assert_eq!(function(0x0800_0071), Some(("systick".into(), 0)), "bit 0 of a vector does not count");
    assert_eq!(function(0x0800_005a), Some(("worker".into(), 0x1a)));
    assert_eq!(function(0x0800_0000), None, "vectors are data");
    assert_eq!(symbols.symbol_address("worker"), Some(0x0800_0040));
    assert_eq!(symbols.symbol_address("table"), Some(0x2000_0000));
    assert_eq!(symbols.symbol_address("nothing"), None);
    assert_eq!(symbols.data_symbol(0x2000_000c), Some(("table".into(), 12)));
    assert_eq!(symbols.data_symbol(0x2000_0024), None);
    let line = |line| Some(Line { file: "inlined.c".into(), line });
    assert_eq!(symbols.line(0x0800_005a), line(25));
    let all = symbols.inlined(0x0800_005a);
    let names: Vec<_> = all.iter().map(|part| part.function.as_deref().unwrap()).collect();
    assert_eq!(names, ["plant", "worker"]);
    assert_eq!(all[1].line, line(31));
    assert_eq!(symbols.line(0x0800_0000), None);
}

#[test]
fn unwind_rules_follow_the_prologue() {
    let symbols = Symbols::from_image(&inlined());
    let entry = symbols.unwind_rules(0x0800_0070).unwrap();
    assert_eq!((entry.cfa, entry.registers[14]), ((13, 0), Rule::Same));
    let body = symbols.unwind_rules(0x0800_0078).unwrap();
    assert_eq!((body.cfa, body.registers[14], body.registers[4]), ((13, 8), Rule::At(-4), Rule::Same));
    assert_eq!(body.return_address, 14);
    assert_eq!(symbols.unwind_rules(0x0800_0000), None);
}

#[test]
fn a_file_without_symbols_says_nothing() {
    let image = Image::parse(&b":0100000055AA\n:00000001FF\n"[..], "app.hex").unwrap();
    let symbols = Symbols::from_image(&image);
    assert_eq!((symbols.function(0), symbols.line(0), symbols.unwind_rules(0)), (None, None, None));
}
