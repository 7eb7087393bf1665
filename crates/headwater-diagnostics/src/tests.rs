use crate::*;

fn example() -> (SourceMap, Vec<Diagnostic>) {
    let mut files = SourceMap::default();
    let a = files.add("sources/a.yml".into(), "größe: klein\nfarbe: 'röt'\nform: rund\n".into());
    let b = files.add("models/b.sql".into(), "select 1\n".into());
    let red = files.text(a).find("röt").unwrap();
    let diagnostics = vec![
        Diagnostic::error("HW0123", "there is no colour 'röt'")
            .at(Span::new(a, red..red + "röt".len()), "not a colour")
            .also(Span::new(a, 0.."größe".len()), "beside this")
            .also(Span::new(b, 0..6), "and this")
            .note("colours are red and green")
            .help("did you mean 'rot'?"),
        Diagnostic::warning("HW9999", "a file\u{1b}[31m with an escape"),
    ];
    (files, diagnostics)
}

#[test]
fn a_person_sees_the_places_with_carets() {
    let (files, diagnostics) = example();
    let text = render_terminal(&diagnostics, &files, false);
    let expected = "\
error[HW0123]: there is no colour 'röt'
 --> sources/a.yml:2:9
  |
1 | größe: klein
  | ----- beside this
2 | farbe: 'röt'
  |         ^^^ not a colour
  |
 ::: models/b.sql:1:1
  |
1 | select 1
  | ------ and this
  |
  = note: colours are red and green
  = help: did you mean 'rot'?

warning[HW9999]: a file␛[31m with an escape
";
    assert_eq!(text, expected);
    assert!(render_terminal(&diagnostics[..1], &files, true).contains('\u{1b}'));
}

#[test]
fn a_program_gets_lines_and_columns() {
    let (files, diagnostics) = example();
    let json = render_json(&diagnostics, &files);
    let first = &json[0];
    assert_eq!(first["file"], "sources/a.yml");
    let place = ["line", "column", "end_line", "end_column"].map(|key| first[key].as_u64().unwrap());
    assert_eq!(place, [2, 9, 2, 12], "columns are characters, the end is the one after the last");
    assert_eq!((first["severity"].as_str(), first["code"].as_str()), (Some("error"), Some("HW0123")));
    assert_eq!(first["labels"].as_array().map(Vec::len), Some(3));
    assert!(json[1]["file"].is_null() && json[1]["line"].is_null());
}

#[test]
fn any_span_can_be_shown() {
    let mut files = SourceMap::default();
    let texts =
        ["", "x", "\n", "a\r\nb\r\n", "ü\u{1b}[31m\tü", "no line end", &"long ".repeat(5000), &"line\n".repeat(5000)];
    let ids: Vec<FileId> = texts.iter().map(|text| files.add("a".into(), (*text).into())).collect();
    for (text, id) in texts.iter().zip(ids) {
        for (start, end) in
            [(0, 0), (0, 1), (1, 2), (0, text.len()), (text.len(), text.len()), (text.len() + 5, 1), (2, 30_000)]
        {
            let diagnostic = Diagnostic::error("HW0123", "x")
                .at(Span::new(id, start..end), "here")
                .also(Span::new(id, end..start), "");
            let shown = render_terminal(std::slice::from_ref(&diagnostic), &files, false);
            assert!(shown.contains("HW0123") && !shown.contains('\u{1b}'), "{start}..{end} of {text:.20?}: {shown}");
            assert!(shown.len() < 4000, "{start}..{end} of {text:.20?} takes {} bytes", shown.len());
            render_json(&[diagnostic], &files);
        }
    }
}

#[test]
fn positions_count_characters_from_one() {
    let mut files = SourceMap::default();
    let id = files.add("a".into(), "ab\nüb\n\nx".into());
    for (byte, line, column) in
        [(0, 1, 1), (2, 1, 3), (3, 2, 1), (4, 2, 1), (5, 2, 2), (7, 3, 1), (8, 4, 1), (99, 4, 2)]
    {
        assert_eq!(files.position(id, byte), Position { line, column }, "byte {byte}");
    }
}
