//! XML as a source.

use super::python;
use crate::program::{query, rows, with_peak};
use crate::project::{Project, assert_told};

const SOURCE: &str = "connector: files
location: data
streams:
  - table: raw.orders
    path: '*.xml*'
    mode: new_files
    drift: add
    format: { type: xml, record: orders/order, lists: [line] }
    columns: { code: { type: string } }
";

const ORDERS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!-- <order id=\"0\"/> -->
<x:shop xmlns:x=\"urn:shop\" xmlns=\"urn:orders\">
  <head><order id=\"99\">not this one</order></head>
  <orders>
    <order id=\"1\" x:paid=\"true\">
      <code>007</code> <day>2024-02-29</day> <amount currency=\"EUR\">12.50</amount>
      <note>  a &lt;b&gt; &amp; &#233;&#x20AC; </note><raw>
        <![CDATA[ <c> & ]]>
      </raw>
      <line><item>tea</item><count>2</count></line>
      <line><item>cup</item><count>1</count></line>
    </order>
    <order id=\"2\" paid=\"false\"><code>12</code><day>2024-03-01</day><amount currency=\"USD\">-3</amount><note/><line><item>jam</item></line></order>

    <order
      id=\"x3\"><code>13</code></order>
    <order id=\"4\"/>
  </orders>
</x:shop>
";

#[test]
fn elements_are_rows_wherever_they_stand() {
    let project = Project::empty().with("sources/orders.yml", SOURCE).with("data/1.xml", ORDERS);
    project.write(
        "sources/orders.yml",
        SOURCE.replace("code: { type: string }", "code: { type: string }, id: { type: int }"),
    );
    let said = project.run();
    assert!(said.out.contains("1 source row unreadable"), "{}", said.out);
    let sql = "select id, paid, code, day, amount['currency'], amount['value'], note, raw, cardinality(line), line[1]['item'], line[1]['count'] \
               from raw.orders order by id";
    let expected = "1,true,007,2024-02-29,EUR,12.5,a <b> & é€, <c> & ,2,tea,2\n2,false,12,2024-03-01,USD,-3.0,,,1,jam,\n4,,,,,,,,,,";
    assert_eq!(query(project.path(), sql), expected);
    let rejected = rows(project.path(), "select _file, _line, _reason, _raw from raw.orders__rejected");
    assert_eq!((&rejected[0]["_file"], &rejected[0]["_line"]), (&"data/1.xml".into(), &16.into()), "{rejected:?}");
    assert!(rejected[0]["_reason"].as_str().unwrap().contains("column 'id'"), "{rejected:?}");
    // In another encoding, packed, and made by another program.
    let program = "
import gzip, xml.etree.ElementTree as E
orders = E.Element('orders')
for n in range(5000):
    order = E.SubElement(orders, 'order', id=str(100 + n))
    E.SubElement(order, 'note').text = 'caf\\u00e9'
    for k in range(n % 3): E.SubElement(E.SubElement(order, 'line'), 'count').text = str(k + 1)
gzip.open('data/2.xml.gz', 'wb').write(E.tostring(orders, encoding='iso-8859-1'))
";
    python(project.path(), program);
    assert_told(
        &project.say(&["run"]).exits(1),
        "HW0305",
        &["data/2.xml.gz, line 1", "iso-8859-1", "encoding: iso-8859-1"],
    );
    let source = std::fs::read_to_string(project.path().join("sources/orders.yml")).unwrap();
    project.write(
        "sources/orders.yml",
        source.replace("lists: [line]", "lists: [line], encoding: iso-8859-1").replace("'*.xml*'", "'2.xml*'"),
    );
    project.say(&["run", "--full-refresh"]).exits(0);
    // Of n mod 3 lines each: 0, 1 and 1 + 2.
    let sums = "select count(*), sum(cardinality(line)), count(*) filter (where note = 'café') from raw.orders where id >= 100";
    assert_eq!(query(project.path(), sums), "5000,4999,5000");
}

