"""Broken feeds, each with what has to become of it: the corpus of ``test_dirty_feeds``. All of it is made here."""

import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass
class Dirty:
    """A feed and its exact outcome: titles of the items, dropped rows (line, reason), notes; or the refusal."""

    name: str
    content: bytes
    items: list[str] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    written: str = ""  # how the file is recognised
    prices: Sequence[str | None] | None = None


UNCLOSED = "a quote is opened and never closed"
NOT_READ = "price not understood, left out"
SHORT = "fewer values than columns"
LOST = "a character that the encoding does not know became \ufffd"
CSV = "CSV parted by commas, UTF-8"
JSONL = "JSON Lines, UTF-8"
DOCTYPE = (
    "FEED cannot be read. It declares a document type or entities of its own, which can be used to attack the reader. "
    "A product feed needs none: export it again without <!DOCTYPE …>."
)
XML = "Google Merchant Center XML, UTF-8"


def rss(items: str, end: str = "</channel></rss>", start: str = "") -> bytes:
    return (f'<?xml version="1.0"?>{start}<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}{end}').encode()


def item(item_id: str, title: str, price: str = "5 USD") -> str:
    return f"<item><g:id>{item_id}</g:id><g:title>{title}</g:title><g:price>{price}</g:price></item>"


def parquet(rows: int = 3, group: int = 1000) -> bytes:
    held = io.BytesIO()
    table = pa.table({"id": [str(n) for n in range(rows)], "title": [f"Thing {n}" for n in range(rows)]})
    pq.write_table(table, held, row_group_size=group)
    return held.getvalue()


def damaged_parquet() -> bytes:
    """Three groups of rows, the second of which is overwritten."""
    whole = parquet(3000)
    at = pq.ParquetFile(io.BytesIO(whole)).metadata.row_group(1).column(0).data_page_offset
    return whole[:at] + b"\xff" * 400 + whole[at + 400 :]


def cut_gzip(whole: bytes, cut: bytes) -> bytes:
    return gzip.compress(whole) + gzip.compress(cut)[:12]


HEAD = "id,title,price\n"

