"""The names that shops give to their columns, by the field or attribute of an item that they hold.

English, German, French, Spanish, Italian and Dutch; folded as ``retrieval.mapping.folded`` does; of several columns in
one file, the one that stands first here. Only names that mean one thing: what is not here, a merchant maps. Knows
names alone.
"""

FIELDS = {
    "id": "id itemid productid sku asin code articlenumber articleid partnumber uniqid variantsku itemnumber "
    "productnumber productcode itemcode "
    "artikelnummer artikelnr artnr artikelid produktnummer produktid bestellnummer "
    "reference referenceproduit refproduit idproduit codeproduit referencia codigoproducto codigoarticulo idproducto "
    "codiceprodotto codicearticolo idprodotto artikelcode productnummer",
    "title": "title name productname producttitle itemname itemtitle "
    "bezeichnung artikelbezeichnung produktbezeichnung produktname artikelname titel "
    "nom nomproduit nomduproduit titre nombre nombreproducto nombredelproducto titulo "
    "nome nomeprodotto titolo naam productnaam artikelnaam",
    "description": "description productdescription desc details body longdescription about text summary "
    "shortdescription "
    "beschreibung artikelbeschreibung produktbeschreibung langbeschreibung kurzbeschreibung "
    "descriptionlongue descriptioncourte descripcion descripcioncorta descrizione omschrijving beschrijving "
    "productomschrijving",
    "category": "category categories categorypath producttype productcategory googleproductcategory breadcrumbs "
    "department kategorie kategorien produktkategorie warengruppe categorie categoria categorias",
    "brand": "brand productbrand brandname manufacturer vendor maker "
    "marke hersteller marque fabricant marca fabricante produttore merk fabrikant",
    "price": "price currentprice listprice unitprice retailprice sellingprice amount regularprice variantprice "
    "preis verkaufspreis einzelpreis prix prixttc prixdevente precio precioventa preciodeventa prezzo "
    "prezzodivendita prijs verkoopprijs",
    "sale_price": "saleprice specialprice offerprice discountedprice discountprice promoprice reducedprice "
    "angebotspreis aktionspreis sonderpreis prixpromo prixpromotionnel preciooferta preciodeoferta preciorebajado "
    "prezzoscontato prezzoofferta actieprijs aanbiedingsprijs",
    "sale_dates": "salepriceeffectivedate salepricedates saledates",
    "currency": "currency currencycode pricecurrency waehrung devise moneda divisa valuta",
    "image_url": "imageurl image imagelink imagesrc mainimage picture pictureurl thumbnail img images "
    "bild bildurl bildlink produktbild urlimage lienimage imagen urlimagen immagine urlimmagine afbeelding "
    "afbeeldingurl",
    "page_url": "pageurl url link producturl productlink produktlink produkturl lienproduit urlproduit urlproducto "
    "enlace urlprodotto",
    "stock": "stock quantity inventory qty stocklevel stockquantity stockqty quantityavailable qtyavailable "
    "availablequantity availableqty availablestock inventoryquantity inventoryqty inventorylevel quantityonhand "
    "qtyonhand stockonhand onhand unitsinstock quantityinstock stockcount "
    "bestand lagerbestand quantiteenstock quantitestock existencias giacenza voorraad "
    "availability instock",
    "rating": "rating averagerating avgrating ratingvalue stars bewertung valoracion valutazione beoordeling",
    "rating_count": "ratingcount ratingscount reviewcount reviewscount numreviews numratings reviews ratings "
    "anzahlbewertungen bewertungen nombreavis nombredavis",
    "group_id": "groupid itemgroupid itemgroup productgroupid parentid parentsku parentproductid styleid stylecode",
}
# Columns that become attributes without being asked to.
ATTRIBUTES = {
    "colour": "colour color colours colors primarycolor primarycolour colorname colourname basecolour basecolor "
    "farbe farben couleur couleurs colores colore colori kleur kleuren",
    "gender": "gender genders geschlecht sexe genero sesso geslacht",
    "size": "size sizes groesse groessen taille tailles talla tallas taglia taglie maat maten",
    "material": "material materials fabric fabrics materialien matiere matieres materiau materiaux materiale "
    "materiali materiales materiaal materialen",
    "pattern": "pattern patterns",
    "age group": "agegroup altersgruppe",
    "flavour": "flavour flavor flavours flavors geschmack saveur sabor gusto smaak",
    "scent": "scent fragrance scents fragrances duft",
}
