"""Each format that merchants export, as its program writes it: what is recognised, and every item of it."""

import gzip
import io
import json
from collections import namedtuple
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected
from retrieval.items import Item

DiskUsage = namedtuple("DiskUsage", "total used free")

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
<item><g:id>A1</g:id><title>plain</title><g:title><![CDATA[Rain & jacket]]></g:title><g:description>Dry</g:description>
<link>https://shop.example/a1?x=1&amp;y=2</link><g:image_link>https://shop.example/a1.jpg</g:image_link>
<g:availability>in_stock</g:availability><g:price>1,299.00 USD</g:price><g:sale_price>999.00 USD</g:sale_price>
<g:sale_price_effective_date>2020-01-01T00:00-0800/2099-01-01T00:00-0800</g:sale_price_effective_date>
<g:brand>Fell</g:brand><g:google_product_category>Apparel &amp; Accessories &gt; Clothing</g:google_product_category>
<g:product_type>Jackets &gt; Rain</g:product_type><g:product_type>Sale</g:product_type><g:color>Blue</g:color>
<g:size>M</g:size><g:item_group_id>A</g:item_group_id>
<g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Hood</g:attribute_name>
<g:attribute_value>yes</g:attribute_value></g:product_detail><g:product_highlight>Taped seams</g:product_highlight>
<g:product_highlight>Packs small</g:product_highlight>
<g:shipping><g:country>US</g:country><g:price>5 USD</g:price></g:shipping></item>
<item><g:id>A2</g:id><g:title>Mug</g:title><g:price>9.00 USD</g:price><g:availability>out_of_stock</g:availability>
<g:sale_price>7.00 USD</g:sale_price>
<g:sale_price_effective_date>2020-01-01T00:00Z/2020-02-01T00:00Z</g:sale_price_effective_date>
<g:google_product_category>Home &gt; Mugs</g:google_product_category></item>
</channel></rss>"""
JACKET = Item(
    id="A1",
    title="Rain & jacket",
    description="Dry",
    category=("Jackets", "Rain"),
    brand="Fell",
    price=Decimal("999.00"),
    currency="USD",
    attributes={"Hood": ("yes",), "features": ("Taped seams", "Packs small"), "colour": ("Blue",), "size": ("M",)},
    image_url="https://shop.example/a1.jpg",
    page_url="https://shop.example/a1?x=1&y=2",
    group_id="A",
)
MUG = Item(id="A2", title="Mug", category=("Home", "Mugs"), price=Decimal("9.00"), currency="USD", stock=0)

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
<entry><g:id>1</g:id><title>Tea mug</title><link href="https://shop.example/1"/><summary>Nice</summary>
<g:price>9 GBP</g:price></entry></feed>"""

TSV = (
    "id\ttitle\tdescription\tlink\timage link\tavailability\tprice\tsale price\tproduct type\titem group id\tcolor\t"
    "product detail\n1\tMug 12 oz\tNice\thttps://shop.example/1\thttps://shop.example/1.jpg\tin stock\t19.99 USD\t"
    "15.00 USD\tHome > Mugs\tG\tred\tGeneral:Volume:350 ml,General:Handle:yes\n"
)

