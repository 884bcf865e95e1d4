from decimal import Decimal
from pathlib import Path

import pytest

from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected
from retrieval.items import Item

KINDS = (
    "Name a file of one of these kinds: CSV, JSON Lines, Google Merchant Center's XML or text, Shopify's or "
    "WooCommerce's product CSV, schema.org JSON-LD, Parquet; each may be packed with gzip."
)
CSV = "sku,name,price\n1,Tea mug,9.00\n"


def read(path: Path, content: str | bytes, *options: str, **more: str) -> list[Read | Rejected]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(Feed.open(path, options, **more))  # type: ignore[arg-type]


def items(entries: list[Read | Rejected]) -> list[Item]:
    return [entry.item for entry in entries if isinstance(entry, Read)]


MUG = Item(id="1", title="Tea mug", price=Decimal("9.00"))


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",", "|"),
        CSV.replace("\n", "\r\n"),
        CSV.encode("utf-8-sig"),
        CSV.encode("utf-16"),
        CSV.encode("utf-16-le"),
        "\n\n" + CSV + "\n,,\n",
        '"sku","name","price"\n"1","Tea mug","9.00"\n',
        '{"sku": 1, "name": "Tea mug", "price": 9.00}\n',
        '\ufeff{"id": "1", "title": "Tea mug", "price": "9.00"}\n\n',
    ],
)
def test_format_encoding_delimiter_and_columns_are_recognised(tmp_path: Path, content: str | bytes) -> None:
    assert items(read(tmp_path / "feed", content)) == [MUG]


def test_windows_text_is_read_as_such(tmp_path: Path) -> None:
    content = "id;title;price\n1;Café crème “blue”;1.299,00 €\n".encode("cp1252")
    assert items(read(tmp_path / "feed", content)) == [
        Item(id="1", title="Café crème “blue”", price=Decimal("1299.00"), currency="EUR")
    ]


def test_everything_that_a_feed_may_say(tmp_path: Path) -> None:
    content = (
        '{"id": "1", "title": "<b>Tent</b> &amp; poles", "description": "Dry.<br>Light.", "brand": " N/A ", '
        '"categories": [["Outdoor"], ["Outdoor", "Tents"]], "price": 149.10, "currency": "usd", '
        '"attributes": {"colour": ["red", "Blue", "red"], "waterproof": true, "none": null, "person": 2}, '
        '"image": "https://shop.example/1.jpg", "url": "javascript:alert(1)", "availability": "out of stock", '
        '"rating": "4,5", "reviews": "1,024", "seller": "x"}\n'
    )
    path = tmp_path / "feed.jsonl"
    assert read(path, content) == [
        Read(
            1,
            Item(
                id="1",
                title="Tent & poles",
                description="Dry. Light.",
                category=("Outdoor", "Tents"),
                price=Decimal("149.10"),
                currency="USD",
                attributes={"colour": ("red", "Blue"), "waterproof": ("yes",), "person": ("2",)},
                image_url="https://shop.example/1.jpg",
                stock=0,
                rating=4.5,
                rating_count=1024,
            ),
            ("page_url is no web address, left out",),
        )
    ]
    assert Feed.open(path).unused == ["seller"]


