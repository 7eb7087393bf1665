"""Writes the same table as a workbook of each kind, with the library that is used for it: `python workbooks.py <file>`."""

import datetime
import sys

NAMES = ["id", "price", "day", "moment", "clock", "ok", "note", "zip"]
ROWS = [
    (1, 12.5, datetime.date(2013, 1, 1), datetime.datetime(2013, 1, 1, 10, 30, 15), datetime.time(18, 0), True, "é, \"ü\"", "01067"),
    (2, 0.1, datetime.date(1999, 12, 31), datetime.datetime(2024, 2, 29, 23, 59, 59), datetime.time(0, 0, 1), False, None, "00501"),
    (-3, 1e9, datetime.date(2100, 6, 15), datetime.datetime(1970, 1, 1, 0, 0, 1), datetime.time(6, 15), None, "two\nlines", "99999"),
    (4, None, None, None, None, True, "NA", None),
]


def xlsx(path, epoch_1904=False):
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.title = "Prices"
    sheet.append(NAMES)
    for row in ROWS:
        sheet.append(row)
    for row in sheet.iter_rows(min_row=2, min_col=4, max_col=4):
        row[0].number_format = "yyyy-mm-dd hh:mm:ss"
    # Formatted and empty, as people leave rows behind.
    sheet["A40"].number_format = "0.00"
    sheet["A41"] = ""
    book.create_sheet("Other")["A1"] = "other"
    book.save(path)


def xls(path, epoch_1904=False):
    import xlwt

    book = xlwt.Workbook()
    book.dates_1904 = epoch_1904
    sheet = book.add_sheet("Prices")
    formats = {2: "yyyy-mm-dd", 3: "yyyy-mm-dd hh:mm:ss", 4: "hh:mm:ss"}
    for column, name in enumerate(NAMES):
        sheet.write(0, column, name)
    for number, row in enumerate(ROWS, 1):
        for column, value in enumerate(row):
            style = xlwt.easyxf(num_format_str=formats[column]) if column in formats else xlwt.Style.default_style
            if value is not None:
                sheet.write(number, column, value, style)
    book.add_sheet("Other").write(0, 0, "other")
    book.save(path)


def ods(path):
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    def cell(value):
        if value is None:
            return TableCell()
        if isinstance(value, bool):
            return TableCell(valuetype="boolean", booleanvalue=str(value).lower())
        if isinstance(value, (int, float)):
            return TableCell(valuetype="float", value=value)
        if isinstance(value, (datetime.date, datetime.datetime)):
            return TableCell(valuetype="date", datevalue=value.isoformat())
        if isinstance(value, datetime.time):
            return TableCell(valuetype="time", timevalue=value.strftime("PT%HH%MM%SS"))
        made = TableCell(valuetype="string")
        for line in value.split("\n"):
            made.addElement(P(text=line))
        return made

    book = OpenDocumentSpreadsheet()
    for title, rows in [("Prices", [NAMES, *ROWS]), ("Other", [["other"]])]:
        table = Table(name=title)
        for row in rows:
            made = TableRow()
            for value in row:
                made.addElement(cell(value))
            table.addElement(made)
        # The rest of the sheet, as LibreOffice writes it.
        rest = TableRow(numberrowsrepeated=1048576 - len(rows))
        rest.addElement(TableCell(numbercolumnsrepeated=16384))
        table.addElement(rest)
        book.spreadsheet.addElement(table)
    book.save(path)


