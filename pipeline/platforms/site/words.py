"""What the pages themselves say, in the site's language. A language that is not here gets English, marked as such."""

# ruff: noqa: RUF001 - French is written with the typographic apostrophe

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`language` is the one the words are in, as BCP 47 writes it."""

    language: str
    skip: str
    site: str
    archive: str
    topics: str
    feed: str
    front_page: str
    by: str
    updated: str
    listen: str
    video: str
    table: str
    credit: str
    original: str
    read_next: str
    newest_first: str
    page: str
    pages: str
    older: str
    newer: str
    nothing: str
    lost: str
    lost_because: str
    lost_so: str
    gone: str
    gone_because: str
    gone_so: str


_ENGLISH: Final = Words(
    language="en",
    skip="Skip to content",
    site="Site",
    archive="Archive",
    topics="Topics",
    feed="Feed",
    front_page="Front page",
    by="By",
    updated="Updated",
    listen="Listen to this article",
    video="Video",
    table="Table, scrolls sideways",
    credit="First published by",
    original="Read the original",
    read_next="Read next",
    newest_first="Every article, newest first.",
    page="page",
    pages="Pages",
    older="Older articles",
    newer="Newer articles",
    nothing="Nothing is published here yet.",
    lost="There is no page here",
    lost_because="The address may be mistyped, or the page has moved.",
    lost_so="Look for it in the archive",
    gone="This article was taken down",
    gone_because="It was published here once and is no longer available.",
    gone_so="See what is on the front page",
)
_GERMAN: Final = Words(
    language="de",
    skip="Zum Inhalt",
    site="Website",
    archive="Archiv",
    topics="Themen",
    feed="Feed",
    front_page="Startseite",
    by="Von",
    updated="Aktualisiert am",
    listen="Diesen Artikel anhören",
    video="Video",
    table="Tabelle, seitlich verschiebbar",
    credit="Zuerst erschienen bei",
    original="Zum Original",
    read_next="Weiterlesen",
    newest_first="Alle Artikel, die neuesten zuerst.",
    page="Seite",
    pages="Seiten",
    older="Ältere Artikel",
    newer="Neuere Artikel",
    nothing="Hier ist noch nichts erschienen.",
    lost="Diese Seite gibt es nicht",
    lost_because="Vielleicht ist die Adresse falsch geschrieben, oder die Seite ist umgezogen.",
    lost_so="Im Archiv suchen",
    gone="Dieser Artikel wurde entfernt",
    gone_because="Er ist hier einmal erschienen und nicht mehr verfügbar.",
    gone_so="Zur Startseite",
)
_FRENCH: Final = Words(
    language="fr",
    skip="Aller au contenu",
    site="Site",
    archive="Archives",
    topics="Thèmes",
    feed="Flux",
    front_page="Accueil",
    by="Par",
    updated="Mis à jour le",
    listen="Écouter cet article",
    video="Vidéo",
    table="Tableau, à faire défiler latéralement",
    credit="Première publication :",
    original="Lire l’original",
    read_next="À lire ensuite",
    newest_first="Tous les articles, du plus récent au plus ancien.",
    page="page",
    pages="Pages",
    older="Articles plus anciens",
    newer="Articles plus récents",
    nothing="Rien n’est encore publié ici.",
    lost="Cette page n’existe pas",
    lost_because="L’adresse est peut-être mal saisie, ou la page a été déplacée.",
    lost_so="Chercher dans les archives",
    gone="Cet article a été retiré",
    gone_because="Il a été publié ici et n’est plus disponible.",
    gone_so="Voir la page d’accueil",
)
_SPANISH: Final = Words(
    language="es",
    skip="Ir al contenido",
    site="Sitio",
    archive="Archivo",
    topics="Temas",
    feed="Canal de noticias",
    front_page="Portada",
    by="Por",
    updated="Actualizado el",
    listen="Escuchar este artículo",
    video="Vídeo",
    table="Tabla, se desplaza hacia los lados",
    credit="Publicado primero por",
    original="Leer el original",
    read_next="Seguir leyendo",
    newest_first="Todos los artículos, del más nuevo al más antiguo.",
    page="página",
    pages="Páginas",
    older="Artículos anteriores",
    newer="Artículos más nuevos",
    nothing="Aquí todavía no se ha publicado nada.",
    lost="Aquí no hay ninguna página",
    lost_because="Puede que la dirección esté mal escrita o que la página haya cambiado de sitio.",
    lost_so="Buscarla en el archivo",
    gone="Este artículo se ha retirado",
    gone_because="Se publicó aquí y ya no está disponible.",
    gone_so="Ver la portada",
)
_BY_LANGUAGE: Final[Mapping[str, Words]] = {words.language: words for words in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH)}


def words_for(language: str) -> Words:
    """The words in a language, whatever its region; English where there are none."""
    return _BY_LANGUAGE.get(_base(language), _ENGLISH)


def day(moment: datetime, language: str) -> str:
    """The date in UTC, as the language or, for one without words here, English writes it."""
    return str(format_date(moment.astimezone(UTC), "long", _spoken(language)))


def month(moment: datetime, language: str) -> str:
    """The month and year in UTC, as the language or, for one without words here, English writes them."""
    return str(format_skeleton("yMMMM", moment.astimezone(UTC), locale=_spoken(language)))


def direction(language: str) -> str:
    """`rtl` for a language that is written from right to left, else `ltr`."""
    return str(_locale(language).text_direction)


def _base(language: str) -> str:
    return language.partition("-")[0].lower()


def _spoken(language: str) -> Locale:
    words = words_for(language)
    return _locale(language if _base(language) == words.language else words.language)


@cache
def _locale(language: str) -> Locale:
    """What is known of the language, without the parts of its tag that mean nothing to us."""
    for tag in (language, _base(language)):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")