@pytest.mark.parametrize(
    ("row", "reason", "item_id"),
    [
        (",Mug,1", "the id is missing", ""),
        ("null,Mug,1", "the id is missing", "null"),
        (f"{'x' * 201},Mug,1", "the id has 201 characters, 200 at most", "x" * 201),
        ("2,,1", "the title is empty", "2"),
        ("2,<p> </p>,1", "the title is empty", "2"),
        ("2,Mug,-1", "the price '-1' is negative", "2"),
        ("2,Mug,1,surplus", "4 values for 3 columns", "2"),
        ('2,"Mug,1', "a quote is opened and never closed", "2"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_the_rest_is_kept(
    tmp_path: Path, row: str, reason: str, item_id: str
) -> None:
    entries = read(tmp_path / "feed.csv", f"{CSV}{row}\n3,Bowl,\n")
    assert entries[1] == Rejected(3, reason, row, lost=True, item_id=item_id)
    assert [item.id for item in items(entries)] == ["1", "3"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
        ("[1]", "not a JSON object"),
        ('{"id": "2", "title": "x", "price": -1.5}', "the price -1.5 is negative"),
        ("[" * 100_000, "not JSON (nested too deeply)"),
    ],
)
def test_a_bad_line_of_json_is_rejected(tmp_path: Path, line: str, reason: str) -> None:
    good = '{"id": "1", "title": "Tea mug", "price": 9.00}'
    entries = read(tmp_path / "feed.jsonl", f"{good}\n{line}\n")
    assert isinstance(entries[1], Rejected)
    assert (entries[1].line, entries[1].raw) == (2, line)
    assert entries[1].reason.startswith(reason.removesuffix("(nested too deeply)"))


def test_quotes_and_line_breaks_inside_a_value(tmp_path: Path) -> None:
    content = 'id,title,description\n1,"12"" pan","one\ntwo"\n2,5" pipe,plain\n'
    assert read(tmp_path / "feed.csv", content) == [
        Read(2, Item(id="1", title='12" pan', description="one two")),
        Read(4, Item(id="2", title='5" pipe', description="plain")),
    ]


def test_a_runaway_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = "".join(f"{n},Thing {n},1\n" for n in range(3, 900))
    entries = read(tmp_path / "feed.csv", f'{CSV}2,"Never closed,1\n{rows}')
    assert entries[1] == Rejected(3, "a quote is opened and never closed", '2,"Never closed,1', lost=True, item_id="2")
    assert len(items(entries)) == 898


def test_values_too_long_are_cut_with_a_note(tmp_path: Path) -> None:
    content = f"id,title,description\n1,{'t' * 1500},{'d' * 150_000}\n"
    (entry,) = read(tmp_path / "feed.csv", content)
    assert isinstance(entry, Read)
    assert (len(entry.item.title), len(entry.item.description)) == (1000, 100_000)
    assert entry.notes == ("title cut to 1,000 characters", "description cut to 100,000 characters")


def test_what_makes_no_sense_is_left_out_with_a_note(tmp_path: Path) -> None:
    (entry,) = read(tmp_path / "feed.csv", "id,title,price,rating,image\n1,Mug,ask us,11,not a link\n")
    assert entry == Read(
        2,
        Item(id="1", title="Mug"),
        (
            "price not understood, left out",
            "image_url is no web address, left out",
            "rating not within 0 to 5, left out",
        ),
    )


def test_columns_by_option_and_mapping_file(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "id: Key\ntitle: [Maker, Label]\ncategory: [Dept, Kind]\ncurrency: {value: EUR}\n"
        'attributes:\n  colour: {column: Shades, split: "/"}\n'
    )
    content = "Key,Maker,Label,Dept,Kind,Shades,Cost\n7,Fell,Tent,Outdoor,Tents,red/ blue,19\n"
    assert items(read(tmp_path / "feed.csv", content, str(mapping), "price=Cost", "attributes.maker=Maker")) == [
        Item(
            id="7",
            title="Fell Tent",
            category=("Outdoor", "Tents"),
            price=Decimal("19"),
            currency="EUR",
            attributes={"colour": ("red", "blue"), "maker": ("Fell",)},
        )
    ]


@pytest.mark.parametrize(
    ("content", "more", "currency"),
    [("id,title,Price (INR)\n1,Mug,5\n", "", "INR"), (CSV, "EUR", "EUR"), ("id,title,price\n1,Mug,$5\n", "EUR", "USD")],
)
def test_currency_from_the_price_else_as_told(tmp_path: Path, content: str, more: str, currency: str) -> None:
    assert items(read(tmp_path / "feed.csv", content, currency=more))[0].currency == currency


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", (), "The file FEED is empty."),
        (b"\n \n", (), "The file FEED is empty."),
        (b"\x1f\x8b\x08", (), "FEED is a gzip file that is empty, cut or damaged. Export or copy it again."),
        (b"\x89PNG\x00\x01\x02\x03", (), f"FEED is not a text file. {KINDS}"),
        (b"<rss></rss>", (), "FEED cannot be read. It has no <item> (RSS) and no <entry> (Atom), in which Google's "
         "products stand."),
        (b"<catalog></catalog>", (), "FEED is XML of a kind that is not known. Google Merchant Center's can be read: "
         "RSS with <item>, or Atom with <entry>."),
        (b"<!DOCTYPE html><html>", (), "FEED is a web page, perhaps the one that leads to the feed, or that asks for "
         f"a password. {KINDS}"),
        (b"<!DOCTYPE rss [<!ENTITY lol \"lol\">]><rss><item><title>&lol;</title></item></rss>", (), "FEED cannot be "
         "read. It declares a document type or entities of its own, which can be used to attack the reader. A product "
         "feed needs none: export it again without <!DOCTYPE \u2026>."),
        (b"PK\x03\x04....xl/workbook.xml", (), "FEED is an Excel workbook. Save it as CSV first (File, Save as, CSV "
         "UTF-8)."),
        (b"PK\x03\x04....", (), "FEED is a zip archive. Unpack it, and name the file that is in it."),
        (b"7z\xbc\xaf\x27\x1c", (), "FEED is a 7z archive. Unpack it, and name the file that is in it."),
        (b"BZh9", (), "FEED is packed with bzip2. Unpack it first: bunzip2 -k feed"),
        (b"PAR1 and no more", (), "FEED cannot be read. It is a damaged Parquet file: Parquet magic bytes not found "
         "in footer. Either the file is corrupted or this is not a parquet file. Export it again."),
        (b'[{"id": 1}]', (), "FEED is one JSON list. JSON Lines is wanted, one object a line: jq -c '.[]' feed > "
         "lines.jsonl"),
        (b'{\n "id": 1\n}', (), "FEED is JSON of several lines. JSON Lines is wanted, one object a line: jq -c . feed "
         "> lines.jsonl"),
        (b"{broken\n", (), "FEED has no row that can be read as JSON Lines."),
        (
            b"a,b\n1,2\n",
            (),
            "FEED has no column that is clearly the id or the title. Its columns: a, b. "
            "Say which they are: --map id=COLUMN --map title=COLUMN",
        ),
        (b"id,b\n1,2\n", (), "FEED has no column that is clearly the title. Its columns: id, b. "
         "Say which it is: --map title=COLUMN"),
        (b"id,title\n", ("brand=Maker",), "FEED has no column 'Maker', which brand is mapped to. "
         "Its columns: id, title."),
        (b"id,title\n", ("titel=id",), "--map titel=id: 'titel' is no field of an item. Fields: id, title, "
         "description, category, brand, price, sale_price, sale_dates, currency, image_url, page_url, stock, "
         "rating, rating_count, group_id, attributes."),
        (b"id,title\n", ("nowhere.yaml",), "--map nowhere.yaml: there is no such file, and it is not of the form "
         "field=column."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_a_catalogue(
    tmp_path: Path, content: bytes, options: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "feed"
    path.write_bytes(content)
    with pytest.raises(FeedError) as caught:
        Feed.open(path, options)
    assert str(caught.value) == message.replace("FEED", str(path))


@pytest.mark.parametrize("named", ["https://shop.example/feed.csv?key=1", "s3://bucket/feed.csv"])
def test_an_address_is_refused_with_what_to_do(named: str) -> None:
    with pytest.raises(FeedError) as caught:
        Feed.open(Path(named))
    assert str(caught.value) == (
        f"{named} is an address on the web; Shoptalk reads files. Download it first, then name the file: "
        f"curl -L -o feed '{named}'"
    )


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="There is no file"):
        Feed.open(tmp_path / "missing.csv")
    with pytest.raises(FeedError, match="is a folder"):
        Feed.open(tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        "Artikelnummer;Bezeichnung;Beschreibung;Kategorie;Marke;Preis;Währung;Lagerbestand;Farbe;Größe",
        "Artikel-Nr.;Produktname;Beschreibung;Warengruppe;Hersteller;Preis;Waehrung;Bestand;Farbe;Groesse",
        "Référence;Nom;Description;Catégorie;Marque;Prix;Devise;Stock;Couleur;Taille",
        "Referencia;Nombre;Descripción;Categoría;Marca;Precio;Moneda;Existencias;Color;Talla",
        "Codice articolo;Nome;Descrizione;Categoria;Marca;Prezzo;Valuta;Giacenza;Colore;Taglia",
        "Artikelcode;Naam;Omschrijving;Categorie;Merk;Prijs;Valuta;Voorraad;Kleur;Maat",
        "sku;product_name;description;category;brand;price;currency;stock_quantity;colours;sizes",
        "Item number;name;description;category;vendor;price;currency;Quantity Available;colors;Sizes",
    ],
)
def test_usual_headings_of_several_languages_are_understood(tmp_path: Path, header: str) -> None:
    row = "A1;Stuhl;Bequem;Möbel > Stühle;Hölzle;49,90;EUR;24;rot;M"
    assert items(read(tmp_path / "feed", f"{header}\n{row}\n")) == [
        Item(id="A1", title="Stuhl", description="Bequem", category=("Möbel", "Stühle"), brand="Hölzle",
             price=Decimal("49.90"), currency="EUR", stock=24, attributes={"colour": ("rot",), "size": ("M",)})
    ]  # fmt: skip


def test_attributes_have_one_name_in_every_feed(tmp_path: Path) -> None:
    """A shop of two feeds had "color" and "colour", and a shopper's filter found half of it."""
    row = '{"id": 1, "title": "Shoe", "attributes": {"Color": "red", "Size (EU)": 42, "Size (US)": 9, "Sole": "x"}}'
    table = "id,title,attribute:Color,attribute:Fabric\n1,Shoe,red,wool\n"
    of_row, of_table = items(read(tmp_path / "feed", row)), items(read(tmp_path / "feed", table))
    assert of_row[0].attributes == {"colour": ("red",), "Size (EU)": ("42",), "Size (US)": ("9",), "Sole": ("x",)}
    assert of_table[0].attributes == {"colour": ("red",), "material": ("wool",)}