def xlsb(path, epoch_1904=False):
    """No library writes this kind: the records of [MS-XLSB], enough of them for what stands above."""
    import struct
    import zipfile

    def record(kind, data=b""):
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(data)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
            length >>= 7
            if not length:
                return head + size + data

    def wide(text):
        encoded = text.encode("utf-16-le")
        return struct.pack("<I", len(encoded) // 2) + encoded

    def serial(value):
        start = datetime.datetime(1904, 1, 1) if epoch_1904 else datetime.datetime(1899, 12, 30)
        if isinstance(value, datetime.time):
            return (value.hour * 3600 + value.minute * 60 + value.second) / 86400
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day)
        return (value - start) / datetime.timedelta(days=1)

    texts = []

    def cell(column, value):
        place = struct.pack("<II", column, 0)
        if value is None:
            return record(1, place)
        if isinstance(value, bool):
            return record(4, place + bytes([value]))
        if isinstance(value, int) and abs(value) < 1 << 29:
            return record(2, place + struct.pack("<i", value << 2 | 2))
        if isinstance(value, (int, float)):
            return record(5, place + struct.pack("<d", value))
        if isinstance(value, str):
            texts.append(value)
            return record(7, place + struct.pack("<I", len(texts) - 1))
        style = 3 if isinstance(value, datetime.time) else 2 if isinstance(value, datetime.datetime) else 1
        return record(5, struct.pack("<II", column, style) + struct.pack("<d", serial(value)))

    def sheet(rows):
        data = record(129) + record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
        for number, row in enumerate(rows):
            data += record(0, struct.pack("<II", number, 0) + bytes(17))
            data += b"".join(cell(column, value) for column, value in enumerate(row))
        return data + record(146) + record(130)

    sheets = [sheet([NAMES, *ROWS]), sheet([["other"]])]
    strings = record(159, struct.pack("<II", len(texts), len(texts)))
    strings += b"".join(record(19, b"\0" + wide(text)) for text in texts) + record(160)
    formats = {164: "yyyy-mm-dd", 165: "yyyy-mm-dd hh:mm:ss", 166: "hh:mm:ss"}
    styles = record(278) + record(615, struct.pack("<I", len(formats)))
    styles += b"".join(record(44, struct.pack("<H", key) + wide(text)) for key, text in formats.items()) + record(616)
    styles += record(617, struct.pack("<I", 4))
    styles += b"".join(record(47, struct.pack("<HHHHHHHH", 0, key, 0, 0, 0, 0, 0, 0)) for key in [0, *formats]) + record(618)
    styles += record(279)
    book = record(131) + record(153, struct.pack("<II", 1 if epoch_1904 else 0, 0) + wide("")) + record(143)
    for number, name in enumerate(["Prices", "Other"], 1):
        book += record(156, struct.pack("<II", 0, number) + wide(f"rId{number}") + wide(name))
    book += record(144) + record(132)

    office = "http://schemas.openxmlformats.org"
    kinds = {"workbook": "sheet.binary.macroEnabled.main", "worksheets/sheet1": "worksheet", "worksheets/sheet2": "worksheet",
             "styles": "styles", "sharedStrings": "sharedStrings"}
    types = "".join(f'<Override PartName="/xl/{part}.bin" ContentType="application/vnd.ms-excel.{kind}"/>' for part, kind in kinds.items())
    relation = lambda key, kind, target: f'<Relationship Id="{key}" Type="{office}/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
    relations = lambda inner: f'<?xml version="1.0"?><Relationships xmlns="{office}/package/2006/relationships">{inner}</Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<?xml version="1.0"?><Types xmlns="{office}/package/2006/content-types">'
                         f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>')
        archive.writestr("_rels/.rels", relations(relation("rId1", "officeDocument", "xl/workbook.bin")))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", relations(
            relation("rId1", "worksheet", "worksheets/sheet1.bin") + relation("rId2", "worksheet", "worksheets/sheet2.bin")
            + relation("rId3", "styles", "styles.bin") + relation("rId4", "sharedStrings", "sharedStrings.bin")))
        for number, data in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{number}.bin", data)
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/sharedStrings.bin", strings)

    # Another reader's word for it.
    import pyxlsb

    with pyxlsb.open_workbook(path) as opened, opened.get_sheet("Prices") as read:
        found = [[cell.v for cell in row] for row in read.rows()]
    assert found[0] == NAMES and [row[6] for row in found[1:]] == [row[6] for row in ROWS], found
    assert found[1][:2] == [1.0, 12.5] and found[1][3] == serial(ROWS[0][3]), found


if __name__ == "__main__":
    for path in sys.argv[1:]:
        kind = path.rsplit(".", 1)[1]
        more = {"epoch_1904": True} if "1904" in path else {}
        {"xlsx": xlsx, "xlsm": xlsx, "xls": xls, "ods": ods, "xlsb": xlsb}[kind](path, **more)