FEEDS = [
    Dirty("a quote inside a value", f'{HEAD}1,12" pan,5\n2,Mug,6\n'.encode(), ['12" pan', "Mug"]),
    Dirty("a value that begins with a quoted word", f'{HEAD}1,"Big" pan,5\n'.encode(), ["Big pan"]),
    Dirty("a quote never closed", f'{HEAD}1,"Mug,5\n2,Pan,6\n3,Pot,7\n'.encode(), ["Pan", "Pot"], [(2, UNCLOSED)]),
    Dirty(
        "a quote never closed, before quoted rows",
        f'{HEAD}1,"Mug,5\n2,"Pan",6\n3,"Pot",7\n'.encode(),
        ["Pan", "Pot"],
        [(2, UNCLOSED)],
    ),
    Dirty("a quote never closed in the last row", f'{HEAD}1,Mug,5\n2,"Pan,6'.encode(), ["Mug"], [(3, UNCLOSED)]),
    Dirty("line breaks inside quotes", f'{HEAD}1,"Tea\r\n\r\nmug",5\r\n2,Pan,6\r\n'.encode(), ["Tea mug", "Pan"]),
    Dirty(
        "single quotes in a table parted by tabs",
        b'id\ttitle\tprice\n1\t"Mug\t5\n2\tPan 12"\t6\n3\t"Pot"\t7\n',
        ['"Mug', 'Pan 12"', "Pot"],
        notes={"a single quote was read as a character": 1},
        written="CSV parted by tabs, UTF-8",
    ),
    Dirty("a byte order mark", b"\xef\xbb\xbf" + f"{HEAD}1,Mug,5\n".encode(), ["Mug"]),
    Dirty("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf" + f"{HEAD}1,Mug,5\n".encode(), ["Mug"]),
    Dirty(
        "UTF-16 with a byte order mark",
        f"{HEAD}1,Häferl,5\n".encode("utf-16"),
        ["Häferl"],
        written="CSV parted by commas, UTF-16",
    ),
    Dirty(
        "UTF-16 without a byte order mark",
        f"{HEAD}1,Häferl,5\n".encode("utf-16-be"),
        ["Häferl"],
        written="CSV parted by commas, UTF-16",
    ),
    Dirty(
        "Windows text",
        "id;title;price\n1;Tasse für Gäste – weiß;5,50\n".encode("cp1252"),
        ["Tasse für Gäste – weiß"],
        written="CSV parted by semicolons, Windows-1252 (Western)",
        prices=["5.50"],
    ),
    Dirty(
        "mixed encodings",
        f"{HEAD}1,Große Tasse,5\n".encode() + "2,Tür für Gäste,6\n3,Süße Öfen,7\n".encode("cp1252"),
        ["Große Tasse", "Tür für Gäste", "Süße Öfen"],
        written="CSV parted by commas, UTF-8, in places Windows-1252 (Western)",
    ),
    Dirty(
        "Shift-JIS",
        (HEAD + "1,青いティーマグ,900\n2,二人用の軽量テント,14900\n3,木のいす,3200\n").encode("shift_jis"),
        ["青いティーマグ", "二人用の軽量テント", "木のいす"],
        written="CSV parted by commas, Shift-JIS (Japanese)",
    ),
    Dirty(
        "GBK",
        (HEAD + "1,蓝色茶杯,90\n2,双人户外帐篷,1490\n3,实木椅子,320\n").encode("gbk"),
        ["蓝色茶杯", "双人户外帐篷", "实木椅子"],
        written="CSV parted by commas, GBK (Chinese)",
    ),
    Dirty(
        "Windows text in Russian",
        (HEAD + "1,Чайная кружка,900\n2,Палатка двухместная,14900\n3,Деревянный стул,3200\n").encode("cp1251"),
        ["Чайная кружка", "Палатка двухместная", "Деревянный стул"],
        written="CSV parted by commas, Windows-1251 (Cyrillic)",
    ),
    Dirty(
        "Polish in ISO 8859-2",
        (HEAD + "1,Żółty kubek do herbaty,19\n2,Namiot dla dwóch osób,149\n3,Świeże krzesło z łąki,99\n").encode(
            "iso8859_2"
        ),
        ["Żółty kubek do herbaty", "Namiot dla dwóch osób", "Świeże krzesło z łąki"],
        written="CSV parted by commas, ISO 8859-2 (Central European)",
    ),
    Dirty(
        "a stray byte in UTF-16",
        f"{HEAD}1,Mug,5\n".encode("utf-16") + b"2\0,\0\x00\xdcM\0,\x006\0\n\0",
        ["Mug", "\ufffdM"],
        notes={LOST: 1},
        written="CSV parted by commas, UTF-16",
    ),
    Dirty(
        "values missing",
        f"{HEAD}1,Mug\n2\n3,Pan,6\n".encode(),
        ["Mug", "Pan"],
        [(3, "the title is empty")],
        {SHORT: 1},
    ),
    Dirty(
        "values too many",
        f"{HEAD}1,Mug,5,surplus\n2,Pan,6,,,\n".encode(),
        ["Pan"],
        [(2, "4 values for 3 columns")],
    ),
    Dirty(
        "a row of 10,000 columns",
        f"{HEAD}1,Mug,{'x,' * 9998}\n2,Pan,6\n".encode(),
        ["Pan"],
        [(2, "10,001 values for 3 columns")],
    ),
    Dirty("a header of 10,000 columns", f"id,title{',x' * 9998}\n1,Mug\n".encode(), ["Mug"], notes={SHORT: 1}),
    Dirty("header names twice", b"id,title,title,price,title\n1,Mug,Other,5,Third\n", ["Mug"]),
    Dirty("header names empty", b"id,title,,\n1,Mug,x,y\n", ["Mug"]),
    Dirty("rows that are blank", f"\n\n{HEAD}\n1,Mug,5\n,,\n  ,,\n2,Pan,6\n\n".encode(), ["Mug", "Pan"]),
    Dirty("Excel's sep=", f"sep=;\r\n{HEAD}".replace(",", ";").encode() + b"1;Mug;1,5\r\n", ["Mug"], prices=["1.5"],
          written="CSV parted by semicolons, UTF-8"),
    Dirty("line ends of every kind", b"id,title,price\r1,Mug,5\r\n2,Pan,6\n3,Pot,7\r", ["Mug", "Pan", "Pot"]),
    Dirty("NUL bytes", b"id,title,price\n1,M\0ug,5\n2,\0\0,6\n", ["Mug"], [(3, "the title is empty")]),
    Dirty(
        "fields of a megabyte",
        f'id,title,description\n1,Mug,"{"warm " * 250_000}"\n2,{"t" * 1_000_000},x\n'.encode(),
        ["Mug", "t" * 1000],
        notes={"description cut to 100,000 characters": 1, "title cut to 100,000 characters": 1,
               "title cut to 1,000 characters": 1, "description speaks to a machine, that part left out": 1},
    ),
    Dirty("an id too long", f"{HEAD}{'1' * 201},Mug,5\n2,Pan,6\n".encode(), ["Pan"],
          [(2, "the id has 201 characters, 200 at most")]),
    Dirty(
        "ids missing and twice",
        f"{HEAD}1,Mug,5\n,Pan,6\n1,Mug again,7\nN/A,Pot,8\n 1 ,Mug with spaces,9\n".encode(),
        ["Mug"],
        [(3, "the id is missing"), (4, "the id '1' stands in line 2 already"), (5, "the id is missing"),
         (6, "the id '1' stands in line 2 already")],
    ),
    Dirty(
        "prices of every kind",
        f"{HEAD}1,A,-5\n2,B,0\n3,C,free\n4,D,on request\n5,E,10 - 20\n6,F,NaN\n7,G,1e9\n8,H,(5)\n"
        '9,I,"1,299.00"\n10,J,9999999999999\n11,K,$5 $6\n'.encode(),
        ["B", "C", "D", "E", "F", "G", "I", "J", "K"],
        [(2, "the price '-5' is negative"), (9, "the price '(5)' is negative")],
        {NOT_READ: 4, "the price is 0": 2, "price is a range, of which the lowest counts": 1},
        prices=["0", "0", None, "10", None, None, "1299.00", None, None],
    ),
    Dirty(
        "prices with decimal commas",
        'id;title;price\n1;A;19,99\n2;B;"1.299"\n3;C;"2.499,00 €"\n4;D;12,-\n'.encode(),
        ["A", "B", "C", "D"],
        prices=["19.99", "1299", "2499.00", "12"],
        written="CSV parted by semicolons, UTF-8",
    ),
    Dirty(
        "sale prices, good and bad",
        b"id,title,price,sale price\n1,A,10,8\n2,B,10,12\n3,C,10,0\n4,D,10,-1\n5,E,,7\n6,F,10,soon\n7,G,10 EUR,8 USD\n",
        list("ABCDEFG"),
        notes={"sale_price above the price, left out": 1, "sale_price not understood, left out": 2},
        prices=["8", "10", "10", "10", "7", "10", "10"],
    ),
    Dirty(
        "HTML and script in titles",
        f'{HEAD}1,<b>Mug</b> &amp; pan<script>alert(1)</script>,5\n2,"<img src=x onerror=alert(1)>",6\n'
        "3,&lt;script&gt;x&lt;/script&gt;Pot,7\n4,<script>never closed,8\n".encode(),
        ["Mug & pan", "Pot"],
        [(3, "the title is empty"), (5, "the title is empty")],
    ),
    Dirty(
        "formulas of spreadsheets",
        f'{HEAD}1,"=HYPERLINK(""http://evil.example"",""Mug"")",5\n2,+cmd|\' /C calc\'!A0,6\n3,@SUM(1),7\n'.encode(),
        ['=HYPERLINK("http://evil.example","Mug")', "+cmd|' /C calc'!A0", "@SUM(1)"],
    ),
    Dirty(
        "invisible characters and turned text",
        f"{HEAD}\u200b1\u2060,Mu\u00adg \u202eevil\u202c\u2066,5\n2,\u200b\u200b,6\n".encode(),
        ["Mug evil"],
        [(3, "the title is empty")],
    ),
    Dirty("half of an emoji", b'{"id": "1", "title": "Mug \\ud83d"}\n', ["Mug"], written=JSONL),
    Dirty("addresses that are none", b"id,title,image,url\n1,Mug,javascript:alert(1),no link\n2,Pan,data:x,ftp://x\n",
          ["Mug", "Pan"],
          notes={"image_url is no web address, left out": 2, "page_url is no web address, left out": 2}),
    Dirty("ratings that are none", b"id,title,rating,reviews\n1,Mug,11,-4\n2,Pan,good,many\n", ["Mug", "Pan"],
          notes={"rating not within 0 to 5, left out": 2, "rating_count not within 0 to 1e+09, left out": 2}),
    Dirty("an empty file", b"", refused="The file FEED is empty."),
    Dirty("nothing but blanks", b" \r\n\r\n\t", refused="The file FEED is empty."),
    Dirty("a header and no row", HEAD.encode(), []),
    Dirty("no header", b"1,Mug,5\n2,Pan,6\n", refused="FEED has no column that is clearly the id or the title. "
          "Its columns: 1, Mug, 5. Say which they are: --map id=COLUMN --map title=COLUMN"),
    Dirty("columns missing", b"id,price\n1,5\n", refused="FEED has no column that is clearly the title. "
          "Its columns: id, price. Say which it is: --map title=COLUMN"),
    Dirty("a table of Excel's", b"PK\x03\x04 [Content_Types].xml", refused="FEED is an Excel workbook. Save it as CSV "
          "first (File, Save as, CSV UTF-8)."),
    Dirty("JSON Lines of every kind", b'{"id": 1, "title": "Mug"}\n{"id": 2, "title": \nnull\n[1, 2]\n"text"\n{}\n'
          b'{"id": 3, "title": "Pan", "price": NaN}\n{"id": 4, "title": "Pot", "price": Infinity}\n{"id": 5, "title": '
          b'{"en": "Cup"}, "price": "9.50"}\n{"id": true, "title": ["Jar", "lid"]}\n', ["Mug", "Pan", "Pot", "Cup",
          "Jar lid"], [(2, "not JSON (Expecting value: line 1 column 19 (char 18))"), (3, "not a JSON object"),
          (4, "not a JSON object"), (5, "not a JSON object"), (6, "the id is missing")], written=JSONL,
          prices=[None, None, None, "9.50", None]),
    Dirty("JSON nested too deeply", b'{"id": 1, "title": "Mug"}\n' + b'{"a":' * 100_000 + b"\n", ["Mug"],
          [(2, "not JSON (maximum recursion depth exceeded while decoding a JSON object from a unicode string)")],
          written=JSONL),
    Dirty("JSON under the name of a table", json.dumps({"id": 1, "title": "Mug"}).encode(), ["Mug"], written=JSONL),
    Dirty("JSON-LD without products", b'{"@type": "Product", "sku": "1", "name": "Mug", "offers": "5 EUR"}\n'
          b'{"@type": "Organization", "name": "Shop"}\n{"@type": "Product", "name": "No number"}\n'
          b'{"@type": "Product"\n',
          ["Mug"], [(2, "it holds no schema.org Product"), (3, "the id is missing"),
          (4, "not JSON (Expecting ',' delimiter: line 1 column 20 (char 19))")],
          written="schema.org JSON-LD, UTF-8"),
    Dirty("a cut gzip", cut_gzip(f"{HEAD}1,Mug,5\n2,Pan,6\n3,Po".encode(), b"t,7\n4,Jar,8\n"),
          ["Mug", "Pan"], [(4, "the gzip file is cut or damaged: what follows here cannot be read")],
          written=f"{CSV}, gzip"),
    Dirty("a gzip of nothing", gzip.compress(b""), refused="FEED is a gzip file that is empty, cut or damaged. Export "
          "or copy it again."),
    Dirty("a cut XML", rss(item("1", "Mug") + item("2", "Pan")[:30], end=""), ["Mug"],
          [(2, "the item is not closed: the file ends in it")], written=XML),
    Dirty("an XML cut between items", rss(item("1", "Mug"), end=""), ["Mug"],
          [(2, "the file ends before </rss>: items may be missing")], written=XML),
    Dirty("broken items in XML", rss(item("1", "Mug") + item("2", "Pan <b>") + "<item><g:id>3</g:id>" + item("4", "Pot")
          + "<item/>" + item("5", "A & B&nbsp;C\x07") + "<!--" + item("6", "Hidden") + "-->" + item("7",
          "<![CDATA[in </item> <item> out]]>")), ["Mug", "Pot", "A & B C", "in out"],
          [(2, "not XML (mismatched tag)"), (3, "the item is not closed"), (5, "the id is missing")], written=XML),
    Dirty("CDATA never closed", rss(item("1", "<![CDATA[Mug") + item("2", "Pan")), ["Pan"],
          [(1, "the item is not closed")], written=XML),
    Dirty("entities that grow", rss(item("1", "&b;"), start='<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'),
          refused=DOCTYPE),
    Dirty("an entity from another file", rss(item("1", "&x;"),
          start='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
          refused=DOCTYPE),
    Dirty("XML in the encoding that it declares", ('<?xml version="1.0" encoding="iso-8859-2"?><rss><item><id>1</id>'
          "<title>Żółty kubek</title></item></rss>").encode("iso8859_2"), ["Żółty kubek"],
          written="Google Merchant Center XML, ISO 8859-2 (Central European)"),
    Dirty("XML of another kind", b"<catalog><thing/></catalog>", refused="FEED is XML of a kind that is not known. "
          "Google Merchant Center's can be read: RSS with <item>, or Atom with <entry>."),
    Dirty("Parquet without its end", parquet()[:-20], refused="FEED cannot be read. It is a damaged Parquet file: "
          "Parquet magic bytes not found in footer. Either the file is corrupted or this is not a parquet file. Export "
          "it again."),
    Dirty("Parquet damaged inside", damaged_parquet(), [f"Thing {n}" for n in range(1000)],
          [(1001, "the file is damaged: 2,000 rows from here on cannot be read")], written="Parquet"),
    Dirty(
        "Shopify rows out of order",
        b"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Status\n"
        b"tee,Tee,Colour,Red,S,10,active\ntee,,,Blue,S,11,\ntee,,,,,,\nmug,Mug,Title,Default Title,,5,draft\n"
        b'tee,,,Green,T,12,\npot,"Pot,Title,Default Title,P,5,active\npan,Pan,Title,Default Title,P,6,active\n',
        ["Tee - Red", "Tee - Blue", "Pan"],
        [(5, "not sold: its status in Shopify is draft"), (7, UNCLOSED), (6, "the title is empty")],
        {},
        written="Shopify product CSV parted by commas, UTF-8",
    ),
    Dirty(
        "WooCommerce variations without parents",
        b"ID,Type,SKU,Name,Published,Regular price,Parent\n1,variation,,Red,1,5,id:9\n2,variable,V,Alone,1,,\n"
        b"3,simple,S,Mug,1,6,\n4,simple,D,Draft,-1,6,\n5,variation,,,1,5,id:9\n",
        ["Red", "Mug"],
        [(3, "not sold: a variable product of which the file has no variation"),
         (5, "not sold: it is not published in WooCommerce"), (6, "the title is empty")],
        {"its variable product is not in the file": 1},
        written="WooCommerce product CSV parted by commas, UTF-8",
    ),
]  # fmt: skip
