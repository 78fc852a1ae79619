"""Words of several languages and scripts, for the text of generated pictures."""

_TEXTS = {
    "en": (
        "invoice total order house river paper garden window yellow market street number "
        "coffee winter summer ticket bread please tomorrow never always meeting train station "
        "doctor school letter phone photo music dinner early late maybe thanks hello where "
        "when because green report budget release error server folder delete cancel save "
        "update account"
    ),
    "de": (
        "Rechnung Summe Straße Grüße Öffnung Übung Käse Brötchen Termin morgen gestern "
        "Schlüssel Fenster Garten Nummer Betrag Lieferung Kunde bitte danke später vielleicht "
        "Zug Bahnhof Arzt Schule Brief Abend früh spät warum weil Bericht Fehler Ordner "
        "löschen abbrechen"
    ),
    "fr": (
        "facture montant été garçon élève où déjà hôtel forêt numéro adresse merci demain "
        "hier train gare médecin école lettre soirée tôt tard pourquoi parce rapport erreur "
        "dossier supprimer annuler maison rivière papier jardin fenêtre marché rue café hiver "
        "billet"
    ),
    "pl": (
        "faktura suma ulica zażółć gęślą jaźń łódź dziękuję jutro wczoraj klucz okno ogród "
        "numer kwota klient proszę później może pociąg dworzec lekarz szkoła list wieczór "
        "błąd usuń"
    ),
    "vi": (
        "hóa đơn tổng số đường nhà sông giấy vườn cửa sổ vàng chợ cà phê mùa đông vé bánh mì "
        "làm ơn ngày mai không bao giờ luôn cuộc họp tàu ga bác sĩ trường thư điện thoại ảnh "
        "nhạc"
    ),
    "ru": (
        "счёт сумма улица дом река бумага сад окно жёлтый рынок номер кофе зима лето билет "
        "хлеб завтра никогда всегда встреча поезд вокзал врач школа письмо телефон ошибка "
        "папка"
    ),
    "el": (
        "τιμολόγιο σύνολο οδός σπίτι ποτάμι χαρτί κήπος παράθυρο κίτρινο αγορά αριθμός καφές "
        "χειμώνας καλοκαίρι εισιτήριο ψωμί αύριο ποτέ πάντα τρένο σταθμός γιατρός σχολείο"
    ),
    "ar": (
        "فاتورة مجموع شارع بيت نهر ورق حديقة نافذة أصفر سوق رقم قهوة شتاء صيف تذكرة خبز غدا "
        "أبدا دائما قطار محطة طبيب مدرسة رسالة هاتف خطأ مجلد"
    ),
}
# Runs of private code points, which `glyphs` draws as dense square signs.
_SIGNS = tuple(
    "".join(chr(0xE000 + (7919 * word + 104729 * place) % 900) for place in range(1 + word % 4))
    for word in range(1, 60)
)
WORDS: dict[str, tuple[str, ...]] = {
    **{language: tuple(text.split()) for language, text in _TEXTS.items()},
    "signs": _SIGNS,
}
# Languages whose letters only the first three families of fonts have.
NARROW = ("ru", "el", "ar", "vi", "pl")
