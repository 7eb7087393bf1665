//! Text of fixed width as a source.

use crate::program::{query, rows};
use crate::project::{Project, assert_told};

const SOURCE: &str = "connector: files
location: data
streams:
  - table: raw.ledger
    path: '*.txt'
    format: { type: fixed_width, skip: 1, date_format: '%Y%m%d', columns: [
      { name: booked, start: 1, width: 8 }, { name: account, start: 9, width: 6 }, { name: amount, start: 21, width: 10 } ] }
    columns: { booked: { type: date }, account: { type: string }, amount: { type: 'decimal(12,2)' } }
";

const LEDGER: &str = "LEDGER OF MAY
20240501001234IGNORE      12.50
20240502000017IGNORE    1000.00 trailing
20240532000018IGNORE       1.00
20240503000019
";

#[test]
fn a_ledger_is_cut_into_columns() {
    let project = Project::empty().with("sources/ledger.yml", SOURCE).with("data/may.txt", LEDGER);
    let said = project.run();
    assert!(said.out.contains("2 source rows unreadable"), "{}", said.out);
    let ledger = query(project.path(), "select booked, account, amount from raw.ledger order by booked");
    assert_eq!(ledger, "2024-05-01,001234,12.50\n2024-05-02,000017,1000.00");
    let rejected = rows(project.path(), "select _line, _reason from raw.ledger__rejected order by _line");
    assert_eq!((&rejected[0]["_line"], &rejected[1]["_line"]), (&4.into(), &5.into()));
    assert!(rejected[0]["_reason"].as_str().unwrap().contains("'20240532' is not a date"), "{rejected:?}");
    assert!(rejected[1]["_reason"].as_str().unwrap().contains("14 characters where 30 are expected"), "{rejected:?}");
    project.write("sources/ledger.yml", SOURCE.replace("start: 21", "start: 0"));
    assert_told(&project.say(&["check"]).exits(2), "HW0122", &["column 'amount' stands nowhere"]);
}