SHOPIFY = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,\
Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
Variant Price,Variant Compare At Price,Image Src,Image Position,Variant Image,Status,\
Fabric (product.metafields.custom.fabric)
tee,Plain tee,"<p>Soft<br>
cotton</p>",Fell,Apparel > Tops,Tops,"summer, sale",true,Colour,Red,Size,M,TEE-R,shopify,5,deny,19.99,25.00,\
https://shop.example/1.jpg,1,,active,Cotton
tee,,,,,,,,,Blue,,M,TEE-B,shopify,-2,deny,18.99,,,,https://shop.example/b.jpg,,
tee,,,,,,,,,Green,,M,,shopify,0,continue,21.99,,,,,,
tee,,,,,,,,,,,,,,,,,,https://shop.example/2.jpg,2,,,
mug,Tea mug,<p>Mug</p>,Fell,,Mugs,,true,Title,Default Title,,,MUG,,,deny,9.00,,https://shop.example/m.jpg,1,,active,
old,Old lamp,,Fell,,Lamps,,true,Title,Default Title,,,OLD,,,deny,9.00,,,,,archived,
hid,Hidden lamp,,Fell,,Lamps,,false,Title,Default Title,,,HID,,,deny,9.00,,,,,active,
"""
NEW_SHOPIFY = """Title,URL handle,Description,Vendor,Product category,Type,Published on online store,Status,SKU,\
Option1 name,Option1 value,Price,Inventory tracker,Inventory quantity,Continue selling when out of stock,\
Product image URL
Tea mug,mug,<p>Mug</p>,Fell,Home > Mugs,Mugs,TRUE,Active,MUG,Title,Default Title,9.00,shopify,4,DENY,\
https://shop.example/m.jpg
"""

WOO = """ID,Type,SKU,Name,Published,"Visibility in catalog","Short description",Description,"Date sale price starts",\
"Date sale price ends","In stock?",Stock,"Backorders allowed?","Sale price","Regular price",Categories,Images,Parent,\
"Attribute 1 name","Attribute 1 value(s)","Attribute 2 name","Attribute 2 value(s)",Brands
12,variation,,Hoodie,1,visible,,,,,0,,0,,45,,,id:10,Color,Red,,,
10,variable,HOOD,Hoodie,1,visible,Warm,"<p>Very\\nwarm</p>",,,1,,0,,,"Clothing, Clothing > Hoodies",\
"https://shop.example/h.jpg, https://shop.example/h2.jpg",,Color,"Blue, Red",Material,"Cotton, 5\\, 6 mm",Fell
11,"variation, virtual",HOOD-B,"Hoodie - Blue",1,visible,,,2020-01-01,2020-02-01,1,3,0,40,45,,\
https://shop.example/b.jpg,HOOD,Color,Blue,,,
13,simple,MUG,Tea mug,1,visible,,Mug,,,1,,0,5,9,Home > Mugs,,,,,,,
14,grouped,SET,Set,1,visible,,,,,1,,0,,,,,,,,,,
15,simple,HID,Hidden,1,hidden,,,,,1,,0,,9,,,,,,,,
"""

JSON_LD: list[object] = [
    {
        "@context": "https://schema.org",
        "@type": "Product",
        "sku": "J1",
        "name": "Rain jacket",
        "brand": {"@type": "Brand", "name": "Fell"},
        "image": [{"@type": "ImageObject", "url": "https://shop.example/1.jpg"}],
        "url": "https://shop.example/1",
        "category": "Clothing > Jackets",
        "color": "Blue",
        "offers": [
            {"price": "149.00", "priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"},
            {"@type": "Offer", "price": 159.5, "priceCurrency": "EUR", "availability": "https://schema.org/InStock"},
        ],
        "aggregateRating": {"ratingValue": "8.8", "bestRating": "10", "reviewCount": 12},
        "additionalProperty": [{"@type": "PropertyValue", "name": "Weight", "value": 300, "unitText": "g"}],
    },
    {
        "@graph": [
            {"@type": "BreadcrumbList"},
            {
                "@type": "ProductGroup",
                "productGroupID": "T",
                "name": "Tee",
                "brand": "Fell",
                "variesBy": ["https://schema.org/color", "https://schema.org/size"],
                "hasVariant": [
                    {
                        "@type": "Product",
                        "sku": "T1",
                        "name": "Tee",
                        "color": "Red",
                        "size": "M",
                        "offers": {"@type": "AggregateOffer", "lowPrice": 10, "highPrice": 20, "priceCurrency": "USD"},
                    },
                    {"@type": "Product", "sku": "T2", "name": "Tee blue",
                     "offers": {"price": 12, "availability": "SoldOut"}},
                    {"@type": "Product", "sku": "T2", "name": "Twice"},
                ],
            },
        ]
    },
    [{"@type": "Product", "productID": "P1", "name": "Mug",
      "isVariantOf": {"@type": "ProductGroup", "productGroupID": "G9"}}],
    {"@type": "Product", "gtin": "40", "name": "Pan", "inProductGroupWithID": "G8", "offers": {"priceSpecification": [
        {"price": 30, "priceType": "https://schema.org/ListPrice", "priceCurrency": "EUR"},
        {"price": 20, "priceCurrency": "EUR"}]}},
]  # fmt: skip


def read(path: Path, content: bytes, *options: str) -> tuple[Feed, list[Item], list[Rejected]]:
    path.write_bytes(content)
    feed = Feed.open(path, options)
    entries = list(feed)
    items = [entry.item for entry in entries if isinstance(entry, Read)]
    return feed, items, [entry for entry in entries if isinstance(entry, Rejected)]


def test_google_rss(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", RSS.encode())
    assert (str(feed.source), items, dropped) == ("Google Merchant Center XML, UTF-8", [JACKET, MUG], [])


def test_google_atom(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", ATOM.encode())
    mug = Item(id="1", title="Tea mug", description="Nice", price=Decimal(9), currency="GBP",
               page_url="https://shop.example/1")  # fmt: skip
    assert (str(feed.source), items, dropped) == ("Google Merchant Center XML, UTF-8", [mug], [])


@pytest.mark.parametrize("joined", [" ", "_"])
def test_google_text(tmp_path: Path, joined: str) -> None:
    header, row = TSV.split("\n", 1)
    feed, items, dropped = read(tmp_path / "feed", f"{header.replace(' ', joined)}\n{row}".encode())
    assert (feed.source.format, dropped, feed.unused) == ("google-tsv", [], [])
    assert items == [
        Item(
            id="1",
            title="Mug 12 oz",
            description="Nice",
            category=("Home", "Mugs"),
            price=Decimal("15.00"),
            currency="USD",
            attributes={"Volume": ("350 ml",), "Handle": ("yes",), "colour": ("red",)},
            image_url="https://shop.example/1.jpg",
            page_url="https://shop.example/1",
            group_id="G",
        )
    ]


def test_shopify(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", SHOPIFY.encode())
    assert str(feed.source) == "Shopify product CSV parted by commas, UTF-8"
    assert feed.unused == ["Tags", "Variant Compare At Price"]
    tee = Item(
        id="TEE-R",
        title="Plain tee - Red",
        description="Soft cotton",
        category=("Apparel", "Tops"),
        brand="Fell",
        price=Decimal("19.99"),
        attributes={"material": ("Cotton",), "colour": ("Red",), "size": ("M",)},
        image_url="https://shop.example/1.jpg",
        stock=5,
        group_id="tee",
    )
    blue = {"id": "TEE-B", "title": "Plain tee - Blue", "price": Decimal("18.99"), "stock": 0,
            "image_url": "https://shop.example/b.jpg",
            "attributes": tee.attributes | {"colour": ("Blue",)}}  # fmt: skip
    green = {"id": "tee/Green/M", "title": "Plain tee - Green", "price": Decimal("21.99"), "stock": None,
             "attributes": tee.attributes | {"colour": ("Green",)}}  # fmt: skip
    mug = Item(id="MUG", title="Tea mug", description="Mug", category=("Mugs",), brand="Fell", price=Decimal("9.00"),
               image_url="https://shop.example/m.jpg")  # fmt: skip
    assert items == [tee, tee.model_copy(update=blue), tee.model_copy(update=green), mug]
    assert [(one.line, one.reason) for one in dropped] == [
        (8, "not sold: its status in Shopify is archived"),
        (9, "not sold: it is not published in Shopify"),
    ]


def test_shopify_as_it_names_columns_now(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", NEW_SHOPIFY.encode())
    mug = Item(id="MUG", title="Tea mug", description="Mug", category=("Home", "Mugs"), brand="Fell",
               price=Decimal("9.00"), image_url="https://shop.example/m.jpg", stock=4)  # fmt: skip
    assert (feed.source.format, items, dropped, feed.unused) == ("shopify", [mug], [], [])


def test_woocommerce(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", WOO.encode("utf-8-sig"))
    assert str(feed.source) == "WooCommerce product CSV parted by commas, UTF-8"
    red = Item(
        id="12",
        title="Hoodie - Red",
        description="Very warm",
        category=("Clothing", "Hoodies"),
        brand="Fell",
        price=Decimal(45),
        attributes={"colour": ("Red",), "material": ("Cotton", "5, 6 mm")},
        image_url="https://shop.example/h.jpg",
        stock=0,
        group_id="HOOD",
    )
    blue = {"id": "11", "title": "Hoodie - Blue", "stock": 3, "image_url": "https://shop.example/b.jpg",
            "attributes": red.attributes | {"colour": ("Blue",)}}  # fmt: skip
    mug = Item(id="13", title="Tea mug", description="Mug", category=("Home", "Mugs"), price=Decimal(5))
    assert items == [red, red.model_copy(update=blue), mug]
    assert [(one.line, one.reason) for one in dropped] == [
        (6, "not sold: a grouped product is a list of others"),
        (7, "not sold: it is hidden in WooCommerce's catalogue"),
    ]


def test_json_ld(tmp_path: Path) -> None:
    feed, items, dropped = read(tmp_path / "feed", "".join(json.dumps(line) + "\n" for line in JSON_LD).encode())
    assert (str(feed.source), feed.unused) == ("schema.org JSON-LD, UTF-8", [])
    assert items == [
        Item(
            id="J1",
            title="Rain jacket",
            category=("Clothing", "Jackets"),
            brand="Fell",
            price=Decimal("159.5"),
            currency="EUR",
            attributes={"colour": ("Blue",), "Weight": ("300 g",)},
            image_url="https://shop.example/1.jpg",
            page_url="https://shop.example/1",
            rating=4.4,
            rating_count=12,
        ),
        Item(id="T1", title="Tee - Red / M", brand="Fell", price=Decimal(10), currency="USD", group_id="T",
             attributes={"colour": ("Red",), "size": ("M",)}),
        Item(id="T2", title="Tee blue", brand="Fell", price=Decimal(12), stock=0, group_id="T"),
        Item(id="P1", title="Mug", group_id="G9"),
        Item(id="40", title="Pan", price=Decimal(20), currency="EUR", group_id="G8"),
    ]  # fmt: skip
    raw = '{"@type": "Product", "sku": "T2", "name": "Twice"}'
    assert dropped == [Rejected(2, "the id 'T2' stands in line 2 already", raw)]


def parquet_of(table: pa.Table) -> bytes:
    held = io.BytesIO()
    pq.write_table(table, held)
    return held.getvalue()


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"sku": ["1", "2"], "name": ["Mug", "Tent"], "price": [9.99, float("nan")],
                      "season": ["all", None],
                      "attributes": [{"colour": "red", "person": 1}, {"colour": None, "person": 2}]})  # fmt: skip
    for content in (parquet_of(table), gzip.compress(parquet_of(table))):
        feed, items, dropped = read(tmp_path / "feed", content)
        assert (feed.source.format, dropped, feed.unused) == ("parquet", [], ["season"])
        assert items == [
            Item(id="1", title="Mug", price=Decimal("9.99"), attributes={"colour": ("red",), "person": ("1",)}),
            Item(id="2", title="Tent", attributes={"person": ("2",)}),
        ]


def test_packed_parquet_beyond_the_room_for_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: DiskUsage(10**10, 10**10, 10**9 + 100))
    with pytest.raises(FeedError, match=r"needs more room than the temporary folder .* Unpack it with gunzip"):
        read(tmp_path / "feed", gzip.compress(parquet_of(pa.table({"id": ["1"], "title": ["Mug"]}))))


@pytest.mark.parametrize(
    "content", [RSS, ATOM, TSV, SHOPIFY, WOO, "".join(json.dumps(line) + "\n" for line in JSON_LD)]
)
def test_gzip_of_any_is_the_same(tmp_path: Path, content: str) -> None:
    _, items, dropped = read(tmp_path / "feed", content.encode())
    packed, same_items, same_dropped = read(tmp_path / "feed.gz", gzip.compress(content.encode()))
    assert (same_items, same_dropped) == (items, dropped)
    assert str(packed.source).endswith(", gzip")


def test_a_mapping_reaches_the_columns_of_an_export(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text('brand: {value: Own}\nattributes:\n  tag: {column: Tags, split: ","}\n')
    _, items, _ = read(tmp_path / "feed", SHOPIFY.encode(), str(mapping), "price=Variant Compare At Price")
    assert (items[0].brand, items[0].price, items[0].attributes["tag"]) == ("Own", Decimal("25.00"), ("summer", "sale"))
    assert (items[1].price, items[1].attributes["tag"]) == (None, ("summer", "sale"))


def test_attributes_that_name_themselves(tmp_path: Path) -> None:
    _, items, _ = read(tmp_path / "feed", b'id,title,Attribute: Waist,specs,attributes.cut\n1,Jeans,32,"{""fit"": '
                       b'""slim"", ""pockets"": 5}",straight\n')  # fmt: skip
    assert items[0].attributes == {"fit": ("slim",), "pockets": ("5",), "waist": ("32",), "cut": ("straight",)}
