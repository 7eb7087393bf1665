use super::*;

#[test]
fn codes_are_in_order_and_well_formed() {
    assert!(CODES.is_sorted_by(|a, b| a.code < b.code), "in order, each once");
    for Code { code, title, explanation } in CODES {
        assert!(code.len() == 6 && code.starts_with("HW03"), "{code}");
        assert!(!title.ends_with('.') && explanation.ends_with('.'), "{code}");
    }
    assert_eq!(DRIFT, headwater_sdk::connector::DRIFTED, "by which a run knows it");
    assert_eq!(ALTERED, headwater_sdk::connector::ALTERED, "by which a run knows it");
    assert_eq!([POSTGRES_LOST, MYSQL_LOST], headwater_sdk::connector::LOST, "by which a run knows them");
    assert_eq!(UNLOGGED, headwater_sdk::connector::UNLOGGED, "by which a run knows it");
}