/// What repeats in one record is a list in all of them, whichever comes first.
#[test]
fn what_comes_once_in_a_record_is_a_list_where_others_have_several() {
    let orders = [
        "<o id='1'><tag>a</tag><n>1</n><line><q>1</q><sub><x>5</x></sub></line></o>",
        "<o id='2'><tag>b</tag><tag>[c</tag><n>2</n><n>3</n><line><q>2</q><sub><x>6</x><x>7</x></sub></line><line><q>3</q></line></o>",
        "<o id='3'/>",
    ];
    let found = "select id, cardinality(tag), tag[1], tag[2], n[1] + coalesce(n[2], 0), cardinality(line), line[1]['q'], \
                 cardinality(line[1]['sub']['x']), line[1]['sub']['x'][1] from raw.orders order by id";
    let expected = "1,1,a,,1,1,1,1,5\n2,2,b,[c,5,2,2,2,6\n3,,,,,,,,";
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let text: String = order.iter().map(|at| orders[*at]).collect();
        let project = Project::empty()
            .with("sources/o.yml", "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: '*.xml', mode: new_files, format: { record: o } }\n")
            .with("data/1.xml", format!("<r>{text}</r>"));
        project.run();
        assert_eq!(query(project.path(), found), expected, "{order:?}");
        // The table's columns are lists: files in which nothing repeats are read so, too.
        project
            .write("data/2.xml", "<r><o id='4'><tag>d</tag><n>4</n><line><q>9</q><sub><x>8</x></sub></line></o></r>");
        project.run();
        assert_eq!(query(project.path(), &format!("select * from ({found}) where id = 4")), "4,1,d,,4,1,9,1,8");
        assert_eq!(query(project.path(), "select count(*) from raw.orders__rejected"), "0");
    }
}

#[test]
fn what_is_no_xml_is_told_with_its_line() {
    let source = SOURCE.replace("mode: new_files", "mode: full");
    let project = Project::empty().with("sources/orders.yml", &source).with("data/1.xml", ORDERS);
    project.run();
    let laughs = "<?xml version=\"1.0\"?>
<!DOCTYPE orders [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY file SYSTEM \"file:///etc/passwd\">]>
<orders>
<order><note>&b;</note></order></orders>";
    for (text, words) in [
        (laughs.to_owned(), ["data/1.xml, line 4", "the entity &b; is none of XML's own"]),
        (laughs.replace("&b;<", "&file;<"), ["data/1.xml, line 4", "the entity &file;"]),
        (ORDERS.replace("</head>", "</tail>"), ["data/1.xml, line 4", "this is no XML"]),
        (
            ORDERS.split("  </orders>").next().unwrap().to_owned(),
            ["data/1.xml, line 1", "the file ends within the element orders"],
        ),
        (ORDERS.replace("id=\"2\" paid", "id=\"2\" id=\"3\" paid"), ["data/1.xml, line 14", "this is no XML"]),
        (format!("<orders>{}", "<a>".repeat(200)), ["data/1.xml, line 1", "more than 100 deep"]),
    ] {
        project.write("data/1.xml", text);
        assert_told(&project.say(&["run"]).exits(1), "HW0305", &words);
    }
    // What is wrong with the file under it is told as that, with what helps.
    python(
        project.path(),
        "import gzip; whole = gzip.compress(open('data/1.xml', 'rb').read()); open('data/1.xml.gz', 'wb').write(whole[:-20]); import os; os.remove('data/1.xml')",
    );
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0305", &["the gzip file data/1.xml.gz ends too early", "gzip -t"]);
    assert_eq!(query(project.path(), "select count(*) from raw.orders"), "4");
    project.write("sources/orders.yml", source.replace("record: orders/order, ", ""));
    assert_told(&project.say(&["check"]).exits(2), "HW0122", &["`record` is missing"]);
}

/// A record that is too large is set aside, and a file of 100 MB passes by.
#[test]
fn memory_does_not_grow_with_the_file() {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: t.xml, format: { record: r, max_line: 100000 } }\n";
    let project = Project::empty().with("sources/t.yml", source).with("data/.keep", "");
    let make = |rows: u32| {
        let program = format!(
            "
with open('data/t.xml', 'w') as f:
    f.write('<t>\\n')
    for n in range({rows}): f.write(f'<r n=\"{{n}}\"><a>text {{n}}</a><b><c>{{n * 2}}</c></b></r>\\n')
    f.write('<r n=\"7\">' + '<a>' + 'y' * 60000 + '</a>' + '<d>' + 'y' * 60000 + '</d>' + '<e>1</e>' * {rows} * 4 + '</r></t>')
"
        );
        python(project.path(), &program);
        let mut command = crate::program::headwater(project.path());
        command.arg("run");
        let (said, peak) = with_peak(command);
        assert!(said.exits(0).out.contains("1 source row unreadable"));
        let n = u64::from(rows);
        assert_eq!(
            query(project.path(), "select count(*), sum(n), sum(b['c']) from raw.t"),
            format!("{n},{},{}", n * (n - 1) / 2, n * (n - 1))
        );
        assert_eq!(query(project.path(), "select _line from raw.t__rejected"), (n + 2).to_string());
        peak
    };
    let (small, large) = (make(100_000), make(1_500_000));
    assert!(large < small + (150 << 10), "{} MB and {} MB", small >> 10, large >> 10);
}
